import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { exponential, normal, stream, type Source } from "../../src/workload/streams.ts";
import { chiSquareOfCells, chiSquareOfPairs, correlation, lagCorrelation, mean, variance } from "./statistics.ts";

// Seeds are fixed, so these tests cannot fail by chance. Tolerances are five standard deviations of
// what is measured: an ideal source would exceed one of them once in two million trials.

const N = 40_000;
const take = (source: Source, n = N): number[] => Array.from({ length: n }, source);

test("a stream depends on its seed and key alone", () => {
  fc.assert(
    fc.property(fc.nat(), fc.array(fc.string()), (seed, key) => {
      assert.deepEqual(take(stream(seed, ...key), 5), take(stream(seed, ...key), 5));
    }),
    { seed: 1 },
  );
  const other = stream(1, "b");
  const alone = take(stream(1, "a"), 10);
  const source = stream(1, "a");
  assert.deepEqual(
    Array.from({ length: 10 }, () => {
      other();
      return source();
    }),
    alone,
  );
});

test("the first numbers stay what they are: results are reproducible across versions", () => {
  assert.deepEqual(take(stream(1, "arrivals"), 3), [0.11636806057201665, 0.26800864494746524, 0.7657935728010782]);
});

test("numbers are in [0, 1), with 53 bits", () => {
  const values = take(stream(7, "x"));
  assert.ok(values.every((value) => value >= 0 && value < 1 && Number.isInteger(value * 2 ** 53)));
  // The last bit is a fair coin.
  const odd = values.filter((value) => (value * 2 ** 53) % 2 === 1).length;
  assert.ok(Math.abs(odd - N / 2) < 5 * Math.sqrt(N / 4), `${odd} of ${N}`);
  assert.equal(new Set(values).size, N);
});

test("numbers of one stream are uniform and not correlated", () => {
  for (const seed of [0, 1, 2, 1_000_000, Number.MAX_SAFE_INTEGER]) {
    const values = take(stream(seed, "arrivals"));
    assert.ok(Math.abs(mean(values) - 1 / 2) < 5 * Math.sqrt(1 / 12 / N));
    assert.ok(Math.abs(variance(values) - 1 / 12) < 5 * Math.sqrt(1 / 180 / N));
    assert.ok(Math.abs(chiSquareOfCells(values, 256)) < 5);
    assert.ok(Math.abs(chiSquareOfPairs(values.slice(0, -1), values.slice(1), 16)) < 5);
    for (const lag of [1, 2, 3, 10, 100]) assert.ok(Math.abs(lagCorrelation(values, lag)) < 5 / Math.sqrt(N));
  }
});

test("streams of neighbouring seeds, and of keys alike, are independent", () => {
  const base = take(stream(1, "stage", 1));
  const near = [
    stream(2, "stage", 1),
    stream(0, "stage", 1),
    stream(1, "stage", 2),
    stream(1, "stagf", 1),
    stream(11, "stage", 1),
    stream(1, "stage1"),
    stream(1, "1", "stage"),
  ];
  for (const source of near) {
    const values = take(source);
    assert.ok(Math.abs(correlation(base, values)) < 5 / Math.sqrt(N));
    assert.ok(Math.abs(chiSquareOfPairs(base, values, 16)) < 5);
  }
});

test("the first numbers of consecutive seeds are as random as those of one stream", () => {
  const first = Array.from({ length: N }, (_, seed) => stream(seed, "arrivals")());
  assert.ok(Math.abs(mean(first) - 1 / 2) < 5 * Math.sqrt(1 / 12 / N));
  assert.ok(Math.abs(chiSquareOfCells(first, 256)) < 5);
  assert.ok(Math.abs(chiSquareOfPairs(first.slice(0, -1), first.slice(1), 16)) < 5);
  for (const lag of [1, 2, 16, 256]) assert.ok(Math.abs(lagCorrelation(first, lag)) < 5 / Math.sqrt(N));
});

test("parts of a key do not run into each other", () => {
  assert.notEqual(stream(1, "a", "b")(), stream(1, "ab")());
  assert.notEqual(stream(1, "a", "bc")(), stream(1, "ab", "c")());
  assert.notEqual(stream(11)(), stream(1, "1")());
});

test("exponential draws: mean 1, variance 1, and the tail e^-x", () => {
  const values = take(exponential(stream(3, "e")));
  assert.ok(values.every((value) => value >= 0 && Number.isFinite(value)));
  assert.ok(Math.abs(mean(values) - 1) < 5 / Math.sqrt(N));
  assert.ok(Math.abs(variance(values) - 1) < 5 * Math.sqrt(8 / N));
  assert.ok(
    Math.abs(
      chiSquareOfCells(
        values.map((value) => 1 - Math.exp(-value)),
        100,
      ),
    ) < 5,
  );
});

test("normal draws: mean 0, variance 1, third and fourth moments; neighbours are not correlated", () => {
  const values = take(normal(stream(3, "n")));
  assert.ok(Math.abs(mean(values)) < 5 / Math.sqrt(N));
  assert.ok(Math.abs(variance(values) - 1) < 5 * Math.sqrt(2 / N));
  assert.ok(Math.abs(mean(values.map((z) => z ** 3))) < 5 * Math.sqrt(15 / N));
  assert.ok(Math.abs(mean(values.map((z) => z ** 4)) - 3) < 5 * Math.sqrt(96 / N));
  for (const lag of [1, 2]) {
    assert.ok(Math.abs(lagCorrelation(values, lag)) < 5 / Math.sqrt(N));
    // The polar method makes pairs: their squares must not be correlated either.
    assert.ok(
      Math.abs(
        lagCorrelation(
          values.map((z) => z * z),
          lag,
        ),
      ) <
        5 / Math.sqrt(N),
    );
  }
});
