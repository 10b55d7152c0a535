import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { assess } from "../../src/core/assess.ts";
import type { LoopState, Observation } from "../../src/core/cluster.ts";
import type { Decision, Planner } from "../../src/core/decide.ts";
import { ladderOf, timeToServe } from "../../src/core/rules/ladder.ts";
import { plannedLoad } from "../../src/core/load.ts";
import { tick } from "../../src/core/loop.ts";
import type { Pipeline, Variant } from "../../src/core/pipeline.ts";
import { planCores, type Plan } from "../../src/core/plan.ts";
import { policyOf } from "../../src/core/policies.ts";
import { reactive } from "../../src/core/predictors/simple.ts";
import { paper } from "../../src/core/queueing/paper.ts";
import { tail } from "../../src/core/queueing/tail.ts";
import { exact } from "../../src/solver/exact.ts";
import { pipelineOf, plan, variant } from "../fixtures.ts";

// One core each: "small" serves 10 rps with accuracy 0.5, "medium" 5 rps with 0.7, "large" 2.5 rps with 0.9. The SLA is 2 s.
const small = variant("small", { 1: 0.1 }, { accuracy: 0.5 });
const medium = variant("medium", { 1: 0.2 }, { accuracy: 0.7 });
const large = variant("large", { 1: 0.4 }, { accuracy: 0.9 });

function plannerOf(stages: readonly (readonly Variant[])[], rest: Partial<Pipeline> = {}, queueing = paper): Planner {
  const pipeline = pipelineOf(stages, rest);
  return { pipeline, policy: policyOf(pipeline, "switcher"), predictor: reactive, queueing, solver: exact };
}

const chosen = (of: Plan) => of.map(({ variant: name, replicas }) => `${name}/${replicas}`).join(" ");
const close = (value: number | undefined, expected: number, within: number) =>
  assert.ok(value !== undefined && Math.abs(value - expected) <= within, `${value}, expected ${expected}`);

describe("the ladder", () => {
  test("has the most accurate plans that so many cores carry, for growing loads", () => {
    const planner = plannerOf([[large, small, medium]]);
    const ladder = ladderOf(planner, 4);
    assert.deepEqual(
      ladder.map((rung) => chosen(rung.plan)),
      ["large/4", "medium/4", "small/4"],
    );
    // A fiftieth is the search's step.
    [10, 20, 40].forEach((load, k) => close(ladder[k]?.load, load, 0.02 * load));
    [10, 20, 40].forEach((capacity, k) => close(ladder[k]?.capacity[0], capacity, 1e-9));
    // 2 s less the service.
    [1.6, 1.8, 1.9].forEach((slack, k) => close(ladder[k]?.slack, slack, 1e-9));
  });

  test("keeps an accuracy floor, the pins of the file and the limits; where nothing fits there is none", () => {
    const rungs = (rest: Partial<Pipeline>, cores = 4) =>
      ladderOf(plannerOf([[large, small, medium]], rest), cores).map((rung) => chosen(rung.plan));
    const objective = { kind: "weighted", accuracy: "pas", alpha: 1, beta: 1, delta: 0, accuracyFloor: 0.6 } as const;
    assert.deepEqual(rungs({ objective }), ["large/4", "medium/4"]);
    assert.deepEqual(rungs({ policies: { switcher: { s0: { variants: ["large", "small"] } } } }), [
      "large/4",
      "small/4",
    ]);
    assert.deepEqual(rungs({ limits: { replicas: 3, batch: 1 } }), ["large/3", "medium/3", "small/3"]);
    assert.deepEqual(rungs({ sla: { seconds: 0.05, quantile: 0.99 } }), []);
    assert.deepEqual(rungs({}, 0.5), []);
  });

  test("a queue is as long as the slowest path takes to serve what waits", () => {
    const planner = plannerOf([[small], [large]]);
    const rung = ladderOf(planner, 5)[0];
    assert.ok(rung !== undefined);
    // One small replica serves 10 per second, four large ones as many together.
    assert.equal(chosen(rung.plan), "small/1 large/4");
    close(timeToServe(planner, rung, [15, 5]), 2, 1e-9);
  });

  test("more cores bear a deeper queue", () => {
    const planner = plannerOf([[large, small, medium]], {}, tail);
    const deepest = (cores: number) =>
      ladderOf(planner, cores).map(({ accuracy, slack, capacity }) => [accuracy, slack * (capacity[0] ?? 0)] as const);
    const [few, many] = [deepest(4), deepest(8)];
    assert.deepEqual(
      few.map(([accuracy]) => accuracy),
      [0.9, 0.7, 0.5],
    );
    few.forEach(([, items], k) => assert.ok(items < (many[k]?.[1] ?? 0)));
    few.slice(1).forEach(([, items], k) => assert.ok(items > (few[k]?.[1] ?? Infinity)));
  });

  test("of any pipeline: accuracy falls, load rises, and each plan keeps what it promises", () => {
    const anyVariant = (name: string) =>
      fc
        .record({
          time: fc.double({ min: 0.02, max: 0.6, noNaN: true }),
          accuracy: fc.double({ min: 0.1, max: 1, noNaN: true }),
          cores: fc.integer({ min: 1, max: 3 }),
        })
        .map(({ time, accuracy, cores }) =>
          variant(name, { 1: time, 2: 1.6 * time, 4: 2.8 * time }, { accuracy, coresPerReplica: cores }),
        );
    const anyStage = fc.tuple(anyVariant("a"), anyVariant("b"), anyVariant("c"));
    fc.assert(
      fc.property(
        fc.array(anyStage, { minLength: 1, maxLength: 2 }),
        fc.integer({ min: 2, max: 16 }),
        fc.constantFrom(paper, tail),
        (stages, cores, queueing) => {
          const planner = plannerOf(stages, {}, queueing);
          const ladder = ladderOf(planner, cores);
          ladder.forEach((rung, k) => {
            const above = ladder[k - 1];
            assert.ok(above === undefined || (above.accuracy > rung.accuracy && above.load < rung.load));
            assert.ok(planCores(planner.pipeline, rung.plan) <= cores + 1e-9);
            assert.deepEqual(assess(planner, plannedLoad(planner.pipeline, rung.load), rung.plan).violations, []);
            assert.ok(rung.slack >= -1e-9);
          });
          // The same again: it is remembered.
          assert.equal(ladderOf(planner, cores), ladder);
          assert.deepEqual(ladderOf({ ...planner }, cores), ladder);
        },
      ),
      { numRuns: 40 },
    );
  });
});

describe("switches", () => {
  const planner = plannerOf([[large, small, medium]]);

  function seen(now: number, waiting: number | null, running: Plan, state: LoopState | null, serving = 4): Observation {
    return {
      now,
      load: { end: now, step: 1, rates: [5] },
      running,
      replicas: running.map(({ stage, variant: name, replicas }) => {
        return { stage, variant: name, ready: serving, starting: replicas - serving, serving };
      }),
      stages: waiting === null ? [] : [{ stage: "s0", waiting, busy: 1 }],
      state,
    };
  }

  /** What runs at decisions 10 s apart that see so many items wait. */
  function follow(first: Plan, waiting: readonly (number | null)[]): readonly string[] {
    let [running, state]: [Plan, LoopState | null] = [first, null];
    return waiting.map((items, k) => {
      const decision: Decision = tick(planner, structuredClone(seen(10 * (k + 1), items, running, state)));
      ({ plan: running, state } = decision);
      return `${chosen(running)} ${decision.reason}`;
    });
  }

  test("to a faster plan at once, when the queue is deeper than its slack allows", () => {
    // Four large replicas serve 16 items in the 1.6 s that they have.
    assert.deepEqual(follow(plan(["large", 4]), [0, 15, 17]), [
      "large/4 unchanged",
      "large/4 unchanged",
      "medium/4 rule",
    ]);
  });

  test("past those for which it is too deep as well, but not past the last", () => {
    // Four medium ones serve 36 in 1.8 s, four small ones 76 in 1.9 s.
    assert.deepEqual(follow(plan(["large", 4]), [35]), ["medium/4 rule"]);
    assert.deepEqual(follow(plan(["large", 4]), [37, 1000]), ["small/4 rule", "small/4 unchanged"]);
  });

  test("to the next more accurate plan when the queue has been short for 60 s", () => {
    // Short is what four medium ones serve in half of their 1.8 s: 18 items; for four large ones 8.
    const back = follow(plan(["small", 4]), [...Array<number>(7).fill(18), ...Array<number>(8).fill(8)]);
    assert.deepEqual(back.slice(0, 7), [...Array<string>(6).fill("small/4 unchanged"), "medium/4 rule"]);
    assert.deepEqual(back.slice(7), [
      ...Array<string>(6).fill("medium/4 unchanged"),
      "large/4 rule",
      "large/4 unchanged",
    ]);
  });

  test("and not if it was longer in between", () => {
    const waiting = [...Array<number>(5).fill(18), 19, ...Array<number>(7).fill(18)];
    const plans = follow(plan(["small", 4]), waiting);
    assert.deepEqual(plans.indexOf("medium/4 rule"), 12);
  });

  test("not while the last switch is under way, nor without knowing the queue", () => {
    const state: LoopState = { switching: { cores: 4, shortSince: 0 } };
    const starting = tick(planner, seen(100, 1000, plan(["large", 4]), state, 2));
    assert.deepEqual([chosen(starting.plan), starting.state?.switching?.shortSince], ["large/4", null]);
    const blind = tick(planner, seen(100, null, plan(["large", 4]), state));
    assert.deepEqual([chosen(blind.plan), blind.reason, blind.state], ["large/4", "held-no-data", state]);
  });

  test("a plan that is no rung gives way to the fastest that is as accurate, within the cores of the first", () => {
    const state: LoopState = { switching: { cores: 4, shortSince: null } };
    assert.equal(chosen(tick(planner, seen(10, 0, plan(["medium", 3]), state, 3)).plan), "medium/4");
    assert.equal(chosen(tick(planner, seen(10, 0, plan(["medium", 3]), null, 3)).plan), "medium/3");
  });

  test("where no plan keeps the SLA the running one is held", () => {
    const hopeless = plannerOf([[small]], { sla: { seconds: 0.05, quantile: 0.99 } });
    const { plan: kept, reason } = tick(hopeless, seen(10, 50, plan(["small", 4]), null));
    assert.deepEqual([chosen(kept), reason], ["small/4", "held-infeasible"]);
  });
});
