import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { normalQuantile } from "../../src/core/normal.ts";
import { choicesOf } from "../../src/core/options.ts";
import { serviceSigma } from "../../src/core/profile.ts";
import { composeLatency, type Queue } from "../../src/core/queueing/latency.ts";
import { paper } from "../../src/core/queueing/paper.ts";
import { erlangC, tail } from "../../src/core/queueing/tail.ts";
import { visitsOf } from "../../src/core/visits.ts";
import { pipelineOf, variant } from "../fixtures.ts";

const queue = (given: Partial<Queue>): Queue => ({
  rate: 5,
  batch: 1,
  replicas: 1,
  capacity: 10,
  service: 0.1,
  sigma: 0,
  quantile: 0.99,
  fanOut: 1,
  items: 1,
  paths: 1,
  ...given,
});

test("quantiles of the normal distribution, against tables and against its integral", () => {
  const known = { 0.5: 0, 0.975: 1.959963984540054, 0.99: 2.3263478740408408, 0.999: 3.090232306167813 };
  for (const [p, z] of Object.entries(known)) assert.ok(Math.abs(normalQuantile(Number(p)) - z) < 1e-13, p);
  assert.ok(Math.abs(normalQuantile(1e-12) + 7.034483825301131) < 1e-11);
  fc.assert(
    fc.property(fc.double({ min: 0.001, max: 0.999, noNaN: true }), (p) => {
      // Φ(z) by Simpson's rule from 0.
      const z = normalQuantile(p);
      const steps = 400;
      const density = (x: number): number => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);
      let sum = density(0) + density(z);
      for (let i = 1; i < steps; i++) sum += (i % 2 === 1 ? 4 : 2) * density((z * i) / steps);
      return Math.abs(0.5 + (sum * z) / steps / 3 - p) < 1e-9;
    }),
    { numRuns: 300, seed: 1 },
  );
  assert.throws(() => normalQuantile(1), RangeError);
});

test("paper: service and worst-case forming, whatever the replicas", () => {
  const { mean } = paper.terms(queue({ batch: 4, replicas: 9 }));
  assert.ok(Math.abs(mean - (0.1 + 3 / 5)) < 1e-15);
});

test("Erlang's C of one server is its utilisation, of two the closed form", () => {
  assert.ok(Math.abs(erlangC(1, 0.3) - 0.3) < 1e-15);
  // 2ρ²/(1 + ρ).
  assert.ok(Math.abs(erlangC(2, 1.2) - (2 * 0.36) / 1.6) < 1e-15);
});

test("Erlang's C is the same to the last bit whatever was asked before", () => {
  const alone = new Map<number, number>();
  for (let servers = 40; servers > 31; servers--) alone.set(servers, erlangC(servers, 30.5));
  for (let servers = 32; servers <= 40; servers++) assert.equal(erlangC(servers, 30.5), alone.get(servers));
  assert.equal(erlangC(40, 30.5), alone.get(40));
  erlangC(33, 20);
  assert.equal(erlangC(36, 30.5), alone.get(36));
});

test("tail, one server and batches of one: the mean is Pollaczek and Khinchine's", () => {
  for (const [rate, sigma] of [
    [3, 0],
    [7, 0.3],
    [9.5, 0.8],
  ] as const) {
    const squares = Math.exp(sigma * sigma) * 0.01;
    const exact = (rate * squares) / (2 * (1 - rate * 0.1)) + 0.1;
    const { mean, forming } = tail.terms(queue({ rate, sigma }));
    assert.ok(Math.abs(mean - exact) < 1e-12 * exact);
    assert.equal(forming, 0);
  }
});

test("tail, an idle stage: the lognormal quantile of its service, and the forming of its batch", () => {
  const sigma = serviceSigma({ mean: 0.1, p99: 0.13 });
  const one = tail.terms(queue({ rate: 1e-9, sigma }));
  assert.ok(Math.abs(composeLatency(one) - 0.13) < 1e-9);
  const formed = tail.terms(queue({ rate: 2, batch: 3, replicas: 50, capacity: 30 }));
  assert.ok(Math.abs(composeLatency(formed) - (0.1 + 2 / 2)) < 1e-9);
});

test("tail: more load, less capacity and a higher quantile only lengthen it; a full stage has no latency", () => {
  fc.assert(
    fc.property(
      fc.record({
        utilisation: fc.double({ min: 0.05, max: 0.9, noNaN: true }),
        replicas: fc.integer({ min: 1, max: 40 }),
        sigma: fc.double({ min: 0, max: 0.5, noNaN: true }),
      }),
      ({ utilisation, replicas, sigma }) => {
        const at = (u: number, quantile: number): number =>
          composeLatency(tail.terms(queue({ rate: u * replicas * 10, replicas, sigma, quantile })));
        const base = at(utilisation, 0.9);
        return base >= 0.1 && at(utilisation * 1.05, 0.9) >= base && at(utilisation, 0.99) >= base;
      },
    ),
    { numRuns: 300, seed: 1 },
  );
  assert.equal(composeLatency(tail.terms(queue({ rate: 10 }))), Infinity);
});

test("tail offers replicas until one more gains less than a millisecond; pinned ones alone; none that are full", () => {
  const stage = [variant("a", { 1: 0.1 })];
  const offered = (rate: number, most = 100, replicas?: number): readonly number[] => {
    const pipeline = pipelineOf([stage], { limits: { replicas: most, batch: 64 } });
    const [one] = visitsOf(pipeline.stages);
    assert.ok(one);
    const pins = replicas === undefined ? undefined : { replicas };
    return choicesOf(pipeline, one, pins, tail, rate).map((choice) => choice.replicas);
  };
  const latency = (replicas: number): number => composeLatency(tail.terms(queue({ rate: 20, replicas })));
  // Two replicas would be full at 20 rps.
  const counts = offered(20);
  assert.equal(counts[0], 3);
  assert.deepEqual(
    counts,
    Array.from(counts, (_, i) => 3 + i),
  );
  const last = counts.at(-1) ?? 0;
  assert.ok(latency(last - 1) - latency(last) >= 1e-3 && latency(last) - latency(last + 1) < 1e-3);
  assert.deepEqual(offered(20, 4), [3, 4]);
  assert.deepEqual(offered(20, 100, 50), [50]);
  assert.deepEqual(offered(20, 100, 2), []);
});

test("tail, items that come together: k of a request wait k times as long as one, and a round for those before them", () => {
  for (const [fanOut, items, dispersion] of [
    [3, 3, 3],
    [1, 3, 3],
    // 2 or 3 of each request, as often: E[N²]/E[N] = 6.5/2.5.
    [2.5, 2.5, 2.6],
    // One request in four sends one, and each becomes two.
    [2, 0.5, 2],
    // One item or none: as requests come, at random.
    [0.3, 0.3, 1],
  ] as const) {
    const terms = (given: Partial<Queue>): number => tail.terms(queue({ replicas: 1, rate: 8, ...given })).mean - 0.1;
    const rounds = (Math.ceil(fanOut) - 1) * 0.1;
    assert.ok(Math.abs(terms({ fanOut, items }) - rounds - dispersion * terms({})) < 1e-12, String(fanOut));
  }
});

test("tail: the fewer requests come by, the more of their items may be late", () => {
  const excess = (items: number): number =>
    tail.terms(queue({ rate: 8, sigma: 0.2, fanOut: items, items })).excessSquared;
  assert.ok(excess(0.1) < excess(0.5) && excess(0.5) < excess(1));
  // Less than one request in a hundred: whatever happens there, 99 % are on time.
  assert.equal(excess(0.009), 0);
  assert.equal(tail.terms(queue({ rate: 8, fanOut: 0.009, items: 0.009 })).excessSquared, 0);
});
