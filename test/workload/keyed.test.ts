import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { keyedSource, type KeyedSource } from "../../src/workload/keyed.ts";
import { chiSquareOfCells, chiSquareOfPairs, correlation, lagCorrelation, mean, variance } from "./statistics.ts";

// As in streams.test.ts: fixed seeds, tolerances of five standard deviations.

const N = 40_000;

function numbers(source: KeyedSource, a: number, b: number, n: number): number[] {
  source.rekey(a, b);
  return Array.from({ length: n }, source.next);
}

/** The first numbers of the keys (0, b), (1, b), …. */
const firsts = (source: KeyedSource, b = 0, n = N): number[] =>
  Array.from({ length: n }, (_, a) => numbers(source, a, b, 1)[0] ?? NaN);

function assertUniform(values: readonly number[]): void {
  assert.ok(values.every((value) => value >= 0 && value < 1));
  assert.ok(Math.abs(mean(values) - 1 / 2) < 5 * Math.sqrt(1 / 12 / values.length));
  assert.ok(Math.abs(variance(values) - 1 / 12) < 5 * Math.sqrt(1 / 180 / values.length));
  assert.ok(Math.abs(chiSquareOfCells(values, 256)) < 5);
}

test("numbers depend on the key, not on what was drawn before", () => {
  const key = fc.tuple(fc.nat(1_000_000), fc.nat(100), fc.integer({ min: 1, max: 5 }));
  fc.assert(
    fc.property(fc.nat(), fc.array(key, { minLength: 1, maxLength: 10 }), (seed, keys) => {
      const source = keyedSource(seed, "service", "detect");
      const there = keys.map(([a, b, n]) => numbers(source, a, b, n));
      const back = keys.toReversed().map(([a, b, n]) => numbers(source, a, b, n));
      assert.deepEqual(there, back.toReversed());
      for (const [i, [a, b, n]] of keys.entries())
        assert.deepEqual(numbers(keyedSource(seed, "service", "detect"), a, b, n), there[i]);
    }),
    { seed: 1 },
  );
});

test("the first numbers stay what they are: results are reproducible across versions", () => {
  assert.deepEqual(
    numbers(keyedSource(1, "service", "detect"), 5, 2, 3),
    [0.14575487018204009, 0.042731576955909845, 0.9169688175058992],
  );
});

test("numbers of one key are uniform and not correlated", () => {
  for (const [a, b] of [
    [0, 0],
    [1, 0],
    [123_456, 3],
  ] as const) {
    const values = numbers(keyedSource(1, "service"), a, b, N);
    assertUniform(values);
    for (const lag of [1, 2, 3, 10]) assert.ok(Math.abs(lagCorrelation(values, lag)) < 5 / Math.sqrt(N));
    assert.ok(Math.abs(chiSquareOfPairs(values.slice(0, -1), values.slice(1), 16)) < 5);
  }
});

test("the first numbers of consecutive requests are uniform and not correlated", () => {
  for (const seed of [0, 1, 2, 77]) {
    const values = firsts(keyedSource(seed, "service", "detect"));
    assertUniform(values);
    for (const lag of [1, 2, 4, 64, 1024]) assert.ok(Math.abs(lagCorrelation(values, lag)) < 5 / Math.sqrt(N));
    assert.ok(Math.abs(chiSquareOfPairs(values.slice(0, -1), values.slice(1), 16)) < 5);
  }
});

test("neighbouring items, seeds and names are independent", () => {
  const base = firsts(keyedSource(1, "service", "detect"));
  const near = [
    firsts(keyedSource(1, "service", "detect"), 1),
    firsts(keyedSource(1, "service", "detect"), 2),
    firsts(keyedSource(2, "service", "detect")),
    firsts(keyedSource(0, "service", "detect")),
    firsts(keyedSource(1 + 2 ** 32, "service", "detect")),
    firsts(keyedSource(1, "service", "detecu")),
    firsts(keyedSource(1, "servicedetect")),
  ];
  for (const values of near) {
    assert.ok(Math.abs(correlation(base, values)) < 5 / Math.sqrt(N));
    assert.ok(Math.abs(chiSquareOfPairs(base, values, 16)) < 5);
  }
});

test("the first numbers of consecutive items of one request are uniform", () => {
  const source = keyedSource(1, "service");
  assertUniform(Array.from({ length: N }, (_, b) => numbers(source, 9, b, 1)[0] ?? NaN));
});

test("the first numbers of consecutive seeds are uniform", () => {
  const values = Array.from({ length: N }, (_, seed) => numbers(keyedSource(seed, "service"), 0, 0, 1)[0] ?? NaN);
  assertUniform(values);
  assert.ok(Math.abs(lagCorrelation(values, 1)) < 5 / Math.sqrt(N));
});

test("first and second numbers of a key are independent over keys", () => {
  const source = keyedSource(3, "service");
  const pairs = Array.from({ length: N }, (_, a) => numbers(source, a, 0, 2));
  const [first, second] = [pairs.map(([x = NaN]) => x), pairs.map(([, x = NaN]) => x)];
  assert.ok(Math.abs(correlation(first, second)) < 5 / Math.sqrt(N));
  assert.ok(Math.abs(chiSquareOfPairs(first, second, 16)) < 5);
});
