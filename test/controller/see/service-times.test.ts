import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { LoopState } from "../../../src/core/cluster.ts";
import { controlDefaults, type Control, type ServiceTimeMetric } from "../../../src/core/control.ts";
import type { LabelledSeries } from "../../../src/core/counters.ts";
import type { InForce } from "../../../src/core/service-time.ts";
import { measure } from "../../../src/controller/see/measure.ts";
import { observedStatus } from "../../../src/controller/tell/observed.ts";
import { Unreachable, type QuerySamples } from "../../../src/controller/see/prometheus.ts";
import { serviceTimes } from "../../../src/controller/see/service-times.ts";
import { pipelineOf, plan, variant } from "../../fixtures.ts";

const NOW = 1000;
const pipeline = pipelineOf([[variant("a", { 1: 0.1, 4: 0.3 }), variant("b", { 1: 0.2 })], [variant("c", { 1: 0.1 })]]);
const metric: ServiceTimeMetric = { sum: "sum", count: "count", requests: null, variantLabel: null };

function controlOf(serviceTime: ServiceTimeMetric | null, rest: Partial<Control> = {}): Control {
  const { mode, onDelete, dataPlane } = controlDefaults;
  const stages = pipeline.stages.map(({ name }, s) => ({
    stage: name,
    dataPlane,
    service: null,
    serviceTime: s === 0 ? serviceTime : null,
    targets: [null, null],
  }));
  return { mode, onDelete, load: null, latency: null, fallback: null, stages, ...rest };
}

const counter = (rate: number): LabelledSeries => ({
  labels: {},
  samples: Array.from({ length: 25 }, (_, i) => ({ at: NOW - 120 + 5 * i, value: rate * (5 * i) })),
});
const counters = { seconds: [counter(1.5)], batches: [counter(10)], requests: null };
const runs = (running = plan(["a", 2], ["c", 1]), state: LoopState | null = null) => ({
  running,
  routed: [null, null] as readonly (string | null)[],
  state,
});
const long: readonly InForce[] = [
  { stage: "s0", variant: "a", batch: 1, since: 0 },
  { stage: "s1", variant: "c", batch: 1, since: 0 },
];
const look = (of: ReturnType<typeof runs>, before = long, now = NOW) =>
  serviceTimes(pipeline, controlOf(metric), [counters, null], of, before, now);

describe("service times of what runs", () => {
  test("are those of the variant in force, beside its profile", () => {
    const { served, errors, unmeasured, inForce } = look(runs());
    assert.deepEqual(served, [{ stage: "s0", variant: "a", batch: 1, batches: 1200, seconds: 180 }]);
    assert.deepEqual(
      errors.map(({ stage, error }) => [stage, Number(error.toPrecision(9))]),
      [["s0", 0.5]],
    );
    assert.deepEqual([unmeasured, inForce], [[], long]);
  });

  test("count from when that, or its batch, came into force; a switch is not over before its end", () => {
    const since = (of: ReturnType<typeof runs>): number | undefined => look(of).inForce[0]?.since;
    assert.equal(since(runs()), 0);
    assert.equal(since(runs(plan(["b", 2], ["c", 1]))), NOW);
    assert.equal(since(runs(plan(["a", 2, 4], ["c", 1]))), NOW);
    const [from] = plan(["b", 1, 4]);
    assert.ok(from !== undefined);
    for (const phase of ["Preparing", "Ready", "Routed", "Draining"] as const) {
      const state: LoopState = { rollouts: { s0: { switching: { from, phase, since: 0 }, setbacks: [] } } };
      assert.equal(since(runs(undefined, state)), NOW, phase);
    }
    assert.equal(look(runs(), []).inForce[0]?.since, NOW);
    assert.deepEqual(look(runs(), []).served[0]?.batches, 0);
    // The Service says who serves: while b is left, with its batch.
    const state = { rollouts: { s0: { switching: { from, phase: "Preparing" as const, since: 0 }, setbacks: [] } } };
    const { inForce } = look({ ...runs(undefined, state), routed: ["b", null] });
    assert.deepEqual(inForce[0], { stage: "s0", variant: "b", batch: 4, since: NOW });
  });

  test("that are to be measured and are not, are told", () => {
    const stale = look(runs(), long, NOW + 100);
    assert.deepEqual([stale.unmeasured, stale.served, stale.errors], [[{ stage: "s0", problem: "Stale" }], [], []]);
    const unreachable = { problem: "Unreachable", message: "gone" } as const;
    const found = serviceTimes(pipeline, controlOf(metric), [unreachable, null], runs(), long, NOW);
    assert.deepEqual(found.unmeasured, [{ stage: "s0", problem: "Unreachable" }]);
  });
});

describe("a round of queries", () => {
  const signal = new AbortController().signal;
  const asking = async (control: Control, answer: QuerySamples = () => Promise.resolve([])) => {
    const asked: string[] = [];
    const query: QuerySamples = (selector, ...rest) => {
      asked.push(selector);
      return answer(selector, ...rest);
    };
    return { found: await measure(query, pipeline, control, NOW, 60, signal), asked: asked.toSorted() };
  };

  test("asks for what the pipeline names, once each, and for nothing else", async () => {
    assert.deepEqual((await asking(controlOf(null))).asked, []);
    const all = controlOf(
      { ...metric, requests: "requests" },
      { load: { selector: "load" }, latency: { buckets: "le" } },
    );
    assert.deepEqual((await asking(all)).asked, ["count", "le", "load", "requests", "sum"]);
    assert.deepEqual((await asking(controlOf(metric))).asked, ["count", "sum"]);
  });

  test("where one fails the others still count", async () => {
    const answer: QuerySamples = (selector) =>
      selector === "count" ? Promise.reject(new Unreachable("gone")) : Promise.resolve([counter(3)]);
    const { found } = await asking(
      controlOf(metric, { load: { selector: "load" }, latency: { buckets: "le" } }),
      answer,
    );
    // Scraped every 5 s, and not every second; but there.
    assert.ok("problem" in found.load && found.load.problem === "ResolutionTooCoarse");
    assert.deepEqual([found.service, found.latency], [[{ problem: "Unreachable", message: "gone" }, null], null]);
    const none = await measure(null, pipeline, controlOf(metric, { latency: { buckets: "le" } }), NOW, 60, signal);
    assert.deepEqual([none.service[1], none.latency], [null, null]);
  });
});

describe("what is told of it", () => {
  const of = (latency: number | null, ...errors: readonly number[]) => ({
    latency,
    errors: errors.map((error) => ({ stage: "s0", variant: "a", error })),
    inForce: long,
  });
  const told = observedStatus(of(0.2, 0.5), undefined);

  test("stays as long as what is measured is near, so that nothing is written for noise", () => {
    assert.deepEqual(told, {
      latencySeconds: "0.2",
      profileErrors: [{ stage: "s0", variant: "a", ratio: "0.5" }],
    });
    assert.deepEqual(observedStatus(of(0.21, 0.54), told), told);
    assert.deepEqual(observedStatus(of(0.3, 0.56), told), {
      latencySeconds: "0.3",
      profileErrors: [{ stage: "s0", variant: "a", ratio: "0.56" }],
    });
  });

  test("is as before where too little is measured, and goes with what ran", () => {
    assert.deepEqual(observedStatus(undefined, told), told);
    assert.deepEqual(observedStatus(of(null), told), told);
    assert.deepEqual(observedStatus({ ...of(null), inForce: [] }, told), { latencySeconds: "0.2" });
    assert.equal(observedStatus(of(null), undefined), undefined);
  });
});
