import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Planner } from "../../src/core/decide.ts";
import { tick } from "../../src/core/loop.ts";
import type { StartUp } from "../../src/core/pipeline.ts";
import { policyOf } from "../../src/core/policies.ts";
import { maximum } from "../../src/core/predictors/simple.ts";
import { tail } from "../../src/core/queueing/tail.ts";
import type { Run } from "../../src/core/run-log.ts";
import { exhaustive } from "../../src/solver/exhaustive.ts";
import { scenarioOf } from "../../src/study/replay.ts";
import { drawsOf } from "../../src/workload/draws.ts";
import { pipelineOf, plan, variant } from "../fixtures.ts";
import { both } from "../sim/both.ts";

// Of small a replica carries 10 rps, of large 5. At 4 rps one of large is to take over from one of small; from 15 s on the load rises to 32 rps.
const rates = Float64Array.from({ length: 180 }, (_, second) => Math.min(32, Math.max(4, 4 * (second - 14))));

function runWith(small: StartUp, large: StartUp, cores?: number): Run {
  const pipeline = pipelineOf(
    [
      [
        variant("small", { 1: 0.1 }, { accuracy: 0.5, startUp: small }),
        variant("large", { 1: 0.2 }, { accuracy: 0.9, startUp: large }),
      ],
    ],
    {
      objective: { kind: "weighted", accuracy: "pas", alpha: 100, beta: 1, delta: 0 },
      adaptation: { ...pipelineOf([]).adaptation, loadWindow: 5 },
      limits: { replicas: 100, batch: 1, ...(cores === undefined ? {} : { cores }) },
    },
  );
  const planner: Planner = {
    pipeline,
    policy: policyOf(pipeline, "ipa"),
    predictor: maximum,
    queueing: tail,
    solver: exhaustive,
  };
  const trace = { kind: "rates", name: "rising", rates } as const;
  const scenario = scenarioOf(planner, trace, 1, {
    startPlan: plan(["small", 1]),
    keepRequests: true,
    keepVisits: true,
    arrivals: "uniform",
    service: "deterministic",
  });
  return both(scenario, drawsOf(scenario, pipeline.stages), (seen) => tick(planner, seen));
}

/** Of all requests those answered within the SLA. */
function onTime({ requests: { served, late, offered } }: Run): number {
  return (served - late) / offered;
}

/** "30 s: large 7, 4 serve": the plan from an instant on, and how many serve at the end of the interval. */
function told({ intervals }: Run): readonly string[] {
  return intervals.map(
    ({ from, plan: [stage], ready }) => `${from} s: ${stage?.variant} ${stage?.replicas}, ${ready[0]} serve`,
  );
}

describe("a load that rises while a variant is switched, in the simulator and in the reference", () => {
  test("what serves grows where that is sooner", () => {
    const run = runWith({ mean: 5 }, { mean: 60 });
    assert.deepEqual(told(run).slice(0, 9), [
      "0 s: small 1, 1 serve",
      "10 s: large 2, 1 serve",
      "20 s: large 3, 2 serve",
      "30 s: large 7, 4 serve",
      "40 s: large 7, 4 serve",
      "50 s: large 7, 4 serve",
      "60 s: large 7, 4 serve",
      "70 s: large 7, 4 serve",
      // Those of 10 s could have taken over at 70 s, but not carried it.
      "80 s: large 7, 7 serve",
    ]);
    assert.equal(run.switches, 1);
    // Small alone as it was: 45 %.
    assert.ok(onTime(run) > 0.85, `${onTime(run)}`);
  });

  test("what is ready as soon takes over once it carries as much", () => {
    const run = runWith({ mean: 30 }, { mean: 30 });
    assert.deepEqual(told(run).slice(2, 6), [
      "20 s: large 3, 1 serve",
      // Two of large do as much as one of small.
      "30 s: large 7, 2 serve",
      "40 s: large 7, 3 serve",
      "50 s: large 7, 7 serve",
    ]);
    // Two, one and four of large; of small not one.
    assert.deepEqual([run.switches, run.replicasStarted], [1, 7]);
  });

  test("a switch that leaves no cores for it is given up", () => {
    const run = runWith({ mean: 5 }, { mean: 60 }, 6);
    assert.deepEqual(told(run).slice(1, 4), [
      "10 s: large 2, 1 serve",
      "20 s: large 3, 2 serve",
      "30 s: small 4, 4 serve",
    ]);
    assert.equal(run.switches, 0);
    // With it: 2 %.
    assert.ok(onTime(run) > 0.85, `${onTime(run)}`);
  });
});
