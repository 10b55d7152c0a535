import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { arrivalsOf } from "../../src/workload/arrivals.ts";
import { GrowingArray } from "../../src/workload/growing-array.ts";
import { exponential, stream } from "../../src/workload/streams.ts";
import { perSecond, type Trace } from "../../src/workload/trace.ts";
import { chiSquareOfCells, lagCorrelation, mean, variance } from "./statistics.ts";

const rates = (...values: readonly number[]): Trace => ({ kind: "rates", name: "t", rates: Float64Array.from(values) });
const laws = ["poisson", "uniform", "paper-clustered"] as const;
const counts = (arrivals: Float64Array, seconds: number): number[] => {
  const found = [...perSecond({ kind: "arrivals", name: "t", arrivals })];
  return Array.from({ length: seconds }, (_, second) => found[second] ?? 0);
};

test("under every law: ascending, from 0 to before the end, the same for the same seed", () => {
  const rate = fc.oneof(fc.constant(0), fc.nat(20), fc.double({ min: 0, max: 20, noNaN: true }));
  fc.assert(
    fc.property(fc.array(rate, { minLength: 1, maxLength: 20 }), fc.nat(), (values, seed) => {
      for (const law of laws) {
        const arrivals = arrivalsOf(rates(...values), law, seed);
        assert.ok(arrivals.every((at, i) => at >= (arrivals[i - 1] ?? 0) && at < values.length));
        assert.deepEqual(arrivals, arrivalsOf(rates(...values), law, seed));
        // Nothing arrives in a second without load, unless a late one of the clustered law is due.
        if (law !== "paper-clustered") assert.ok(arrivals.every((at) => (values[Math.floor(at)] ?? 0) > 0));
      }
    }),
    { seed: 1 },
  );
});

test("a log is replayed as it is, whatever law and seed", () => {
  const log: Trace = { kind: "arrivals", name: "log", arrivals: Float64Array.of(0.5, 0.5, 7) };
  for (const law of laws) assert.equal(arrivalsOf(log, law, 3), log.arrivals);
});

test("uniform: the integral of the rate reaches k − ½ at the k-th arrival", () => {
  // Λ is 2t up to 1, then 2, then 2 + (t − 2), then 3 + ½(t − 3): 3.5 is reached at 4, which is the end.
  assert.deepEqual(arrivalsOf(rates(2, 0, 1, 0.5), "uniform", 1), Float64Array.of(0.25, 0.75, 2.5));
  assert.deepEqual(arrivalsOf(rates(2, 0, 1, 1), "uniform", 1), Float64Array.of(0.25, 0.75, 2.5, 3.5));
  // A request that takes several seconds to come due.
  assert.deepEqual(arrivalsOf(rates(0.25, 0.25, 0.25, 0.25), "uniform", 1), Float64Array.of(2));
  assert.deepEqual(arrivalsOf(rates(0, 0), "uniform", 1), new Float64Array(0));
});

test("uniform: whole rates give exactly that many in each second", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(40), { minLength: 1, maxLength: 30 }), (values) => {
      assert.deepEqual(counts(arrivalsOf(rates(...values), "uniform", 1), values.length), values);
    }),
    { seed: 1 },
  );
});

test("poisson: the integral of the rate between arrivals is the stream's exponentials", () => {
  const unit = exponential(stream(5, "arrivals"));
  const arrivals = arrivalsOf(rates(4, 0, 8, 2), "poisson", 5);
  let due = 0;
  for (const at of arrivals) {
    due += unit();
    const passed = [0, 4, 4, 12][Math.floor(at)] ?? NaN;
    assert.ok(Math.abs(passed + (at % 1) * ([4, 0, 8, 2][Math.floor(at)] ?? NaN) - due) < 1e-9);
  }
  assert.ok(due + unit() >= 14, "an arrival before the end is missing");
});

test("poisson: counts per second have the rate as mean and variance, and are not correlated", () => {
  for (const rate of [0.3, 3, 25]) {
    const seconds = 20_000;
    const arrivals = arrivalsOf(
      { kind: "rates", name: "t", rates: new Float64Array(seconds).fill(rate) },
      "poisson",
      1,
    );
    const found = counts(arrivals, seconds);
    assert.ok(Math.abs(mean(found) - rate) < 5 * Math.sqrt(rate / seconds));
    // The variance of a Poisson sample variance: (rate + 2 rate²) / n.
    assert.ok(Math.abs(variance(found) - rate) < 5 * Math.sqrt((rate + 2 * rate * rate) / seconds));
    assert.ok(Math.abs(lagCorrelation(found, 1)) < 5 / Math.sqrt(seconds));
    assert.ok(
      Math.abs(
        chiSquareOfCells(
          [...arrivals].map((at) => at % 1),
          20,
        ),
      ) < 5,
    );
  }
});

test("poisson: other seeds give other arrivals", () => {
  const seeds = Array.from({ length: 50 }, (_, seed) => arrivalsOf(rates(5, 5), "poisson", seed).join());
  assert.equal(new Set(seeds).size, 50);
});

test("clustered: each second's requests come at exponential offsets of mean 1/c from its start", () => {
  const unit = exponential(stream(9, "arrivals"));
  // Offsets that pass the end are cut; a fraction of a request is none.
  const expected = [0, 0, 0, 2, 2].map((second) => second + unit() / (second === 0 ? 3 : 2)).filter((at) => at < 3);
  assert.deepEqual(
    arrivalsOf(rates(3.9, 0.9, 2), "paper-clustered", 9),
    Float64Array.from(expected.sort((a, b) => a - b)),
  );
});

test("clustered: the share of a second's requests that come within it is 1 − e^−c", () => {
  const seconds = 20_000;
  for (const count of [1, 3]) {
    // Every twentieth second has load, so that no request is taken for one of another second.
    const trace = new Float64Array(20 * seconds).map((_, second) => (second % 20 === 0 ? count : 0));
    const arrivals = arrivalsOf({ kind: "rates", name: "t", rates: trace }, "paper-clustered", 2);
    const offsets = [...arrivals].map((at) => at % 20);
    const n = offsets.length;
    const share = offsets.filter((offset) => offset < 1).length / n;
    const p = 1 - Math.exp(-count);
    assert.ok(Math.abs(share - p) < 5 * Math.sqrt((p * (1 - p)) / n));
    assert.ok(Math.abs(mean(offsets) - 1 / count) < 5 / count / Math.sqrt(n));
  }
});

test("clustered: what would come after the end is cut", () => {
  const cut = Array.from({ length: 2000 }, (_, seed) => 4 - arrivalsOf(rates(4), "paper-clustered", seed).length);
  // The mean number cut of c = 4 is 4·e⁻⁴.
  const due = 4 * Math.exp(-4);
  assert.ok(Math.abs(mean(cut) - due) < 5 * Math.sqrt(due / 2000));
});

test("a growing array keeps what was pushed, whatever room it began with", () => {
  fc.assert(
    fc.property(fc.array(fc.double({ noNaN: true }), { maxLength: 100 }), fc.nat(64), (values, capacity) => {
      const array = new GrowingArray(capacity);
      for (const value of values) array.push(value);
      assert.deepEqual(array.view(), Float64Array.from(values));
    }),
    { seed: 1 },
  );
});
