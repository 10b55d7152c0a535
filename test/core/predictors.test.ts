import assert from "node:assert/strict";
import { test } from "node:test";
import type { LoadSeries } from "../../src/core/cluster.ts";
import { windowed } from "../../src/core/loop.ts";
import { predictorKinds } from "../../src/core/predictors/kinds.ts";

const series = (...rates: readonly (number | null)[]): LoadSeries => ({ end: rates.length, step: 1, rates });
const { reactive, max, average, oracle } = predictorKinds;

test("reactive, max and average of what was measured", () => {
  const seen = series(4, 9, 2);
  assert.equal(reactive.make()(seen, 20), 2);
  assert.equal(max.make()(seen, 20), 9);
  assert.equal(average.make()(seen, 20), 5);
});

test("no data is never zero: without the newest value, or with too few, nothing is predicted", () => {
  for (const kind of [reactive, max, average]) {
    assert.equal(kind.make()(series(), 20), null);
    assert.equal(kind.make()(series(5, 5, null), 20), null);
    assert.equal(kind.make()(series(null, null, 5), 20), null);
    assert.equal(kind.make()(series(null, 5, 5), 20), 5);
    assert.equal(kind.make()(series(null, 5), 20), 5);
    assert.equal(kind.make()(series(0, 0), 20), 0);
  }
});

test("the oracle asks for the horizon from the end of what was seen, and exists only with a future", () => {
  assert.equal(oracle.make((from, to) => 100 * from + to)(series(1, 1), 20), 222);
  assert.throws(() => oracle.make(undefined), /choose another predictor/);
});

test("windows are counted back from the end; one with a missing value is missing", () => {
  assert.deepEqual(windowed(series(1, 2, 4, 6, 8), 2).rates, [3, 7]);
  assert.deepEqual(windowed(series(1, 3, null, 5), 2).rates, [2, null]);
  assert.deepEqual(windowed(series(3), 5).rates, [3]);
  assert.deepEqual(windowed({ end: 20, step: 10, rates: [7, 8] }, 5).rates, [null, null]);
});
