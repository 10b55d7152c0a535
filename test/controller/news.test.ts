import assert from "node:assert/strict";
import { test } from "node:test";
import { hasDrifted, saysAnother } from "../../src/controller/news.ts";
import type { PipelineStatus } from "../../src/formats/status-schema.ts";

function status(observedRps: string, message = ""): PipelineStatus {
  const condition = { type: "Ready", status: "True", reason: "Ready", observedGeneration: 1 } as const;
  return {
    load: { observedRps, at: "2026-01-01T00:00:00Z" },
    conditions: [{ ...condition, message, lastTransitionTime: "2026-01-01T00:00:00Z" }],
  };
}

test("a load that is measured a little otherwise each time has not drifted, wherever a rounding would lie", () => {
  for (const [was, is] of [
    ["7.95", "8.05"],
    ["9.95", "10.05"],
    ["0.0995", "0.1005"],
    ["0", "0"],
  ] as const) {
    assert.equal(hasDrifted(status(is), status(was)), false, `${was} → ${is}`);
    assert.equal(hasDrifted(status(was), status(is)), false, `${is} → ${was}`);
  }
});

test("another load, a first one, and other words have", () => {
  assert.ok(hasDrifted(status("8.5"), status("8")));
  assert.ok(hasDrifted(status("0.1"), status("0")));
  assert.ok(hasDrifted(status("8"), {}));
  assert.ok(hasDrifted(status("8", "all is well"), status("8")));
});

test("numbers and words alone are nothing that must be told at once", () => {
  assert.equal(saysAnother(status("16", "all is well"), status("8")), false);
  assert.ok(
    saysAnother({ ...status("8"), plan: { decisionId: "0", feasible: false, stages: [] } as never }, status("8")),
  );
});
