import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import type { LoopState, Observation, Planning, ReplicaCount } from "../../src/core/cluster.ts";
import { decide, type Planner } from "../../src/core/decide.ts";
import { leewayOf } from "../../src/core/movement/leeway.ts";
import { tick, windowed } from "../../src/core/loop.ts";
import { unrestrained, type Movement, type Pipeline, type Variant } from "../../src/core/pipeline.ts";
import type { Plan } from "../../src/core/plan.ts";
import { policyOf } from "../../src/core/policies.ts";
import { reactive } from "../../src/core/predictors/simple.ts";
import { paper } from "../../src/core/queueing/paper.ts";
import { stabilise } from "../../src/core/movement/stabilise.ts";
import { exhaustive } from "../../src/solver/exhaustive.ts";
import { pipelineOf, plan, variant } from "../fixtures.ts";

// One stage: "small" serves 10 rps with 1 core, accuracy 0.5; "large" 5 rps with 1 core, accuracy 0.9.
const small = (rest: Partial<Variant> = {}) => variant("small", { 1: 0.1 }, { accuracy: 0.5, ...rest });
const large = (rest: Partial<Variant> = {}) => variant("large", { 1: 0.2 }, { accuracy: 0.9, ...rest });

function plannerOf(movement: Partial<Movement>, variants = [small(), large()], rest: Partial<Pipeline> = {}): Planner {
  const plain = pipelineOf([variants], { objective: weighted(100), ...rest });
  const pipeline = { ...plain, adaptation: { ...plain.adaptation, movement: { ...unrestrained, ...movement } } };
  return { pipeline, policy: policyOf(pipeline, "ipa"), predictor: reactive, queueing: paper, solver: exhaustive };
}

const weighted = (alpha: number) => ({ kind: "weighted", accuracy: "pas", alpha, beta: 1, delta: 0 }) as const;
const chosen = (of: Plan) => of.map(({ variant: name, replicas }) => `${name}/${replicas}`).join(" ");

function seen(now: number, rate: number, running: Plan, state: LoopState | null = null): Observation {
  return { now, load: { end: now, step: 1, rates: [rate] }, running, replicas: [], stages: [], state };
}

/** Three and a half deviations of random arrivals, or a tenth. */
/** A load of which nothing is known. */
const unseen = { end: 0, step: 5, rates: [null] };
const bandAbove = (load: number, window: number) => load + Math.max(0.1 * load, 3.5 * Math.sqrt(load / window));

/** The plans of ticks 10 s apart that are told these loads, each running what the one before decided. */
function follow(planner: Planner, rates: readonly number[], running: Plan): readonly string[] {
  let [plan, state]: [Plan, LoopState | null] = [running, null];
  return rates.map((rate, k) => {
    // What is remembered is plain data.
    ({ plan, state } = tick(planner, structuredClone(seen(10 * (k + 1), rate, plan, state))));
    return chosen(plan);
  });
}

describe("stabilisation", () => {
  test("a load that falls is followed when the window has forgotten it, and not before", () => {
    const planner = plannerOf({ stabilization: 30 });
    const rates = [20, 50, 20, 20, 20, 20];
    assert.deepEqual(follow(planner, rates, []), ["large/4", "large/10", "large/10", "large/10", "large/4", "large/4"]);
  });

  test("the load planned for falls by more than the tolerance or not at all", () => {
    const planner = plannerOf({ tolerance: 0.25 }, undefined, {
      adaptation: { ...pipelineOf([]).adaptation, loadWindow: 100 },
    });
    // Three and a half deviations of 40 rps over 100 s are 2.2 rps, of 2 rps half a request.
    assert.deepEqual(follow(planner, [50, 41, 39, 45, 2, 1.6, 1.4], []), [
      "large/10",
      "large/10",
      "large/8",
      "large/9",
      "large/1",
      "large/1",
      "large/1",
    ]);
  });

  test("it never plans for less than is asked for, nor for more than the window and the tolerance have", () => {
    const load = fc.double({ min: 0, max: 100, noNaN: true });
    fc.assert(
      fc.property(
        fc.array(load, { minLength: 1, maxLength: 40 }),
        fc.integer({ min: 0, max: 120 }),
        (loads, window) => {
          const movement = { ...unrestrained, stabilization: window, tolerance: 0.1 };
          const loadWindow = 5;
          let state: Planning | undefined;
          loads.forEach((asked, k) => {
            state = {
              ...stabilise({ interval: 10, loadWindow, movement }, state, 10 * k, asked, unseen),
              switchedAt: {},
            };
            const recent = loads.slice(0, k + 1).filter((_, i) => i === k || 10 * i > 10 * k - window);
            assert.ok(state.load >= asked);
            assert.ok(state.load <= bandAbove(Math.max(...recent), loadWindow) + 1e-9);
            assert.ok(state.asked.length <= Math.max(1, Math.ceil((12 * window) / 10)));
          });
        },
      ),
    );
  });

  test("after a gap no decision plans for less than before it, until the stabilisation is over; then it falls as ever", () => {
    const load = fc.double({ min: 0, max: 100, noNaN: true });
    const before = fc.array(load, { minLength: 1, maxLength: 40 });
    // Without decisions (a pause), or with ones that know no load.
    const gap = fc.record({ intervals: fc.integer({ min: 3, max: 100 }), blind: fc.boolean() });
    fc.assert(
      fc.property(
        before,
        gap,
        fc.array(load, { minLength: 40, maxLength: 40 }),
        load,
        (rates, { intervals, blind }, after, last) => {
          const stabilization = 200;
          const planner = plannerOf({ stabilization, tolerance: 0.1 });
          let [now, plan, state]: [number, Plan, LoopState | null] = [0, [], null];
          const decide = (rate: number | null): number => {
            const of = { ...seen(now, 0, plan, state), load: { end: now, step: 1, rates: [rate] } };
            ({ plan, state } = tick(planner, of));
            now += 10;
            return state?.planning?.load ?? NaN;
          };
          const held = rates.map(decide).at(-1) ?? NaN;
          if (blind) for (let k = 1; k < intervals; k++) assert.equal(decide(null), held);
          else now += 10 * (intervals - 1);
          const end = now;
          for (const rate of after) {
            const planned = decide(rate);
            if (now - 10 < end + stabilization)
              assert.ok(planned >= held, `${planned} at ${now - 10 - end} s, held ${held}`);
          }
          // All of the stabilisation, and what came before it is forgotten.
          for (let k = 0; k < 20; k++) decide(last);
          assert.ok(decide(last) <= bandAbove(last, planner.pipeline.adaptation.loadWindow) + 1e-9);
        },
      ),
      { numRuns: 50 },
    );
  });

  test("one decision that is missed is no gap; without a stabilisation nothing is held", () => {
    const adaptation = { interval: 10, loadWindow: 5, movement: { ...unrestrained, stabilization: 60 } };
    const planning = { load: 50, asked: [{ at: 100, load: 20 }], switchedAt: {} };
    assert.equal(stabilise(adaptation, planning, 121, 20, unseen).load, 20);
    assert.deepEqual(stabilise(adaptation, planning, 130, 20, unseen), {
      load: 50,
      asked: [
        { at: 130, load: 50 },
        { at: 130, load: 20 },
      ],
    });
    assert.deepEqual(stabilise(adaptation, planning, 130, 70, unseen), { load: 70, asked: [{ at: 130, load: 70 }] });
    assert.equal(stabilise({ ...adaptation, movement: unrestrained }, planning, 9999, 20, unseen).load, 20);
    // What was seen of the time between counts as it was; not if a part of it was not.
    const shown = (...rates: readonly (number | null)[]) => ({ end: 130, step: 5, rates });
    const after = (...rates: readonly (number | null)[]) =>
      stabilise(adaptation, planning, 130, 20, shown(...rates)).asked;
    assert.deepEqual(after(90, 20, 30, 20, 20, 20, 20), [
      { at: 130, load: 30 },
      { at: 130, load: 20 },
    ]);
    assert.equal(after(90, 20, 30, null, 20, 20, 20)[0]?.load, 50);
    assert.equal(after(30, 20, 20, 20, 20)[0]?.load, 50);
    // Nobody has seen what is only assumed, however wide its windows are.
    const assumed = { ...shown(20, 20, 20, 20, 20, 20, 20), assumed: true as const };
    assert.equal(stabilise(adaptation, planning, 130, 20, assumed).asked[0]?.load, 50);
    const wide = windowed({ end: 130, step: 60, rates: [20], assumed: true }, 60);
    assert.equal(stabilise(adaptation, planning, 130, 20, wide).asked[0]?.load, 50);
    assert.equal(windowed(assumed, 10).assumed, true);
  });

  test("without data the state is kept, and nothing moves", () => {
    const planner = plannerOf({ stabilization: 30 });
    const first = tick(planner, seen(10, 50, []));
    const blind = tick(planner, { ...seen(20, 0, first.plan, first.state), load: { end: 20, step: 1, rates: [null] } });
    assert.deepEqual([blind.reason, blind.plan, blind.state], ["held-no-data", first.plan, first.state]);
  });
});

describe("the largest step", () => {
  test("replicas go up and down by no more, the larger of the number and the share", () => {
    const planner = plannerOf({ scaleUp: { replicas: 2, share: 0.5 }, scaleDown: { replicas: 1, share: 0 } });
    assert.deepEqual(follow(planner, [50, 50, 50, 50, 15, 15], plan(["large", 3])), [
      // Five large ones do not carry 50 rps. A switch is no step: it is made before the old variant goes.
      "small/5",
      "large/10",
      "large/10",
      "large/10",
      "large/9",
      "large/8",
    ]);
  });

  test("a plan that could not be reached in one step is limited, one that no step reaches is best effort", () => {
    const planner = plannerOf({ scaleUp: { replicas: 1, share: 0 } }, [large()], {
      limits: { replicas: 20, batch: 1 },
    });
    const reasonAt = (rate: number) => {
      const { plan: next, reason } = tick(planner, seen(10, rate, plan(["large", 2])));
      return [chosen(next), reason];
    };
    assert.deepEqual(reasonAt(60), ["large/3", "limited"]);
    assert.deepEqual(reasonAt(500), ["large/3", "best-effort"]);
  });

  test("nor does a smaller budget cost more than it must: a plan that lets more go at once is still the best", () => {
    const bad = variant("bad", { 1: 0.02 }, { accuracy: 0.2 });
    const of = pipelineOf([[bad, large()], [variant("only", { 1: 0.1 })]], {
      objective: { kind: "minCost", accuracy: "pas", accuracyFloor: 0.4 },
      limits: { replicas: 20, batch: 1, cores: 8 },
    });
    const adaptation = { ...of.adaptation, movement: { ...unrestrained, scaleDown: { replicas: 1, share: 0 } } };
    const planner = { ...plannerOf({}), pipeline: { ...of, adaptation } };
    const made = tick(planner, seen(10, 20, plan(["large", 8], ["only", 10])));
    assert.deepEqual([chosen(made.plan), made.outcome?.status], ["large/4 only/2", "optimal"]);
  });

  test("what runs outside of what it may is taken there at once, and hold does not hold it for ever", () => {
    const scaleUp = { replicas: 1, share: 0 };
    const least = plannerOf({ scaleUp }, [large({ minReplicas: 6 })]);
    assert.equal(chosen(tick(least, seen(10, 5, plan(["large", 2]))).plan), "large/6");
    const most = plannerOf({ scaleDown: scaleUp }, [large({ maxReplicas: 5 })]);
    assert.equal(chosen(tick(most, seen(10, 20, plan(["large", 9]))).plan), "large/5");
    const holding = plannerOf({ scaleUp }, [large()], { onInfeasible: "hold" });
    assert.deepEqual(follow(holding, [30, 30, 30, 30, 30], plan(["large", 2])), [
      "large/3",
      "large/4",
      "large/5",
      "large/6",
      "large/6",
    ]);
  });

  test("a smaller budget takes more replicas away than a step would", () => {
    const planner = plannerOf({ scaleDown: { replicas: 1, share: 0 } }, [large()], {
      limits: { replicas: 20, batch: 1, cores: 4 },
    });
    assert.equal(chosen(tick(planner, seen(10, 20, plan(["large", 8]))).plan), "large/4");
  });
});

describe("switches", () => {
  test("a stage keeps its variant for the least time between two switches", () => {
    const planner = plannerOf({ switchInterval: 30 }, undefined, { limits: { replicas: 6, batch: 1 } });
    // Of the large variant six replicas serve 30 rps; more load needs the small one.
    const rates = [20, 50, 20, 20, 20, 50];
    assert.deepEqual(follow(planner, rates, plan(["large", 4])), [
      "large/4",
      "small/5",
      "small/2",
      "small/2",
      "large/4",
      "large/6",
    ]);
  });

  test("what is no switch leaves the memory alone", () => {
    const planner = plannerOf({ switchInterval: 30 });
    const planning = { load: 20, asked: [], switchedAt: { s0: 5 } };
    const { state } = tick(planner, seen(10, 20, plan(["large", 3]), { planning }));
    assert.deepEqual(state?.planning?.switchedAt, { s0: 5 });
    assert.deepEqual(leewayOf(planner, plan(["large", 3]), planning, 34.9), [{ large: { fewest: 1, most: Infinity } }]);
  });
});

describe("the cost of a change", () => {
  test("a plan must be better by what it takes to get there", () => {
    // 20 rps: small/2 is worth 100·0.5 − 2 = 48, large/4 is worth 86. Four replicas start, and one stage switches.
    const at = (start: number, ofSwitch: number) => {
      const planner = plannerOf({ cost: { start, switch: ofSwitch } });
      const { plan: next, change } = decide(planner, 20, plan(["small", 2]));
      return [chosen(next), change];
    };
    assert.deepEqual(at(9, 0), ["large/4", 36]);
    assert.deepEqual(at(9.6, 0), ["small/2", 0]);
    assert.deepEqual(at(0, 37), ["large/4", 37]);
    assert.deepEqual(at(0, 39), ["small/2", 0]);
  });

  test("it is free to begin, and to start what stands by", () => {
    const cost = { start: 9.6, switch: 0 };
    assert.equal(decide(plannerOf({ cost }), 20, []).change, 0);
    const ready = plannerOf({ cost }, [small(), large({ standby: 3 })]);
    const { plan: next, change } = decide(ready, 20, plan(["small", 2]));
    assert.deepEqual([chosen(next), change], ["large/4", 9.6]);
  });
});

describe("standby", () => {
  const slow = { startUp: { mean: 100 } };
  const planner = plannerOf({}, [small({ ...slow, standby: 6 }), large(slow)]);
  const of = (name: string, serving: number, ready: number): ReplicaCount => {
    return { stage: "s0", variant: name, ready, starting: 0, serving };
  };
  const observed = (rate: number, running: Plan, ...replicas: readonly ReplicaCount[]): Observation => {
    return { ...seen(10, rate, running), replicas };
  };

  test("its cores are charged, once for what serves", () => {
    const { outcome } = decide(planner, 20, []);
    assert.ok(outcome.status === "optimal");
    assert.equal(outcome.options[0]?.cores, 4 + 6);
    // Six of the small one are paid for anyway.
    assert.equal(
      chosen(decide(plannerOf({}, [small({ standby: 6 }), large()], { objective: weighted(1) }), 60, []).plan),
      "small/6",
    );
  });

  test("it carries a step in the load until the wanted plan has started", () => {
    const running = plan(["large", 4]);
    const step = tick(planner, observed(50, running, of("large", 4, 4), of("small", 0, 6)));
    assert.deepEqual([chosen(step.plan), step.reason], ["small/6", "standby"]);
    // Now what serves carries the load, and the wanted plan can start behind it.
    const next = tick(planner, observed(50, step.plan, of("small", 6, 6)));
    assert.equal(chosen(next.plan), "large/10");
    const starting = tick(planner, observed(50, next.plan, of("small", 6, 6), of("large", 0, 0)));
    assert.deepEqual([chosen(starting.plan), starting.reason], ["large/10", "unchanged"]);
  });

  test("it is left alone where what serves carries what comes, whatever is expected", () => {
    const running = plan(["large", 4]);
    const counts = [of("large", 4, 4), of("small", 0, 6)];
    const rising = { ...planner, predictor: () => 40 };
    assert.equal(chosen(tick(rising, observed(18, running, ...counts)).plan), "large/8");
    // 22 rps in a second may be 20 by chance.
    assert.equal(chosen(tick(rising, observed(22, running, ...counts)).plan), "large/8");
    assert.equal(chosen(tick(rising, observed(40, running, ...counts)).plan), "small/6");
  });

  test("it is left alone where it cannot carry the load, and where nothing needs to start for long", () => {
    const running = plan(["large", 4]);
    const counts = [of("large", 4, 4), of("small", 0, 6)];
    assert.equal(chosen(tick(planner, observed(90, running, ...counts)).plan), "large/18");
    assert.equal(chosen(tick(planner, observed(20, running, ...counts)).plan), "large/4");
    const quick = plannerOf({}, [small({ standby: 6 }), large()]);
    assert.equal(chosen(tick(quick, observed(50, running, ...counts)).plan), "large/10");
  });
});

describe("what is remembered of elsewhere", () => {
  test("a memory of the future, or of no numbers, is none", () => {
    const planner = plannerOf({ stabilization: 30, switchInterval: 100 });
    const runs = plan(["large", 4]);
    const decided = (planning: unknown) => tick(planner, seen(10, 20, runs, { planning } as LoopState));
    for (const planning of [
      { load: 500, asked: [{ at: 1e9, load: 500 }], switchedAt: {} },
      { load: NaN, asked: [], switchedAt: {} },
      { load: 1 },
      {},
    ]) {
      const { plan: next, state } = decided(planning);
      assert.equal(chosen(next), "large/4");
      assert.deepEqual(state?.planning, { load: 20, asked: [{ at: 10, load: 20 }], switchedAt: {} });
    }
    assert.equal(chosen(decided({ load: 20, asked: [], switchedAt: { s0: 1e9 } }).plan), "large/4");
  });

  test("a plan of another pipeline is none: the first plan is made", () => {
    const planner = plannerOf({});
    for (const runs of [plan(["huge", 4]), plan(["large", 4], ["large", 4])]) {
      const { plan: next, reason } = tick(planner, seen(10, 20, runs));
      assert.deepEqual([chosen(next), reason], ["large/4", "first"]);
    }
  });
});

test("the load is predicted for as long as a replica takes to start, and an interval", () => {
  const horizons: number[] = [];
  const predictor = (_: unknown, horizon: number) => horizons.push(horizon);
  const startUps: readonly Variant["startUp"][] = [{ mean: 5 }, { mean: 30 }, { mean: 30, p90: 45 }];
  for (const startUp of startUps) {
    tick({ ...plannerOf({}, [small(), large({ startUp })]), predictor }, seen(10, 5, []));
  }
  assert.deepEqual(horizons, [20, 40, 55]);
});
