import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { LabelledSeries } from "../../src/core/counters.ts";
import { quantileOfBuckets } from "../../src/core/latency-histogram.ts";

const NOW = 100;

/** Buckets that went from 0 to these counts, cumulative as Prometheus has them. */
function buckets(counts: Readonly<Record<string, number>>, labels: Record<string, string> = {}): LabelledSeries[] {
  return Object.entries(counts).map(([le, value]) => ({
    labels: { ...labels, le },
    samples: [
      { at: NOW - 10, value: 0 },
      { at: NOW - 5, value: 0 },
      { at: NOW, value },
    ],
  }));
}

test("a quantile lies on the line between the bounds of its bucket", () => {
  const of = buckets({ "0.1": 50, "0.2": 90, "0.4": 100, "+Inf": 100 });
  const quantile = (q: number): number | null => {
    const found = quantileOfBuckets(of, q, NOW);
    return found === null ? null : Number(found.toPrecision(12));
  };
  assert.equal(quantile(0.5), 0.1);
  assert.equal(quantile(0.25), 0.05);
  assert.equal(quantile(0.7), 0.15);
  assert.equal(quantile(0.95), 0.3);
  assert.equal(quantile(0.99), 0.38);
});

test("beyond the last finite bound it is that bound; series are added up, in any order", () => {
  assert.equal(quantileOfBuckets(buckets({ "+Inf": 100, "0.5": 10 }), 0.9, NOW), 0.5);
  const both = [
    ...buckets({ "+Inf": 60, "1": 60, "0.5": 0 }, { pod: "a" }),
    ...buckets({ "0.5": 40, "1": 40, "+Inf": 40 }),
  ];
  assert.equal(quantileOfBuckets(both, 0.7, NOW), 0.75);
});

test("what is too little to tell is not told", () => {
  const of = (total: number) => buckets({ "1": total, "+Inf": total });
  assert.equal(quantileOfBuckets(of(99), 0.99, NOW), null);
  assert.ok(quantileOfBuckets(of(101), 0.99, NOW) !== null);
  assert.equal(quantileOfBuckets(of(0), 0.5, NOW), null);
  assert.equal(quantileOfBuckets([], 0.5, NOW), null);
  // Without all of them the total is not known; what is not scraped any more is not now.
  assert.equal(quantileOfBuckets(buckets({ "1": 100 }), 0.5, NOW), null);
  assert.equal(quantileOfBuckets(of(100), 0.5, NOW + 60), null);
  const other = [{ labels: { le: "wide" }, samples: of(5)[0]?.samples ?? [] }, ...of(100)];
  assert.equal(quantileOfBuckets(other, 0.5, NOW), 0.5);
});

test("of any latencies it is in the bucket in which their quantile is", () => {
  const bounds = [0.1, 0.2, 0.5, 1, 2];
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 0.001, max: 1.999, noNaN: true }), { minLength: 20, maxLength: 200 }),
      fc.constantFrom(0.5, 0.9, 0.95),
      (latencies, q) => {
        const counts = [...bounds, Infinity].map((bound) => latencies.filter((one) => one <= bound).length);
        const named = Object.fromEntries(
          counts.map((count, i) => [i < bounds.length ? String(bounds[i]) : "+Inf", count]),
        );
        const found = quantileOfBuckets(buckets(named), q, NOW);
        assert.ok(found !== null);
        const exact = latencies.toSorted((a, b) => a - b)[Math.max(0, Math.ceil(q * latencies.length - 1e-9) - 1)] ?? 0;
        const upper = bounds.find((bound) => exact <= bound) ?? Infinity;
        const lower = bounds.findLast((bound) => bound < exact) ?? 0;
        assert.ok(found >= lower - 1e-9 && found <= upper + 1e-9, `${found} is not in (${lower}, ${upper}]`);
      },
    ),
    { seed: 5 },
  );
});
