import assert from "node:assert/strict";
import { test } from "node:test";
import { percentile } from "../../src/core/percentile.ts";

test("the ⌈pN⌉-th smallest, also where p·N is a whole number but for rounding", () => {
  const values = Float64Array.from({ length: 100 }, (_, i) => i + 1);
  // 0.07 · 100 is 7.000000000000001.
  assert.equal(percentile(values, 0.07), 7);
  assert.equal(percentile(values, 0.0701), 8);
  assert.equal(percentile(values, 0), 1);
  assert.equal(percentile(values, 1), 100);
  assert.equal(percentile(new Float64Array(0), 0.5), null);
});
