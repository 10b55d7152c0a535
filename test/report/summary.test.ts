import assert from "node:assert/strict";
import { test } from "node:test";
import { summarise } from "../../src/report/summary.ts";
import { context, emptyRun, fakeRun } from "./fake-runs.ts";

test("one run, by hand: 6 of 10 requests on time in 100 s", () => {
  const summary = summarise([fakeRun()], context);
  assert.equal(summary.sla_attainment, 0.6);
  assert.equal(summary.goodput_rps, 0.06);
  assert.deepEqual(summary.requests, { offered: 10, served: 8, dropped: 1, in_flight: 1, late: 2 });
  // ⌈0.5·8⌉ = 4th, ⌈0.95·8⌉ = ⌈0.99·8⌉ = 8th smallest; 5.6 / 8 on average.
  const { mean, ...percentiles } = summary.latency_s;
  assert.ok(Math.abs((mean ?? NaN) - 0.7) < 1e-12);
  assert.deepEqual(percentiles, { p50: 0.4, p95: 2, p99: 2, max: 2 });
  assert.equal(summary.cost_cores, 10);
  assert.equal(summary.wall_s, 0.5);
  assert.deepEqual(
    Object.values(summary.ci95).filter((half) => half !== null),
    [],
  );
});

test("each number comes from its own field", () => {
  const base = fakeRun();
  const [stage] = base.stages;
  assert.ok(stage);
  // A second seed that differs in every field by another amount tells the half-widths apart.
  const other = fakeRun({
    accuracy: 0.81,
    accuracyOnTime: 0.5,
    costCores: 13,
    plannedCores: 14,
    objectiveAccuracy: 0.9,
    objective: 11,
  });
  const { ci95 } = summarise([base, other], { ...context, seeds: [1, 2] });
  const half = (difference: number): number => (12.7062047364 * Math.abs(difference)) / 2;
  const near = (value: number | null, difference: number): void =>
    assert.ok(Math.abs((value ?? NaN) - half(difference)) < 1e-8, `${value} ${difference}`);
  near(ci95.accuracy, 0.01);
  near(ci95.accuracy_on_time, 0.02);
  near(ci95.cost_cores, 3);
  near(ci95.planned_cores, 5);
  near(ci95.objective_accuracy, 0.09);
  near(ci95.objective, 7);
  const tally = {
    stage: "one",
    costCores: 1,
    batches: 2,
    items: 3,
    dropped: 4,
    switches: 5,
    replicasStarted: 6,
    meanWait: 7,
    meanSojourn: 8,
  };
  assert.deepEqual(summarise([fakeRun({ stages: [tally] })], context).stages, [
    {
      stage: "one",
      cost_cores: 1,
      batches: 2,
      items: 3,
      dropped: 4,
      switches: 5,
      replicas_started: 6,
      mean_wait_s: 7,
      mean_sojourn_s: 8,
    },
  ]);
});

test("the warm-up shortens the time over which goodput is counted", () => {
  assert.equal(summarise([fakeRun()], { ...context, warmup: 40 }).goodput_rps, 0.1);
});

test("percentiles of 1 … 100 are the ⌈pN⌉-th smallest", () => {
  const latencies = Float64Array.from({ length: 100 }, (_, i) => i + 1);
  assert.deepEqual(summarise([fakeRun({ latencies })], context).latency_s, {
    mean: 50.5,
    p50: 50,
    p95: 95,
    p99: 99,
    max: 100,
  });
});

test("several seeds: means, also of counts and stages, and half-widths", () => {
  const requests = { offered: 20, served: 20, dropped: 0, inFlight: 0, late: 0 };
  const second = fakeRun({ costCores: 14, blocked: 3, requests });
  const summary = summarise([fakeRun(), second], { ...context, seeds: [7, 8] });
  assert.deepEqual(summary.seeds, [7, 8]);
  assert.equal(summary.cost_cores, 12);
  assert.equal(summary.requests.offered, 15);
  assert.equal(summary.blocked, 1.5);
  assert.equal(summary.sla_attainment, 0.8);
  // s = 2√2, so s/√2 = 2; t(1) = 12.706.
  assert.ok(Math.abs((summary.ci95.cost_cores ?? NaN) - 2 * 12.7062047364) < 1e-8);
  assert.equal(summary.ci95.accuracy, 0);
  assert.equal(summary.stages[1]?.stage, "classify");
  assert.equal(summary.stages[1]?.mean_wait_s, 0.1);
});

test("a seed that served nothing stays out of the mean latency, not out of the attainment", () => {
  const nothing = fakeRun({
    requests: { offered: 10, served: 0, dropped: 10, inFlight: 0, late: 0 },
    latencies: new Float64Array(0),
    accuracy: null,
  });
  const summary = summarise([fakeRun(), nothing], { ...context, seeds: [1, 2] });
  assert.equal(summary.latency_s.p50, 0.4);
  assert.equal(summary.accuracy, 0.8);
  assert.equal(summary.sla_attainment, 0.3);
  assert.equal(summary.ci95.accuracy, null);
});

test("no number is ever NaN or infinite", () => {
  for (const runs of [[emptyRun()], [emptyRun(), emptyRun()], [emptyRun(), fakeRun()]]) {
    const summary = summarise(runs, { ...context, seeds: runs.map((_, seed) => seed) });
    const numbers: number[] = [];
    JSON.stringify(summary, (_key, value: unknown) => {
      if (typeof value === "number") numbers.push(value);
      return value;
    });
    assert.ok(numbers.length > 10);
    assert.ok(numbers.every(Number.isFinite));
  }
  assert.equal(summarise([emptyRun()], context).sla_attainment, null);
  assert.equal(summarise([emptyRun()], context).cost_cores, null);
});

test("runs and seeds must match", () => {
  assert.throws(() => summarise([], { ...context, seeds: [] }), RangeError);
  assert.throws(() => summarise([fakeRun()], { ...context, seeds: [1, 2] }), RangeError);
});
