import assert from "node:assert/strict";
import { test } from "node:test";
import { nextDue } from "../../src/controller/schedule.ts";

test("a turn that begins a moment early is not due again at once", () => {
  const due = nextDue("shop/video", 10, 1_000_000);
  for (const early of [0, 0.0005, 0.001]) assert.equal(nextDue("shop/video", 10, due - early), due + 10);
  assert.equal(nextDue("shop/video", 10, due + 9.9), due + 10);
});

test("pipelines are spread evenly over the interval", () => {
  const counts = Array.from({ length: 10 }, () => 0);
  for (let p = 0; p < 200; p++) {
    const second = Math.floor(nextDue(`shop/pipeline-${p}`, 10, 1_000_000) - 1_000_000) % 10;
    counts[second] = (counts[second] ?? 0) + 1;
  }
  assert.ok(Math.min(...counts) >= 8 && Math.max(...counts) <= 32, counts.join(" "));
});
