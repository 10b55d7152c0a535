import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { assess } from "../../src/core/assess.ts";
import type { Observation, Planning } from "../../src/core/cluster.ts";
import type { Planner } from "../../src/core/decide.ts";
import { tick } from "../../src/core/loop.ts";
import { unrestrained, type Adaptation, type Pipeline } from "../../src/core/pipeline.ts";
import { planCores, samePlan, type Plan } from "../../src/core/plan.ts";
import { policyOf } from "../../src/core/policies.ts";
import { reactive } from "../../src/core/predictors/simple.ts";
import { paper } from "../../src/core/queueing/paper.ts";
import { exhaustive } from "../../src/solver/exhaustive.ts";
import { pipelineOf, plan, variant } from "../fixtures.ts";

// A replica of small carries 10 rps with a core, at an accuracy of 0.5; one of large 5 rps with a core, at 0.9.
const small = variant("small", { 1: 0.1 }, { accuracy: 0.5 });
const large = variant("large", { 1: 0.2 }, { accuracy: 0.9 });

function plannerOf(
  rest: Partial<Pipeline> = {},
  adaptation: Partial<Adaptation> = {},
  variants = [small, large],
): Planner {
  const base = pipelineOf([variants]);
  const pipeline: Pipeline = { ...base, adaptation: { ...base.adaptation, ...adaptation }, ...rest };
  return { pipeline, policy: policyOf(pipeline, "ipa"), predictor: reactive, queueing: paper, solver: exhaustive };
}

/** What is seen where the last plan was made for one load, and now there is another. */
function seen(former: number | null, load: number, running: Plan, rest: Partial<Planning> = {}): Observation {
  const planning = former === null ? undefined : { load: former, asked: [], switchedAt: {}, ...rest };
  return {
    now: 100,
    load: { end: 100, step: 1, rates: [load] },
    running,
    replicas: [],
    stages: [],
    state: planning === undefined ? null : { planning },
  };
}

/** "small 2 first": the plan and why. */
function said(planner: Planner, observation: Observation): string {
  const {
    plan: [stage],
    reason,
  } = tick(planner, observation);
  return `${stage?.variant} ${stage?.replicas} ${reason}`;
}

/** No accuracy is worth a core: small it is. */
const thrifty = { objective: { kind: "weighted", accuracy: "pas", alpha: 1, beta: 1, delta: 0 } } as const;

describe("the load is the reason only where it moved", () => {
  test("it rose above what runs, or fell", () => {
    assert.equal(said(plannerOf(thrifty), seen(20, 30, plan(["small", 2]))), "small 3 load-rose");
    assert.equal(said(plannerOf(thrifty), seen(30, 20, plan(["small", 3]))), "small 2 load-fell");
    assert.equal(said(plannerOf(thrifty), seen(20, 20, plan(["small", 2]))), "small 2 unchanged");
    assert.equal(said(plannerOf(thrifty), seen(15, 20, plan(["small", 2]))), "small 2 unchanged");
  });

  test("it fell below what fills batches in time", () => {
    const slow = [variant("a", { 1: 0.5, 4: 0.8 })];
    const planner = plannerOf({ ...thrifty, sla: { seconds: 1.5, quantile: 0.99 } }, {}, slow);
    // At 5 rps a batch of 4 forms in 0.6 s: 1.4 s; at 1 rps in 3 s, and only single requests keep the SLA.
    const batches = plan(["a", 1, 4, 0.6]);
    assert.equal(said(planner, seen(5, 5, batches)), "a 1 unchanged");
    assert.equal(said(planner, seen(5, 1, batches)), "a 1 load-fell");
    assert.equal(said(planner, seen(1, 1, batches)), "a 1 drifted");
  });

  test("replicas were changed by others", () => {
    assert.equal(said(plannerOf(thrifty), seen(30, 30, plan(["small", 1]))), "small 3 drifted");
    assert.equal(said(plannerOf(thrifty), seen(30, 30, plan(["small", 5]))), "small 3 better-plan");
    // That it rose as well does not make it the reason: what runs was too little before.
    assert.equal(said(plannerOf(thrifty), seen(30, 31, plan(["small", 1]))), "small 4 drifted");
    assert.equal(said(plannerOf(thrifty), seen(30, 29, plan(["small", 1]))), "small 3 drifted");
  });

  test("the pipeline was changed", () => {
    const running = plan(["small", 2]);
    const margins = { load: 0.5, serviceTime: 0, throughput: 0 };
    assert.equal(said(plannerOf({ ...thrifty, margins }), seen(20, 20, running)), "small 3 drifted");
    const objective = { kind: "minCost", accuracy: "pas", accuracyFloor: 0.8 } as const;
    assert.equal(said(plannerOf({ objective }), seen(20, 20, running)), "large 4 drifted");
    const limits = { replicas: 100, batch: 64, cores: 3 };
    assert.equal(said(plannerOf({ ...thrifty, limits }), seen(20, 20, plan(["small", 4]))), "small 2 drifted");
    assert.equal(said(plannerOf(thrifty), seen(20, 20, plan(["large", 4]))), "small 2 better-plan");
    const alpha = { objective: { ...thrifty.objective, alpha: 100 } };
    assert.equal(said(plannerOf(alpha), seen(20, 20, running)), "large 4 better-plan");
  });

  test("what may run was changed", () => {
    const restrictions = [{ stage: "s0", variants: ["large"] }];
    const observed = { ...seen(20, 20, plan(["small", 2])), restrictions };
    assert.equal(said(plannerOf(thrifty), observed), "large 4 drifted");
    const fixed = [{ stage: "s0", replicas: { small: { fewest: 5, most: 5 } } }];
    assert.equal(said(plannerOf(thrifty, {}, [small]), { ...observed, restrictions: fixed }), "small 5 drifted");
  });

  test("it fell, and more cores buy more than before", () => {
    // With 6 cores 30 rps leave small alone; 20 let large.
    const most = {
      objective: { kind: "maxAccuracy", accuracy: "pas" },
      limits: { replicas: 9, batch: 1, cores: 6 },
    } as const;
    assert.equal(said(plannerOf(most), seen(50, 20, plan(["small", 2]))), "large 4 better-plan");
  });

  test("a plan is reached by steps: each is limited, and the last one better", () => {
    const movement = { ...unrestrained, scaleUp: { replicas: 2, share: 0 } };
    const planner = plannerOf(thrifty, { movement }, [small]);
    const reasons: string[] = [];
    let observed = seen(10, 50, plan(["small", 1]));
    for (let turn = 0; turn < 4; turn++) {
      const decision = tick(planner, observed);
      reasons.push(`${decision.plan[0]?.replicas} ${decision.reason}`);
      observed = structuredClone({ ...observed, running: decision.plan, state: decision.state });
    }
    assert.deepEqual(reasons, ["3 limited", "5 better-plan", "5 unchanged", "5 unchanged"]);
    assert.equal(observed.state?.planning?.nearest, undefined);
  });

  test("no plan is remembered: what is made is the first one, whatever runs", () => {
    for (const replicas of [1, 2, 5]) {
      assert.equal(said(plannerOf(thrifty), seen(null, 30, plan(["small", replicas]))), "small 3 first");
    }
    assert.equal(said(plannerOf(thrifty), seen(null, 30, plan(["small", 3]))), "small 3 unchanged");
    assert.equal(said(plannerOf(thrifty), seen(30, 30, [])), "small 3 first");
  });

  test("whatever ran and was planned for: the reason is as it says, and the plan does not depend on it", () => {
    const counts: Record<string, number> = {};
    const of = plannerOf({ limits: { replicas: 9, batch: 1, cores: 9 } });
    fc.assert(
      fc.property(
        fc.constantFrom("small", "large"),
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 1, max: 60 }),
        fc.boolean(),
        (name, replicas, former, load, nearest) => {
          const running = plan([name, replicas]);
          const observed = seen(former, load, running, nearest ? { nearest } : {});
          const decided = tick(of, observed);
          const { reason } = decided;
          counts[reason] = (counts[reason] ?? 0) + 1;
          assert.deepEqual(decided.plan, tick(of, seen(null, load, running)).plan);
          const breaks = (at: number): boolean => assess(of, at, running).violations.length > 0;
          const changed = !samePlan(running, decided.plan);
          assert.equal(
            reason === "unchanged" || reason === "best-effort" || reason === "first",
            reason === "best-effort" || !changed,
          );
          if (reason === "load-rose") assert.ok(load > former && breaks(load) && !breaks(former));
          if (reason === "load-fell")
            assert.ok(load < former && planCores(of.pipeline, decided.plan) < planCores(of.pipeline, running));
          if (reason === "drifted") assert.ok(breaks(load) && breaks(former) && !nearest);
          if (reason === "better-plan") assert.ok(!breaks(load) || (nearest && breaks(former)));
        },
      ),
      { numRuns: 2000, seed: 20261128 },
    );
    for (const reason of ["load-rose", "load-fell", "drifted", "better-plan", "unchanged", "best-effort"]) {
      assert.ok((counts[reason] ?? 0) > 20, `${reason} in ${JSON.stringify(counts)}`);
    }
  });
});
