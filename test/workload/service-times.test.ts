import assert from "node:assert/strict";
import { test } from "node:test";
import { serviceSigma } from "../../src/core/profile.ts";
import type { Variant } from "../../src/core/pipeline.ts";
import { serviceFactor, startUpSigma, startUpTime } from "../../src/workload/service-times.ts";
import { correlation, lagCorrelation, mean, quantile, variance } from "./statistics.ts";

// Fixed seeds; tolerances of five standard deviations of what is measured.

const N = 40_000;

test("lognormal: mean 1, and the 99th percentile is that of the profile", () => {
  for (const ratio of [1.05, 1.5, 3]) {
    const sigma = serviceSigma({ mean: 0.2, p99: 0.2 * ratio });
    const factor = serviceFactor("lognormal", 1, "detect");
    const values = Array.from({ length: N }, (_, request) => factor(request, 0, sigma));
    assert.ok(Math.abs(mean(values) - 1) < 5 * Math.sqrt((Math.exp(sigma * sigma) - 1) / N));
    // A quantile's standard deviation: sqrt(p(1-p)/N) / density; the density at the quantile is φ(z)/(σ·q).
    const deviation = (Math.sqrt((0.01 * 0.99) / N) * sigma * ratio) / 0.02665;
    assert.ok(Math.abs(quantile(values, 0.99) - ratio) < 5 * deviation, `${quantile(values, 0.99)} for ${ratio}`);
    const logs = values.map((value) => Math.log(value));
    assert.ok(Math.abs(mean(logs) + (sigma * sigma) / 2) < (5 * sigma) / Math.sqrt(N));
    assert.ok(Math.abs(variance(logs) - sigma * sigma) < 5 * sigma * sigma * Math.sqrt(2 / N));
    for (const lag of [1, 2]) assert.ok(Math.abs(lagCorrelation(logs, lag)) < 5 / Math.sqrt(N));
  }
});

test("exponential: mean 1, variance 1, whatever sigma is", () => {
  const factor = serviceFactor("exponential", 1, "detect");
  const values = Array.from({ length: N }, (_, request) => factor(request, 0, 0));
  assert.ok(Math.abs(mean(values) - 1) < 5 / Math.sqrt(N));
  assert.ok(Math.abs(variance(values) - 1) < 5 * Math.sqrt(8 / N));
  assert.equal(factor(3, 0, 0), factor(3, 0, 2));
});

test("deterministic, and a lognormal time without spread, are 1", () => {
  assert.equal(serviceFactor("deterministic", 1, "detect")(5, 0, 0.4), 1);
  assert.equal(serviceFactor("lognormal", 1, "detect")(5, 0, 0), 1);
});

test("a factor depends on seed, stage, request and item alone: the normal's twin never reaches another key", () => {
  for (const law of ["lognormal", "exponential"] as const) {
    const inOrder = serviceFactor(law, 4, "detect");
    const expected = Array.from({ length: 100 }, (_, request) => inOrder(request, 0, 0.3));
    const backwards = serviceFactor(law, 4, "detect");
    for (let request = 99; request >= 0; request--) assert.equal(backwards(request, 0, 0.3), expected[request]);
    // A fresh source for each, and one asked the same twice, and one that skipped draws without spread.
    const again = serviceFactor(law, 4, "detect");
    for (const [request, value] of expected.entries()) {
      assert.equal(serviceFactor(law, 4, "detect")(request, 0, 0.3), value);
      assert.equal(again(request, 0, 0.3), value);
      again(7, 1, 0);
      assert.equal(again(request, 0, 0.3), value);
    }
  }
});

test("the same request has other noise in another stage, item or seed, but scales with sigma", () => {
  const logs = (seed: number, stage: string, item: number, sigma: number): number[] => {
    const factor = serviceFactor("lognormal", seed, stage);
    return Array.from({ length: N }, (_, request) => (Math.log(factor(request, item, sigma)) + sigma ** 2 / 2) / sigma);
  };
  const base = logs(1, "detect", 0, 0.3);
  for (const other of [logs(1, "read", 0, 0.3), logs(1, "detect", 1, 0.3), logs(2, "detect", 0, 0.3)])
    assert.ok(Math.abs(correlation(base, other)) < 5 / Math.sqrt(N));
  assert.ok(correlation(base, logs(1, "detect", 0, 0.1)) > 0.999999);
});

test("start-up: constant without a p90, else lognormal with this mean and 90th percentile", () => {
  const variant: Variant = {
    name: "a",
    accuracy: 1,
    coresPerReplica: 1,
    startUp: { mean: 5 },
    profile: [{ batch: 1, mean: 1, p99: 1 }],
  };
  const constant = startUpTime(1, "detect");
  assert.deepEqual([constant(0, variant), constant(1, variant)], [5, 5]);
  assert.equal(startUpSigma({ mean: 5, p90: 4 }), 0);

  const startUp = { mean: 5, p90: 8 };
  const sigma = startUpSigma(startUp);
  const time = startUpTime(1, "detect");
  const values = Array.from({ length: N }, (_, ordinal) => time(ordinal, { ...variant, startUp }));
  assert.ok(Math.abs(mean(values) - 5) < 5 * 5 * Math.sqrt((Math.exp(sigma * sigma) - 1) / N));
  const deviation = (Math.sqrt((0.1 * 0.9) / N) * sigma * 8) / 0.1755;
  assert.ok(Math.abs(quantile(values, 0.9) - 8) < 5 * deviation);
  // The greatest ratio that files may have has a sigma, too.
  assert.ok(Number.isFinite(startUpSigma({ mean: 1, p90: 2.2 })));
});
