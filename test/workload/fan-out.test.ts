import assert from "node:assert/strict";
import { test } from "node:test";
import { fanOut } from "../../src/workload/fan-out.ts";

test("a whole fan-out is always that", () => {
  const three = fanOut(3, 1, "cars");
  assert.deepEqual([three(0, 0), three(7, 2)], [3, 3]);
});

test("else one more with the probability that is left, by key", () => {
  for (const mean of [0.3, 1.8, 2.5]) {
    const draw = fanOut(mean, 5, "cars");
    const counts = Array.from({ length: 40_000 }, (_, request) => draw(request, request % 3));
    assert.ok(counts.every((count) => count === Math.floor(mean) || count === Math.ceil(mean)));
    const average = counts.reduce((a, b) => a + b, 0) / counts.length;
    // Five standard errors of a mean of bits.
    assert.ok(Math.abs(average - mean) < (5 * 0.5) / 200, `${average} is not ${mean}`);
    assert.equal(draw(17, 1), counts.at(17) === undefined ? NaN : fanOut(mean, 5, "cars")(17, 1));
  }
});

test("seed, stage, request and item all count", () => {
  const bits = (seed: number, stage: string, of: (k: number) => [number, number]): string => {
    const draw = fanOut(0.5, seed, stage);
    return Array.from({ length: 64 }, (_, k) => draw(...of(k))).join("");
  };
  const all = [
    bits(1, "cars", (k) => [k, 0]),
    bits(2, "cars", (k) => [k, 0]),
    bits(1, "people", (k) => [k, 0]),
    bits(1, "cars", (k) => [k, 1]),
    bits(1, "cars", (k) => [0, k]),
  ];
  assert.equal(new Set(all).size, all.length);
});
