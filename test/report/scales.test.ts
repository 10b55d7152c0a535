import assert from "node:assert/strict";
import { test } from "node:test";
import { logarithmicTicks, span, timeUnit } from "../../src/report/scales.ts";

test("logarithmic ticks are 1, 2, 5 or, over many decades, powers of ten", () => {
  assert.deepEqual(logarithmicTicks(0.3, 12), [0.5, 1, 2, 5, 10]);
  assert.deepEqual(logarithmicTicks(0.004, 20), [0.01, 0.1, 1, 10]);
});

test("a scale never has equal ends, nor ends so near that noise fills it", () => {
  assert.deepEqual(span([3, 1, 2]), [1, 3]);
  assert.deepEqual(span([10]), [9.9, 10.1]);
  assert.deepEqual(span([0, 0]), [-0.5, 0.5]);
  assert.deepEqual(span([]), [0, 1]);
  const [low, high] = span([0.3, 0.1 + 0.2]);
  assert.ok(Math.abs(high - low - 0.006) < 1e-12 && low < 0.3 && high > 0.3);
});

test("long runs are read in minutes, hours and days", () => {
  const labels = [600, 3600, 86_400, 14 * 86_400].map((duration) => timeUnit(duration).label);
  assert.deepEqual(labels, ["Time (s)", "Time (minutes)", "Time (hours)", "Time (days)"]);
});
