import assert from "node:assert/strict";
import { test } from "node:test";
import { halfWidth95, meanOf, pairedInterval, studentQuantile975 } from "../../src/report/confidence.ts";

// The usual printed table of t at 0.975, to its five digits or more.
const table: readonly (readonly [number, number])[] = [
  [1, 12.7062047364],
  [2, 4.30265272991],
  [3, 3.18244630528],
  [4, 2.7764451052],
  [5, 2.57058183661],
  [9, 2.26215716274],
  [10, 2.22813885196],
  [29, 2.0452296421],
  [30, 2.0422724563],
  [100, 1.98397151845],
];

test("Student's 0.975 quantile equals the printed table, odd and even", () => {
  for (const [degrees, quantile] of table) {
    assert.ok(Math.abs(studentQuantile975(degrees) - quantile) < 1e-9, `${degrees}: ${studentQuantile975(degrees)}`);
  }
});

test("Student's quantile tends to the normal one and refuses what is no degree of freedom", () => {
  assert.ok(Math.abs(studentQuantile975(100_000) - 1.9599639845) < 3e-5);
  for (const wrong of [0, -1, 1.5, NaN]) assert.throws(() => studentQuantile975(wrong), RangeError);
});

test("the half-width of 1, 2, 3 is t(2)·1/√3", () => {
  assert.ok(Math.abs((halfWidth95([1, 2, 3]) ?? NaN) - 4.30265272991 / Math.sqrt(3)) < 1e-9);
  assert.equal(halfWidth95([5]), null);
  assert.equal(halfWidth95([5, null]), null);
  assert.equal(halfWidth95([4, 4, 4]), 0);
});

test("a mean leaves out what does not exist", () => {
  assert.equal(meanOf([1, null, 3, NaN]), 2);
  assert.equal(meanOf([null]), null);
});

test("paired differences: 1, 2, 3 give 2 ± t(2)/√3, however far apart the pairs are", () => {
  const { mean, low, high } = pairedInterval([101, 202, 303], [100, 200, 300]);
  const half = 4.30265272991 / Math.sqrt(3);
  assert.equal(mean, 2);
  assert.ok(Math.abs((low ?? NaN) - (2 - half)) < 1e-9);
  assert.ok(Math.abs((high ?? NaN) - (2 + half)) < 1e-9);
});

test("one pair has a difference but no interval; unequal numbers are refused", () => {
  assert.deepEqual(pairedInterval([3], [1]), { mean: 2, low: null, high: null });
  assert.throws(() => pairedInterval([1, 2], [1]), RangeError);
});
