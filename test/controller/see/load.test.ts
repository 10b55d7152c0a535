import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { firstDownFrom, loadToPlanFor } from "../../../src/controller/see/load.ts";
import type { LoopState } from "../../../src/core/cluster.ts";
import type { Control } from "../../../src/core/control.ts";
import { tick } from "../../../src/core/loop.ts";
import { defaults } from "../../../src/core/pipeline.ts";
import type { Plan } from "../../../src/core/plan.ts";
import { assemble } from "../../../src/study/setup.ts";
import { pipelineOf, plan, variant } from "../../fixtures.ts";

const pipeline = pipelineOf([], { adaptation: defaults.adaptation });
const { stabilization } = defaults.adaptation.movement;

test("at first nothing goes down before the load has been known for the stabilisation, without a break", () => {
  const fromWhen = (rates: readonly (number | null)[], before: number | null, now: number): number | null =>
    firstDownFrom(pipeline, { end: now, step: 10, rates }, before, now);
  assert.equal(fromWhen([null], null, 1000), null);
  const from = fromWhen([null, 5, 5], null, 1000);
  assert.equal(from, 1000 + stabilization - 20);
  assert.equal(fromWhen([5, 5, 5], from, 1100), from);
  // Unknown again before that: it begins anew.
  assert.equal(fromWhen([5, 5, null], from, 1100), null);
  // Once it is over it is.
  assert.equal(fromWhen([null], from, 1000 + stabilization), from);
  assert.equal(
    fromWhen(
      Array.from({ length: 100 }, () => 5),
      null,
      1000,
    ),
    1000,
  );
});

const controlOf = (after: number, load: number): Control => {
  return { mode: "Act", onDelete: "Keep", load: null, latency: null, fallback: { after, load }, stages: [] };
};
const absent = { problem: "Absent", message: "" } as const;

test("nor does an assumed load count as one that was known before it was assumed", () => {
  const load = loadToPlanFor(pipeline, controlOf(60, 5), absent, 1000, 940);
  assert.ok(load.assumed);
  assert.equal(firstDownFrom(pipeline, load, null, 1000), 1000 + stabilization);
  assert.equal(firstDownFrom(pipeline, load, 1200, 1010), 1200);
});

test("what is assumed for want of a load lets nothing go down before the stabilisation is over, whatever the times are", async () => {
  const [least, step] = [10, 5];
  const seconds = (min: number, max: number) => fc.integer({ min, max }).map((tens) => least * tens);
  const times = fc.record({
    stabilization: seconds(1, 40),
    // One that is missed is no gap.
    after: seconds(3, 40),
    history: seconds(6, 60),
    loadWindow: fc.constantFrom(5, 10, 60),
  });
  await fc.assert(
    fc.asyncProperty(times, async ({ stabilization, after, history, loadWindow }) => {
      const movement = { ...defaults.adaptation.movement, stabilization };
      const adaptation = { ...defaults.adaptation, predictor: "max" as const, history, loadWindow, movement };
      const of = pipelineOf([[variant("a", { 1: 0.1 })]], { limits: { replicas: 20, batch: 1 }, adaptation });
      const planner = await assemble({
        pipeline: of,
        policy: "ipa",
        predictor: "max",
        queueing: "tail",
        engine: "auto",
      });
      const measured = (now: number) => ({
        load: { end: now, step, rates: Array.from({ length: history / step }, () => 50) },
      });
      const lost = 500;
      const falls = lost + after + stabilization;
      let [running, state]: [Plan, LoopState | null] = [plan(["a", 8]), null];
      let before = NaN;
      for (let now = lost - 50; now <= falls + 10; now += 10) {
        const isKnown = now < lost;
        const [found, since] = isKnown ? [measured(now), null] : [absent, lost];
        const load = loadToPlanFor(of, controlOf(after, 5), found, now, since);
        ({ plan: running, state } = tick(planner, { now, load, running, replicas: [], stages: [], state }));
        const replicas = running[0]?.replicas ?? NaN;
        if (isKnown) before = replicas;
        else if (now < falls) assert.equal(replicas, before, `${replicas} of ${before} at ${now}, not before ${falls}`);
      }
      assert.ok((running[0]?.replicas ?? NaN) < before, "it is planned for in the end");
    }),
    { numRuns: 40 },
  );
});
