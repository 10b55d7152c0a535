import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import type { LoopState, Observation } from "../../src/core/cluster.ts";
import type { Decision, Planner } from "../../src/core/decide.ts";
import { tick } from "../../src/core/loop.ts";
import type { Pipeline, PolicyPins, Variant } from "../../src/core/pipeline.ts";
import { policyOf } from "../../src/core/policies.ts";
import { reactive } from "../../src/core/predictors/simple.ts";
import { paper } from "../../src/core/queueing/paper.ts";
import { exhaustive } from "../../src/solver/exhaustive.ts";
import { pipelineOf, plan, variant } from "../fixtures.ts";

// Worked by hand from the algorithm of the Horizontal Pod Autoscaler, sentence by sentence (docs/model.md).

const only = (rest: Partial<Variant> = {}): Variant => variant("v", { 1: 0.1 }, rest);

function plannerOf(rest: Partial<Pipeline> = {}, variants: readonly Variant[] = [only()], stages = 1): Planner {
  const pipeline = pipelineOf(Array<readonly Variant[]>(stages).fill(variants), rest);
  return { pipeline, policy: policyOf(pipeline, "hpa"), predictor: reactive, queueing: paper, solver: exhaustive };
}

const withPins = (pins: PolicyPins): Partial<Pipeline> => ({ policies: { hpa: { s0: pins } } });

interface Stage {
  /** What its plan says. */
  readonly replicas: number;
  /** Those of them that serve; all if absent. */
  readonly ready?: number;
  readonly busy: number | null;
}

function seen(now: number, stages: readonly Stage[], state: LoopState | null = null): Observation {
  return {
    now,
    load: { end: now, step: 1, rates: [null] },
    running: plan(...stages.map(({ replicas }) => ["v", replicas] as const)),
    replicas: stages.map(({ replicas, ready = replicas }, s) => {
      return { stage: `s${s}`, variant: "v", ready, starting: replicas - ready, serving: ready };
    }),
    stages: stages.map(({ busy }, s) => ({ stage: `s${s}`, waiting: 0, busy })),
    state,
  };
}

const replicasOf = (decision: Decision) => decision.plan.map(({ replicas }) => replicas);

/** Nothing but plain data goes from one decision to the next. */
const turn = (planner: Planner, observation: Observation): Decision => tick(planner, structuredClone(observation));

/** The replicas that one decision gives to a lone stage that was recommended nothing yet. */
function scaled(stage: Stage, planner = plannerOf()): number | undefined {
  return replicasOf(turn(planner, seen(15, [stage])))[0];
}

/** The same, when recommendations of before are forgotten. */
function scaledDown(stage: Stage, planner = plannerOf()): number | undefined {
  const state = { scaling: { s0: [{ at: -300, replicas: stage.replicas }] } };
  return replicasOf(turn(planner, seen(15, [stage], state)))[0];
}

/** What a lone stage runs at decisions 15 s apart that are told how busy it is. */
function follow(planner: Planner, first: number, busy: readonly (number | null)[]): readonly number[] {
  let [replicas, state]: [number, LoopState | null] = [first, null];
  return busy.map((share, k) => {
    const decision = turn(planner, seen(15 * (k + 1), [{ replicas, busy: share }], state));
    state = decision.state;
    replicas = replicasOf(decision)[0] ?? NaN;
    return replicas;
  });
}

describe("how many replicas", () => {
  test("the ready ones times their utilisation over the target, rounded up", () => {
    // 4 · 1/0.8 = 5; 5 · 0.95/0.8 = 5.94; 10 · 0.4/0.8 = 5; 9 · 0.3/0.8 = 3.375.
    assert.deepEqual([scaled({ replicas: 4, busy: 1 }), scaled({ replicas: 5, busy: 0.95 })], [5, 6]);
    assert.deepEqual([scaledDown({ replicas: 10, busy: 0.4 }), scaledDown({ replicas: 9, busy: 0.3 })], [5, 4]);
  });

  test("the file sets the target", () => {
    const half = plannerOf(withPins({ utilization: 0.5 }));
    // 4 · 0.8/0.5 = 6.4.
    assert.deepEqual([scaled({ replicas: 4, busy: 0.8 }), scaled({ replicas: 4, busy: 0.8 }, half)], [4, 7]);
  });

  test("a tenth from the target is close enough", () => {
    // The ratios 1.1 and 0.9 are within, 1.101 and 0.899 are not.
    assert.deepEqual([scaled({ replicas: 10, busy: 0.88 }), scaled({ replicas: 10, busy: 0.881 })], [10, 12]);
    assert.deepEqual([scaledDown({ replicas: 10, busy: 0.72 }), scaledDown({ replicas: 10, busy: 0.719 })], [10, 9]);
  });

  test("nothing known, nothing done, and nothing remembered", () => {
    for (const stage of [
      { replicas: 3, busy: null },
      { replicas: 3, ready: 0, busy: 1 },
    ]) {
      const scaling = { s0: [{ at: 5, replicas: 3 }] };
      const { plan: kept, reason, state: after } = turn(plannerOf(), seen(15, [stage], { scaling }));
      assert.deepEqual([kept, reason, after?.scaling], [plan(["v", 3]), "held-no-data", scaling]);
    }
  });
});

describe("replicas that are not ready", () => {
  test("count as idle when more are asked for", () => {
    // Of ten, four are ready and wholly busy: 4/10/0.8 = 0.5 would be fewer, so nothing changes.
    assert.equal(scaled({ replicas: 10, ready: 4, busy: 1 }), 10);
    // Nine of ten: 0.9/0.8 = 1.125, so 11.25. Of eight of nine: 0.889/0.8 = 1.11, so 10.
    assert.deepEqual(
      [scaled({ replicas: 10, ready: 9, busy: 1 }), scaled({ replicas: 9, ready: 8, busy: 1 })],
      [12, 10],
    );
    // Seven of eight: 0.875/0.8 = 1.094 is within the tolerance.
    assert.equal(scaled({ replicas: 8, ready: 7, busy: 1 }), 8);
  });

  test("are left out when fewer are asked for", () => {
    // 4 · 0.4/0.8 = 2, whatever starts.
    assert.equal(scaledDown({ replicas: 6, ready: 4, busy: 0.4 }), 2);
  });

  test("never turn fewer into more", () => {
    // A stage that should have four replicas and still has ten: 10 · 0.6/0.8 = 7.5 is more than four.
    assert.equal(scaledDown({ replicas: 4, ready: 10, busy: 0.6 }), 4);
  });
});

describe("how fast", () => {
  test("four more in a period, or twice as many", () => {
    const eager = plannerOf(withPins({ utilization: 0.1 }));
    // Asked for are 10, 20, 100.
    assert.deepEqual(
      [1, 2, 10].map((replicas) => scaled({ replicas, busy: 1 }, eager)),
      [5, 6, 20],
    );
  });

  test("down to the greatest recommendation of the last 300 s", () => {
    // The first of 8 is forgotten 300 s after the last time that it was recommended: at the second decision, 30 s.
    const busy = [0.8, 0.8, ...Array<number>(20).fill(0.4)];
    const replicas = follow(plannerOf(), 8, busy);
    assert.deepEqual([replicas.slice(0, 21), replicas[21]], [Array(21).fill(8), 4]);
  });

  test("what runs at the beginning counts as recommended", () => {
    const replicas = follow(plannerOf(), 8, Array<number>(21).fill(0.4));
    assert.deepEqual([replicas[19], replicas[20]], [8, 4]);
  });
});

describe("bounds", () => {
  test("at least one, or the variant's fewest; at most its most, and the limits'", () => {
    assert.equal(scaledDown({ replicas: 6, busy: 0 }), 1);
    assert.equal(scaledDown({ replicas: 6, busy: 0 }, plannerOf({}, [only({ minReplicas: 3 })])), 3);
    assert.equal(scaled({ replicas: 6, busy: 1 }, plannerOf({}, [only({ maxReplicas: 7 })])), 7);
    assert.equal(scaled({ replicas: 6, busy: 1 }, plannerOf({ limits: { replicas: 6, batch: 1 } })), 6);
  });

  test("a pinned number stays", () => {
    assert.equal(scaled({ replicas: 6, busy: 1 }, plannerOf(withPins({ replicas: 6 }))), 6);
  });

  test("of a budget each stage that grows gets one replica in turn", () => {
    const planner = plannerOf({ limits: { replicas: 100, batch: 1, cores: 19 } }, [only()], 3);
    const state = { scaling: { s2: [{ at: -300, replicas: 3 }] } };
    // Asked for are 10, 10 and 2; there is room for seven more than the 5, 5 and 2 that stay.
    const busy = seen(
      15,
      [5, 5, 3].map((replicas, s) => ({ replicas, busy: s === 2 ? 0.5 : 1 })),
      state,
    );
    const eager = {
      ...planner,
      policy: { ...planner.policy, pins: { s0: { utilization: 0.5 }, s1: { utilization: 0.5 } } },
    };
    assert.deepEqual(replicasOf(turn(eager, busy)), [9, 8, 2]);
  });
});

test("each stage is scaled by itself, and variants, batches and time-outs stay", () => {
  const planner = plannerOf({}, [variant("v", { 1: 0.1, 4: 0.2 })], 2);
  const observation = seen(15, [
    { replicas: 4, busy: 1 },
    { replicas: 4, busy: null },
  ]);
  const running = plan(["v", 4, 4, 0.3], ["v", 4, 1]);
  const decision = turn(planner, { ...observation, running });
  assert.deepEqual([decision.plan, decision.reason], [plan(["v", 5, 4, 0.3], ["v", 4, 1]), "rule"]);
  const same = turn(planner, { ...observation, running, stages: [{ stage: "s0", waiting: 0, busy: 0.8 }] });
  assert.deepEqual([same.plan, same.reason], [running, "unchanged"]);
});

test("with nothing running the first plan is the planner's", () => {
  const observation = { ...seen(15, []), load: { end: 15, step: 1, rates: [25] } };
  const { plan: first, reason } = turn(plannerOf(), observation);
  assert.deepEqual([first, reason], [plan(["v", 3]), "first"]);
});

test("whatever it sees: within the tolerance nothing moves, bounds hold, and nothing goes that was wanted within 300 s", () => {
  const limits = { replicas: 30, batch: 1, cores: 25 };
  const planner = plannerOf({ limits }, [only({ minReplicas: 2 })]);
  const step = fc.record({
    busy: fc.double({ min: 0, max: 1, noNaN: true }),
    ready: fc.double({ min: 0, max: 1, noNaN: true }),
  });
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 60 }), fc.integer({ min: 2, max: 25 }), (steps, first) => {
      let [replicas, state]: [number, LoopState | null] = [first, null];
      const before: { at: number; replicas: number }[] = [];
      steps.forEach(({ busy, ready: share }, k) => {
        const now = 15 * (k + 1);
        const ready = Math.ceil(share * replicas);
        const decision = turn(planner, seen(now, [{ replicas, ready, busy }], state));
        const next = replicasOf(decision)[0] ?? NaN;
        assert.ok(next >= 2 && next <= 25, `${next} replicas`);
        assert.ok(next <= Math.max(replicas + 4, 2 * replicas), `${replicas} to ${next}`);
        if (Math.abs(busy / 0.8 - 1) <= 0.1) assert.ok(next <= replicas);
        if (next < replicas) {
          // What ran was within the bounds; so was the greatest that was asked for since.
          const wanted = before.filter(({ at }) => at > now - 300).map((one) => one.replicas);
          assert.ok(
            wanted.every((one) => one <= next),
            `${replicas} to ${next} at ${now}`,
          );
        }
        if (ready > 0)
          before.push({ at: now, replicas: (decision.state?.scaling?.["s0"] ?? []).at(-1)?.replicas ?? NaN });
        ({ state } = decision);
        replicas = next;
      });
    }),
  );
});
