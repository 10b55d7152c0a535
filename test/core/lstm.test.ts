import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import type { LoadSeries } from "../../src/core/cluster.ts";
import { windowed } from "../../src/core/loop.ts";
import { lstm, lstmOutput, type LstmWeights } from "../../src/core/predictors/lstm.ts";
import { loadLstm } from "../../src/formats/files.ts";

interface Golden {
  readonly seed: number;
  readonly inputs: readonly (readonly number[])[];
  readonly outputs: readonly number[];
}

/** What the trainer, experiments/train/lstm.py, said to these inputs. */
const golden = JSON.parse(readFileSync(new URL("../golden/lstm.json", import.meta.url), "utf8")) as Golden;
const weights = await loadLstm(golden.seed);
const predict = lstm({ lstm: weights });
const series = (step: number, rates: readonly (number | null)[]): LoadSeries => ({ end: 0, step, rates });

/** Two minutes, second by second, whose chunks of 10 s have these maxima, each at another place. */
function twoMinutes(maxima: readonly number[]): readonly number[] {
  return maxima.flatMap((greatest, i) => Array.from({ length: 10 }, (_, s) => (s === (3 * i) % 10 ? greatest : 0)));
}

describe("the LSTM", () => {
  test("says what its trainer said, also far above the loads it was trained on", () => {
    assert.ok(golden.inputs.length >= 20);
    for (const [i, inputs] of golden.inputs.entries()) {
      const expected = golden.outputs[i] ?? NaN;
      const found = lstmOutput(weights, inputs);
      assert.ok(Math.abs(found - expected) <= 1e-5 * expected, `input ${i}: ${found}, not ${expected}`);
    }
  });

  test("sees the maxima of the last twelve chunks of 10 s, counted from the series' start", () => {
    const inputs = golden.inputs[3] ?? [];
    const expected = lstmOutput(weights, inputs);
    assert.equal(predict(series(1, twoMinutes(inputs)), 20), expected);
    assert.equal(predict(series(1, [...twoMinutes([99]), ...twoMinutes(inputs)]), 20), expected);
    assert.equal(predict(series(10, inputs), 20), expected);
    const fives = series(
      5,
      inputs.flatMap((rate) => [rate, 0]),
    );
    assert.equal(predict(fives, 20), expected);
    // The last chunk is cut short: the same maximum, in fewer seconds.
    assert.equal(predict(series(1, twoMinutes(inputs).slice(0, 114)), 20), expected);
  });

  test("until there are twelve chunks, or where one has no value: the greatest load seen", () => {
    assert.equal(predict(series(1, twoMinutes([3, 9, 4])), 20), 9);
    assert.equal(predict(series(1, twoMinutes([8, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1])), 20), 8);
    assert.equal(predict(series(10, [null, 8, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]), 20), 8);
    assert.equal(predict(series(10, [8, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, null]), 20), null);
    assert.equal(predict(series(1, []), 20), null);
  });

  test("never predicts less than nothing, nor what is no number", () => {
    const constant = (bias: number): LstmWeights => ({
      cells: weights.cells.map((cell) => ({ ...cell, weight: 0 })),
      bias,
    });
    const seen = series(
      10,
      Array.from({ length: 12 }, () => 5),
    );
    assert.equal(lstm({ lstm: constant(-3) })(seen, 20), 0);
    assert.equal(lstm({ lstm: constant(Infinity) })(seen, 20), 5);
    assert.equal(lstm({ lstm: constant(NaN) })(seen, 20), 5);
    const idle = predict(
      series(
        10,
        Array.from({ length: 12 }, () => 0),
      ),
      20,
    );
    assert.ok(idle !== null && idle >= 0 && idle < 3);
  });

  test("asks for weights, and for windows that fill a chunk", () => {
    assert.throws(() => lstm({}), /needs its weights/);
    assert.throws(() => predict(windowed(series(1, twoMinutes(golden.inputs[0] ?? [])), 3), 20), /divides 10 s/);
    assert.throws(() => predict(series(20, [1, 2]), 20), /divides 10 s/);
  });

  test("all five seeds are there", async () => {
    for (const seed of [1, 2, 3, 4, 5]) assert.equal((await loadLstm(seed)).cells.length, 25);
    assert.deepEqual(await loadLstm(), await loadLstm(4));
  });
});
