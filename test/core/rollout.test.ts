import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { LoopState, Observation, Planning, ReplicaCount } from "../../src/core/cluster.ts";
import type { Decision, Planner } from "../../src/core/decide.ts";
import { tick } from "../../src/core/loop.ts";
import { unrestrained, type Pipeline, type StartUp, type Variant } from "../../src/core/pipeline.ts";
import type { Plan, StagePlan } from "../../src/core/plan.ts";
import { policyOf } from "../../src/core/policies.ts";
import { reactive } from "../../src/core/predictors/simple.ts";
import { paper } from "../../src/core/queueing/paper.ts";
import { enoughReady } from "../../src/core/enough.ts";
import { afterGap, rollOut, unwatched, type Rollouts, type StageRollout } from "../../src/core/rollout.ts";
import { switchOf, type Switch } from "../../src/core/switch.ts";
import { exhaustive } from "../../src/solver/exhaustive.ts";
import { pipelineOf, plan, variant } from "../fixtures.ts";

const one = (name: string, replicas: number, batch = 1): StagePlan => ({
  stage: "s0",
  variant: name,
  batch,
  batchTimeout: 0,
  replicas,
});

/** "a 2/3 1": of a 2 ready of 3, of which 1 serves. */
function counts(...texts: readonly string[]): readonly ReplicaCount[] {
  return texts.map((text) => {
    const [name = "", ready = 0, all = 0, serving = 0] = text
      .split(/[ /]/)
      .map((part, i) => (i === 0 ? part : Number(part)));
    return {
      stage: "s0",
      variant: String(name),
      ready: Number(ready),
      starting: Number(all) - Number(ready),
      serving: Number(serving),
    };
  });
}

// a and small: 10 rps with a core, accuracy 0.5. b and large: 5 rps with a core, accuracy 0.9.
const a = (rest: Partial<Variant> = {}) => variant("a", { 1: 0.1 }, { accuracy: 0.5, ...rest });
const b = (rest: Partial<Variant> = {}) => variant("b", { 1: 0.2 }, { accuracy: 0.9, ...rest });
const c = (rest: Partial<Variant> = {}) => variant("c", { 1: 0.05 }, { accuracy: 0.3, ...rest });

describe("what to have of each variant", () => {
  const [stage] = pipelineOf([[a({ standby: 1 }), b(), c()]]).stages;
  assert.ok(stage !== undefined);
  const of = (phase: Switch["phase"] | null) => {
    const rollout: StageRollout = {
      setbacks: [],
      ...(phase === null ? {} : { switching: { from: one("a", 4), phase, since: 0 } }),
    };
    const { serving, targets } = rollOut(stage, one("b", 3), rollout);
    return `${serving}: ${targets.map(({ variant: name, replicas }) => `${name} ${replicas}`).join(", ")}`;
  };

  test("the old variant serves, unscaled, until enough are ready, and stays until it has drained", () => {
    assert.equal(of("Preparing"), "a: a 4, b 3, c 0");
    assert.equal(of("Ready"), "b: a 4, b 3, c 0");
    assert.equal(of("Routed"), "b: a 4, b 3, c 0");
    assert.equal(of("Draining"), "b: a 4, b 3, c 0");
    assert.equal(of("Returning"), "a: a 4, b 3, c 0");
    assert.equal(of(null), "b: a 1, b 3, c 0");
    assert.deepEqual(rollOut(stage, one("b", 3), undefined), rollOut(stage, one("b", 3), { setbacks: [] }));
  });

  test("what stands by does so whatever runs", () => {
    const standing = { ...stage, variants: [a({ standby: 5 }), b({ standby: 1 })] };
    const { targets } = rollOut(standing, one("b", 3), {
      setbacks: [],
      switching: { from: one("a", 4), phase: "Preparing", since: 0 },
    });
    assert.deepEqual(
      targets.map(({ replicas }) => replicas),
      [5, 3],
    );
  });
});

describe("enough", () => {
  const pipeline = pipelineOf([[a(), b()]], { margins: { load: 0.1, serviceTime: 0, throughput: 0 } });
  const without = { ...pipeline, margins: { ...pipeline.margins, load: 0 } };

  test("is what carries the load of now with something to spare, where enough are wanted", () => {
    // 20 rps and a tenth are 22: of b, 5 rps each, five.
    assert.equal(enoughReady(pipeline, 20, one("b", 9), one("a", 3)), 5);
    // Fewer must not take over, whatever is wanted.
    assert.equal(enoughReady(pipeline, 20, one("b", 3), one("a", 3)), 5);
    assert.equal(enoughReady(pipeline, 20, one("a", 9), one("b", 5)), 3);
    // Exactly full is not enough, unless no more are wanted.
    assert.equal(enoughReady(without, 20, one("b", 9), one("a", 3)), 5);
    assert.equal(enoughReady(without, 20, one("b", 4), one("a", 3)), 4);
    // Not less than the least load is planned for, as ever.
    assert.equal(enoughReady(pipeline, 0, one("b", 9), one("a", 3)), 1);
    assert.equal(enoughReady(pipeline, null, one("b", 9), one("a", 3)), 9);
  });

  test("is as much as serves, where that does not carry the load", () => {
    assert.equal(enoughReady(pipeline, 20, one("b", 9), one("a", 2)), 4);
    assert.equal(enoughReady(pipeline, 20, one("b", 9), one("a", 1)), 2);
    // Also more than there are to be: less must not take over.
    assert.equal(enoughReady(pipeline, 20, one("b", 3), one("a", 2)), 4);
    assert.equal(enoughReady(pipeline, 20, one("a", 9), one("b", 3)), 2);
    assert.equal(enoughReady(pipeline, 20, one("b", 9), one("a", 0)), 1);
    // Exactly full does not carry it.
    assert.equal(enoughReady(without, 20, one("b", 9), one("a", 2)), 4);
    // How many are needed is not known.
    assert.equal(enoughReady(pipeline, null, one("b", 9), one("a", 2)), 9);
    // What serves has no such batch: its largest.
    assert.equal(enoughReady(pipeline, 20, one("b", 9), one("a", 2, 8)), 4);
  });
});

describe("the phase of a switch", () => {
  const [stage] = pipelineOf([[a({ standby: 1 }), b(), c()]]).stages;
  assert.ok(stage !== undefined);
  const from = one("a", 4);
  const at = (before: Switch | undefined, ...texts: readonly string[]): string => {
    const after = switchOf(one("b", 3), before, {
      stage,
      counts: counts(...texts),
      were: 3,
      enough: () => 2,
      carries: ({ replicas }) => replicas,
      drain: 30,
      now: 100,
    });
    return after === undefined
      ? "none"
      : `${after.phase} since ${after.since} from ${after.from.variant} ${after.from.replicas}`;
  };
  const was = (phase: Switch["phase"], since = 90): Switch => ({ from, phase, since });

  test("follows from what serves and what is ready", () => {
    const table: readonly (readonly [before: Switch | undefined, ...seen: string[], expected: string])[] = [
      [undefined, "b 3/3 3", "none"],
      [undefined, "b 1/3 1", "none"],
      [was("Preparing"), "a 4/4 4", "b 0/3 0", "Preparing since 90 from a 4"],
      [was("Preparing"), "a 4/4 4", "b 1/3 0", "Preparing since 90 from a 4"],
      [was("Preparing"), "a 4/4 4", "b 2/3 0", "Ready since 100 from a 4"],
      [was("Ready"), "a 4/4 4", "b 2/3 0", "Ready since 90 from a 4"],
      // More are needed now, or some have gone again.
      [was("Ready"), "a 4/4 4", "b 1/3 0", "Preparing since 100 from a 4"],
      [was("Ready"), "a 4/4 0", "b 2/3 2", "Routed since 100 from a 4"],
      [was("Preparing"), "a 4/4 0", "b 2/3 2", "Routed since 100 from a 4"],
      [was("Routed"), "a 4/4 0", "b 2/3 2", "Draining since 90 from a 4"],
      [was("Draining", 71), "a 4/4 0", "b 2/3 2", "Draining since 71 from a 4"],
      [was("Draining", 70), "a 4/4 0", "b 2/3 2", "none"],
      // Nothing is left of the old one but what stands by.
      [was("Routed"), "a 1/1 0", "b 2/3 2", "none"],
      [was("Ready"), "b 2/3 2", "none"],
      // It has been sent back by someone.
      [was("Routed"), "a 4/4 4", "b 2/3 0", "Ready since 100 from a 4"],
      // Too few of the new one are ready any more: the old one carries more, or as much, or it is ready no more either.
      [was("Routed"), "a 4/4 0", "b 1/3 1", "Returning since 100 from a 4"],
      [was("Draining", 60), "a 2/4 0", "b 0/3 0", "Returning since 100 from a 4"],
      [was("Returning"), "a 4/4 0", "b 1/3 1", "Returning since 90 from a 4"],
      [was("Returning"), "a 4/4 4", "b 1/3 0", "Preparing since 100 from a 4"],
      [was("Returning"), "a 4/4 4", "b 2/3 0", "Ready since 100 from a 4"],
      [was("Ready"), "a 4/4 0", "b 1/3 1", "Returning since 100 from a 4"],
      [was("Draining", 60), "a 1/4 0", "b 1/3 1", "Routed since 100 from a 4"],
      [was("Draining", 60), "a 0/4 0", "b 0/3 0", "Routed since 100 from a 4"],
      // It is ready again: the drain time begins anew.
      [was("Returning", 60), "a 4/4 0", "b 2/3 2", "Routed since 100 from a 4"],
    ];
    for (const [before, ...rest] of table) {
      const expected = rest.pop() ?? "";
      assert.equal(at(before, ...rest), expected, `${before?.phase}: ${rest.join(", ")}`);
    }
  });

  test("is found again by those who remember nothing", () => {
    assert.equal(at(undefined, "a 4/5 4", "b 0/3 0"), "Preparing since 100 from a 5");
    assert.equal(at(undefined, "a 4/4 4", "b 2/3 0"), "Ready since 100 from a 4");
    // The old one goes: what it would end is not known.
    assert.equal(at(undefined, "a 4/4 0", "b 2/3 2"), "none");
  });

  test("where nothing serves it is as it was", () => {
    assert.equal(at(was("Preparing"), "a 0/4 0", "b 0/3 0"), "Preparing since 90 from a 4");
    assert.equal(at(was("Draining"), "a 0/4 0", "b 0/3 0"), "Routed since 100 from a 4");
    assert.equal(at(undefined, "a 0/4 0", "b 0/3 0"), "none");
  });

  test("the old one keeps what serves, whoever scaled it up", () => {
    assert.equal(at(was("Preparing"), "a 6/6 6", "b 0/3 0"), "Preparing since 90 from a 6");
    assert.equal(at(was("Preparing"), "a 2/2 2", "b 0/3 0"), "Preparing since 90 from a 4");
  });
});

function plannerOf(
  rest: Partial<Pipeline> = {},
  variants: readonly Variant[] = [a(), b(), c()],
  policy = "ipa",
): Planner {
  const objective = { kind: "weighted", accuracy: "pas", alpha: 100, beta: 1, delta: 0 } as const;
  const pipeline = pipelineOf([variants], { objective, ...rest });
  return { pipeline, policy: policyOf(pipeline, policy), predictor: reactive, queueing: paper, solver: exhaustive };
}

interface Seen {
  readonly now: number;
  readonly load: number | null;
  readonly running: Plan;
  readonly state?: LoopState | null;
}

function look({ now, load, running, state = null }: Seen, ...texts: readonly string[]): Observation {
  const stages = [{ stage: "s0", waiting: 0, busy: 0.8 }];
  return { now, load: { end: now, step: 1, rates: [load] }, running, replicas: counts(...texts), stages, state };
}

/** "b 4 first, Preparing": what is decided, why, and how far it has come. */
function told({ plan: [decided], reason, state }: Decision): string {
  const { switching, setbacks = [] } = state?.rollouts?.["s0"] ?? {};
  const barred = setbacks.map(({ variant: name, most, until }) => `; ${name} at most ${most} until ${until}`);
  return `${decided?.variant} ${decided?.replicas} ${reason}${switching === undefined ? "" : `, ${switching.phase}`}${barred.join("")}`;
}

/** Ticks that follow each other, each remembering the one before and running what that decided. */
function follow(
  planner: Planner,
  running: Plan,
  ...ticks: readonly (readonly [now: number, load: number | null, ...seen: string[]])[]
) {
  let [next, state]: [Plan, LoopState | null] = [running, null];
  const said: string[] = [];
  for (const [now, load, ...texts] of ticks) {
    // A state is plain data, as it comes back from a status.
    const refused = texts.filter((text) => text.startsWith("!")).map((text) => text.slice(1));
    const seen = look({ now, load, running: next, state }, ...texts.filter((text) => !text.startsWith("!")));
    const decided = tick(
      planner,
      structuredClone({
        ...seen,
        replicas: seen.replicas.map((count) =>
          refused.includes(count.variant) ? { ...count, refused: "Quota" as const } : count,
        ),
      }),
    );
    ({ plan: next, state } = decided);
    said.push(told(decided));
  }
  return { said, state, running: next };
}

describe("one switch at a time", () => {
  test("from the decision until the old variant is gone", () => {
    const { said, state } = follow(
      plannerOf(),
      plan(["a", 2]),
      [10, 20, "a 2/2 2"],
      // Until then counts follow the load, and nothing else.
      [20, 30, "a 2/2 2", "b 1/4 0"],
      [30, 20, "a 2/2 2", "b 4/6 0"],
      [40, 20, "a 2/2 2", "b 5/5 0"],
      [50, 20, "a 2/2 0", "b 5/5 5"],
      [60, 20, "a 2/2 0", "b 5/5 5"],
      [80, 20, "a 2/2 0", "b 4/4 4"],
      [90, 20, "a 0/0 0", "b 4/4 4"],
    );
    assert.deepEqual(said, [
      "b 4 first, Preparing",
      "b 6 load-rose, Preparing",
      "b 4 load-fell, Ready",
      "b 4 unchanged, Ready",
      "b 4 unchanged, Routed",
      "b 4 unchanged, Draining",
      "b 4 unchanged",
      "b 4 unchanged",
    ]);
    assert.equal(state?.rollouts, undefined);
  });

  test("where another variant would be better the stage still goes over first", () => {
    // 500 rps take a hundred of b, which is worth less than twenty-five of c.
    const { said } = follow(
      plannerOf(),
      plan(["a", 2]),
      [10, 20, "a 2/2 2"],
      [20, 500, "a 2/2 2", "b 0/4 0"],
      [30, 500, "b 100/100 100"],
      [40, 500, "b 100/100 100"],
    );
    const plans = said.map((text) => text.split(" ").slice(0, 2).join(" "));
    assert.deepEqual(plans, ["b 4", "b 100", "c 25", "c 25"]);
  });

  test("what is seen to serve when nothing is in force is switched from, not broken", () => {
    const { said, state } = follow(plannerOf(), [], [10, 20, "a 3/3 3"]);
    assert.deepEqual(said, ["b 4 first, Preparing"]);
    assert.deepEqual(state?.rollouts?.["s0"]?.switching?.from, { ...one("a", 3) });
  });

  test("nothing is believed of a stage of which nothing is counted", () => {
    const { state } = follow(plannerOf(), plan(["a", 2]), [10, 20], [20, 20]);
    assert.equal(state?.rollouts, undefined);
  });

  test("a policy with a rule of its own waits too", () => {
    const planner = plannerOf({}, [a(), b(), c()], "static");
    const other = plan(["c", 3]);
    const eager: Planner = {
      ...planner,
      policy: { ...planner.policy, rule: (_, seen) => ({ plan: other, reason: "rule", state: seen.state }) },
    };
    const from = { switching: { from: one("a", 2), phase: "Preparing", since: 0 }, setbacks: [] } as const;
    const at = (...texts: readonly string[]) =>
      told(
        tick(eager, look({ now: 10, load: 20, running: plan(["b", 4]), state: { rollouts: { s0: from } } }, ...texts)),
      );
    assert.equal(at("a 2/2 2", "b 1/4 0"), "b 4 unchanged, Preparing");
    assert.equal(at("b 4/4 4"), "c 3 rule, Preparing");
  });

  test("a switch to what the world no longer leaves is taken back, and nothing is barred", () => {
    const from = { switching: { from: one("a", 2), phase: "Ready", since: 0 }, setbacks: [] } as const;
    const at = (restrictions: Observation["restrictions"]) =>
      told(
        tick(plannerOf(), {
          ...look(
            { now: 10, load: 20, running: plan(["b", 4]), state: { rollouts: { s0: from } } },
            "a 2/2 2",
            "b 4/4 0",
          ),
          ...(restrictions === undefined ? {} : { restrictions }),
        }),
      );
    assert.equal(at(undefined), "b 4 unchanged, Ready");
    assert.equal(at([{ stage: "s0", variants: ["a"] }]), "a 2 setback");
    assert.equal(at([{ stage: "s0", replicas: { b: { fewest: 0, most: 0 } } }]), "a 2 setback");
    assert.equal(at([{ stage: "elsewhere", variants: ["a"] }]), "b 4 unchanged, Ready");
  });

  test("so is one that is routed already: the old variant has not gone", () => {
    for (const phase of ["Routed", "Draining"] as const) {
      const from = { switching: { from: one("a", 2), phase, since: 5 }, setbacks: [] } as const;
      const seen = look(
        { now: 10, load: 20, running: plan(["b", 0]), state: { rollouts: { s0: from } } },
        "a 2/2 0",
        "c 0/0 0",
      );
      const restrictions = [{ stage: "s0", replicas: { b: { fewest: 0, most: 0 } } }];
      assert.equal(told(tick(plannerOf(), { ...seen, restrictions })), "a 2 setback");
    }
  });

  test("what is gone is gone over from, whatever the load did, the time between switches, and the cores that it held", () => {
    const { adaptation, limits } = plannerOf().pipeline;
    const planner = plannerOf({
      limits: { ...limits, cores: 4 },
      adaptation: { ...adaptation, movement: { ...adaptation.movement, switchInterval: 300 } },
    });
    const state = { planning: { load: 20, asked: [], switchedAt: { s0: 5 } } };
    const restrictions = [{ stage: "s0", replicas: { a: { fewest: 0, most: 0 } } }];
    const seen = look({ now: 10, load: 20, running: plan(["a", 0]), state }, "b 0/0 0", "c 0/0 0");
    const decision = tick(planner, { ...seen, restrictions });
    assert.equal(told(decision), "b 4 drifted, Preparing");
    // Pods of it that still serve go on until the others are ready, and are not counted.
    const next = look({ now: 20, load: 20, running: plan(["b", 4]), state: decision.state }, "a 3/3 3", "b 1/4 0");
    assert.equal(told(tick(planner, { ...next, restrictions })), "b 4 unchanged, Preparing");
    const last = look({ now: 20, load: 20, running: plan(["b", 4]), state: decision.state }, "a 3/3 3", "b 4/4 0");
    assert.equal(told(tick(planner, { ...last, restrictions })), "b 4 unchanged, Ready");
  });

  test("a plan of what is gone is not held, also where plans are held that keep no limit", () => {
    const planner = plannerOf({ onInfeasible: "hold", sla: { seconds: 0.001, quantile: 0.99 } });
    const seen = look({ now: 10, load: 20, running: plan(["a", 2]) }, "a 2/2 2", "b 0/0 0");
    assert.equal(told(tick(planner, seen)), "a 2 held-infeasible");
    const restrictions = [{ stage: "s0", replicas: { a: { fewest: 0, most: 0 } } }];
    const gone = look({ now: 10, load: 20, running: plan(["a", 0]) }, "b 0/0 0", "c 0/0 0");
    assert.equal(told(tick(planner, { ...gone, restrictions })), "c 1 best-effort, Preparing");
  });

  test("replicas that are ready and stand by may take the place of what is being prepared", () => {
    const slow = { startUp: { mean: 60 } };
    const planner = plannerOf(
      { adaptation: { ...plannerOf().pipeline.adaptation, interval: 10, movement: unrestrained } },
      [a(slow), b(slow), c({ ...slow, standby: 6 })],
    );
    const { said, state } = follow(
      planner,
      plan(["a", 2]),
      [10, 15, "a 2/2 2", "c 6/6 0"],
      [20, 60, "a 2/2 2", "b 0/3 0", "c 6/6 0"],
    );
    assert.deepEqual(said, ["b 3 first, Preparing", "c 6 standby, Ready"]);
    assert.equal(state?.rollouts?.["s0"]?.switching?.from.variant, "a");
  });
});

describe("what serves while a switch is prepared", () => {
  const variants = (startUpA: StartUp, startUpB: StartUp, rest: Partial<Variant> = {}) => [
    a({ startUp: startUpA, ...rest }),
    b({ startUp: startUpB }),
  ];
  const [fast, slow] = [{ mean: 10 }, { mean: 60 }];

  interface Case {
    readonly variants?: readonly Variant[];
    readonly rest?: Partial<Pipeline>;
    /** Since when b is being prepared. */
    readonly since?: number;
    readonly now?: number;
    readonly load?: number | null;
    readonly seen?: readonly string[];
    readonly restrictions?: Observation["restrictions"];
    readonly setbacks?: StageRollout["setbacks"];
    readonly policy?: string;
    readonly planning?: Planning;
  }

  /** How many of a, of which two serve, are wanted then, where b has four that start. */
  function wantedOf(given: Case): number {
    const {
      since = 100,
      now = 110,
      load = 45,
      seen = ["a 2/2 2", "b 0/4 0"],
      restrictions,
      setbacks = [],
      planning,
      policy,
    } = given;
    const planner = plannerOf(given.rest, given.variants ?? variants(fast, slow), policy);
    const before: Switch = { from: one("a", 2), phase: "Preparing", since };
    const state: LoopState = {
      rollouts: { s0: { switching: before, setbacks } },
      ...(planning === undefined ? {} : { planning }),
    };
    const decided = tick(planner, {
      ...look({ now, load, running: plan(["b", 4]), state }, ...seen),
      ...(restrictions === undefined ? {} : { restrictions }),
    });
    const switching = decided.state?.rollouts?.["s0"]?.switching;
    assert.deepEqual([switching?.phase, switching?.from.variant, switching?.since], ["Preparing", "a", since]);
    return switching?.from.replicas ?? NaN;
  }

  test("grows to what carries the load planned for, where it is asked for too few", () => {
    assert.equal(wantedOf({ load: 45 }), 5);
    assert.equal(wantedOf({ load: 19 }), 2);
    // Exactly full is too few.
    assert.equal(wantedOf({ load: 20 }), 3);
    assert.equal(wantedOf({ load: 45, rest: { margins: { load: 0.2, serviceTime: 0, throughput: 0 } } }), 6);
    assert.equal(wantedOf({ load: null }), 2);
    // What starts already is asked for.
    assert.equal(wantedOf({ seen: ["a 2/5 2", "b 0/4 0"] }), 5);
  });

  test("what is planned for may be more than comes now", () => {
    const { adaptation } = plannerOf().pipeline;
    const movement = { ...unrestrained, stabilization: 300 };
    const planning = { load: 45, asked: [{ at: 100, load: 45 }], switchedAt: {} };
    const at = (load: number) => wantedOf({ load, planning, rest: { adaptation: { ...adaptation, movement } } });
    assert.equal(at(25), 5);
    // No more than it carries comes now.
    assert.equal(at(19), 2);
  });

  test("the decision that sets a switch out may do so already", () => {
    const at = (cores: number) => {
      const planner = plannerOf({ limits: { replicas: 100, batch: 1, cores } }, variants(fast, slow));
      const decided = tick(planner, look({ now: 10, load: 45, running: plan(["a", 2]) }, "a 2/2 2"));
      assert.equal(told(decided), "b 9 first, Preparing");
      return decided.state?.rollouts?.["s0"]?.switching?.from.replicas;
    };
    assert.equal(at(100), 5);
    // Nine of b, two of a that leave, and one more.
    assert.equal(at(12), 3);
  });

  test("only if that is sooner than enough of the new variant, or these are late", () => {
    // Four of b carry as much as two of a. They are due at 160.
    assert.equal(wantedOf({ now: 149 }), 5);
    assert.equal(wantedOf({ now: 150 }), 2);
    assert.equal(wantedOf({ now: 160 }), 2);
    assert.equal(wantedOf({ now: 161 }), 5);
    // Three are not enough: what is asked for now is due in a minute.
    assert.equal(wantedOf({ now: 150, seen: ["a 2/2 2", "b 0/3 0"] }), 5);
    assert.equal(wantedOf({ now: 150, seen: ["a 2/2 2", "b 2/4 0"] }), 2);
    // What comes as soon is not paid for twice.
    assert.equal(wantedOf({ variants: variants(slow, slow), now: 100 }), 2);
    assert.equal(wantedOf({ variants: variants(slow, slow), now: 161 }), 5);
    assert.equal(wantedOf({ variants: variants({ mean: 1, p90: 60 }, slow), now: 100 }), 2);
    // Start-ups that nobody knows.
    assert.equal(wantedOf({ variants: variants({ mean: 0 }, { mean: 0 }), now: 100 }), 2);
    assert.equal(wantedOf({ variants: variants({ mean: 0 }, { mean: 0 }), now: 110 }), 5);
  });

  test("keeps to all bounds", () => {
    assert.equal(wantedOf({ variants: variants(fast, slow, { maxReplicas: 3 }) }), 3);
    assert.equal(wantedOf({ rest: { limits: { replicas: 4, batch: 1 } }, load: 19 }), 2);
    assert.equal(wantedOf({ restrictions: [{ stage: "s0", replicas: { a: { fewest: 3, most: 3 } } }] }), 3);
    assert.equal(wantedOf({ restrictions: [{ stage: "s0", replicas: { a: { most: 0 } } }] }), 2);
    const cap = { variant: "a", most: 4, failures: 1 };
    assert.equal(wantedOf({ setbacks: [{ ...cap, until: 111 }] }), 4);
    assert.equal(wantedOf({ setbacks: [{ ...cap, until: 110 }] }), 5);
    // Nine of b are planned, and two of a leave.
    for (const [cores, wanted] of [
      [11, 2],
      [12.5, 3],
      [14, 5],
      [20, 5],
    ] as const) {
      assert.equal(wantedOf({ rest: { limits: { replicas: 100, batch: 1, cores } } }), wanted, `${cores} cores`);
    }
    // What stands by holds its cores anyway.
    const standing = variants(fast, slow, { standby: 4 });
    assert.equal(wantedOf({ variants: standing, rest: { limits: { replicas: 100, batch: 1, cores: 13 } } }), 4);
    const movement = { ...unrestrained, scaleUp: { replicas: 1, share: 0.1 } };
    const { adaptation } = plannerOf().pipeline;
    assert.equal(wantedOf({ rest: { adaptation: { ...adaptation, movement } } }), 3);
  });

  test("what a rule decides it leaves alone", () => {
    assert.equal(wantedOf({ policy: "static" }), 2);
  });

  test("keeps what it has until the hand-over, and is not taken over from by less", () => {
    const { said, state } = follow(
      plannerOf({}, variants(fast, slow)),
      plan(["a", 2]),
      [0, 18, "a 2/2 2"],
      [10, 45, "a 2/2 2", "b 0/4 0"],
      // Five of a carry it: so must what takes over.
      [20, 45, "a 5/5 5", "b 4/9 0"],
      [30, 15, "a 5/5 5", "b 2/9 0"],
    );
    assert.deepEqual(said, [
      "b 4 first, Preparing",
      "b 9 load-rose, Preparing",
      "b 9 unchanged, Preparing",
      "b 3 load-fell, Preparing",
    ]);
    assert.equal(state?.rollouts?.["s0"]?.switching?.from.replicas, 5);
  });
});

describe("a switch that is in the way", () => {
  const limits = { replicas: 12, batch: 1 };

  test("is given up, where without it a plan is feasible; nobody failed", () => {
    const { said, state } = follow(
      plannerOf({ limits }, [a(), b()]),
      plan(["a", 2]),
      [10, 20, "a 2/2 2"],
      // Twelve of b carry 60 rps, and of a 120.
      [20, 90, "a 2/2 2", "b 1/4 0"],
      [30, 90, "a 9/9 9"],
      [40, 20, "a 9/9 9"],
    );
    assert.deepEqual(said, ["b 4 first, Preparing", "a 9 load-rose", "a 9 unchanged", "b 4 load-fell, Preparing"]);
    assert.deepEqual(state?.rollouts?.["s0"]?.setbacks, []);
  });

  test("goes on where that would not help, and where the new variant serves", () => {
    const after = (load: number, ...texts: readonly string[]): string | undefined =>
      follow(plannerOf({ limits }, [a(), b()]), plan(["a", 2]), [10, 20, "a 2/2 2"], [20, load, ...texts]).said[1];
    assert.equal(after(60, "a 2/2 2", "b 1/4 0"), "b 12 load-rose, Preparing");
    assert.equal(after(130, "a 2/2 2", "b 1/4 0"), "b 12 best-effort, Preparing");
    assert.equal(after(90, "a 2/2 0", "b 4/4 4"), "b 12 best-effort, Routed");
    // To begin anew is no way around the limit of a step.
    const { adaptation } = plannerOf().pipeline;
    const step = { ...adaptation, movement: { ...unrestrained, scaleUp: { replicas: 1, share: 0.1 } } };
    const stepping = plannerOf({ limits, adaptation: step }, [a(), b()]);
    assert.deepEqual(follow(stepping, plan(["a", 2]), [10, 20, "a 2/2 2"], [20, 45, "a 2/2 2", "b 1/4 0"]).said, [
      "b 4 first, Preparing",
      "b 5 limited, Preparing",
    ]);
    // Ready, and not routed yet.
    assert.equal(after(90, "a 2/2 2", "b 4/4 0"), "a 9 load-rose");
  });

  test("is given up where it would carry less than what serves, and can have no more", () => {
    // Four of a carry 40 rps, and four of b 20: all that fits beside them, and no plan carries 500.
    const planner = plannerOf({ limits: { replicas: 100, batch: 1, cores: 8 } }, [a(), b()]);
    const { said } = follow(
      planner,
      plan(["a", 4]),
      [0, 18, "a 4/4 4"],
      [10, 500, "a 4/4 4", "b 0/4 0"],
      [20, 500, "a 8/8 8", "b 0/0 0"],
    );
    assert.deepEqual(said, ["b 4 first, Preparing", "a 8 best-effort", "a 8 best-effort"]);
  });

  test("another stage's too", () => {
    // 8 cores: what prepares at the first stage leaves the second none.
    const limited = { replicas: 12, batch: 1, cores: 8 };
    const pipeline = pipelineOf([[a(), b()], [a()]], {
      objective: { kind: "weighted", accuracy: "pas", alpha: 100, beta: 1, delta: 0 },
      limits: limited,
    });
    const planner = { ...plannerOf(), pipeline, policy: policyOf(pipeline, "ipa") };
    const state: LoopState = {
      rollouts: { s0: { switching: { from: one("a", 2), phase: "Preparing", since: 0 }, setbacks: [] } },
    };
    const at = (load: number) => {
      const replicas = [
        ...counts("a 2/2 2", "b 0/4 0"),
        ...counts("a 2/2 2").map((count) => ({ ...count, stage: "s1" })),
      ];
      const decided = tick(planner, { ...look({ now: 10, load, running: plan(["b", 4], ["a", 2]), state }), replicas });
      return decided.plan.map(({ variant: name, replicas: n }) => `${name} ${n}`).join(", ");
    };
    assert.equal(at(20), "b 4, a 2");
    assert.equal(at(30), "a 3, a 3");
  });
});

describe("replicas that do not come up", () => {
  const start = plan(["a", 2]);

  test("are asked for all the same where the world leaves nothing else", () => {
    const setbacks = [
      { variant: "b", most: 0, until: 500, failures: 3 },
      { variant: "c", most: 2, until: 500, failures: 1 },
    ];
    const at = (...gone: readonly string[]) => {
      const none = Object.fromEntries(gone.map((name) => [name, { fewest: 0, most: 0 }]));
      const seen = look(
        { now: 10, load: 20, running: plan(["a", 2]), state: { rollouts: { s0: { setbacks } } } },
        "b 0/0 0",
      );
      const { plan: decided } = tick(plannerOf(), { ...seen, restrictions: [{ stage: "s0", replicas: none }] });
      return `${decided[0]?.variant} ${decided[0]?.replicas}`;
    };
    assert.equal(at(), "a 2");
    assert.equal(at("a"), "c 1");
    assert.equal(at("a", "c"), "b 4");
  });

  test("are forgotten with their variant, and a stage's last switch with the stage", () => {
    const setback = { most: 1, until: 500, failures: 1 };
    const setbacks = [
      { ...setback, variant: "b" },
      { ...setback, variant: "gone" },
    ];
    const planning: Planning = { load: 20, asked: [], switchedAt: { gone: 5, s0: 7 } };
    const rollouts = { s0: { setbacks }, gone: { setbacks } };
    const running = plan(["a", 2]);
    const { state } = tick(plannerOf(), look({ now: 10, load: 20, running, state: { planning, rollouts } }, "a 2/2 2"));
    assert.deepEqual(state?.rollouts, { s0: { setbacks: setbacks.slice(0, 1) } });
    assert.deepEqual(state?.planning?.switchedAt, { s0: 7 });
  });

  test("a switch without progress is rolled back, and its variant is barred for longer each time", () => {
    const { said } = follow(
      plannerOf(),
      start,
      [0, 20, "a 2/2 2"],
      [10, 20, "a 2/2 2", "b 0/4 0"],
      // One more is progress.
      [300, 20, "a 2/2 2", "b 1/4 0"],
      [890, 20, "a 2/2 2", "b 1/4 0"],
      [900, 20, "a 2/2 2", "b 1/4 0"],
      [950, 20, "a 2/2 2", "b 0/0 0"],
      [960, 20, "a 2/2 2"],
      [1560, 20, "a 2/2 2", "b 3/4 0"],
      // Here it had moved. Now not.
      [2160, 20, "a 2/2 2", "b 2/4 0"],
    );
    assert.deepEqual(said, [
      "b 4 first, Preparing",
      "b 4 unchanged, Preparing",
      "b 4 unchanged, Preparing",
      "b 4 unchanged, Preparing",
      "a 2 setback; b at most 0 until 960",
      "a 2 unchanged; b at most 0 until 960",
      "b 4 better-plan, Preparing; b at most 0 until 960",
      "b 4 unchanged, Preparing; b at most 0 until 960",
      "a 2 setback; b at most 0 until 2280",
    ]);
  });

  test("refused at a later instant than the one that asked, it is rolled back at once", () => {
    const { said } = follow(
      plannerOf(),
      start,
      [0, 20, "a 2/2 2", "b 0/0 0", "!b"],
      [10, 20, "a 2/2 2", "b 3/4 0", "!b"],
    );
    assert.deepEqual(said, ["b 4 first, Preparing", "a 2 setback; b at most 0 until 70"]);
  });

  test("of a scale-up as many are kept as are ready, and more are tried when the time is over", () => {
    const { said } = follow(
      plannerOf({}, [b()]),
      plan(["b", 4]),
      [0, 40, "b 4/4 4"],
      [10, 40, "b 6/8 6", "!b"],
      [20, 40, "b 6/6 6"],
      // Fewer for another reason.
      [30, 20, "b 6/6 6"],
      [40, 40, "b 4/6 4"],
      [70, 40, "b 6/6 6"],
      [80, 40, "b 7/8 7", "!b"],
      [199, 40, "b 7/7 7"],
      [200, 40, "b 7/7 7"],
      [210, 40, "b 8/8 8"],
    );
    assert.deepEqual(said, [
      "b 8 first",
      "b 6 best-effort; b at most 6 until 70",
      "b 6 best-effort; b at most 6 until 70",
      "b 4 load-fell; b at most 6 until 70",
      "b 6 best-effort; b at most 6 until 70",
      "b 8 better-plan; b at most 6 until 70",
      "b 7 best-effort; b at most 7 until 200",
      "b 7 best-effort; b at most 7 until 200",
      "b 8 better-plan; b at most 7 until 200",
      // It has come up: all is forgotten.
      "b 8 unchanged",
    ]);
  });

  test("the back-off doubles up to an hour, failures count for a day, and one that was never up is barred", () => {
    let [state, now]: [LoopState | null, number] = [null, 0];
    const planner = plannerOf({ rollout: { progressDeadline: 1e6, drain: 30 } }, [b()]);
    const untils: number[] = [];
    for (let k = 0; k < 9; k++) {
      const asked = tick(planner, look({ now, load: 20, running: plan(["b", 4]), state }, "b 0/4 0"));
      const refused = look({ now: now + 10, load: 20, running: asked.plan, state: asked.state });
      const after = tick(planner, { ...refused, replicas: [{ ...counts("b 0/4 0")[0]!, refused: "Unschedulable" }] });
      // What runs is held: there is nothing else.
      assert.deepEqual([after.plan, after.reason], [plan(["b", 4]), "held-infeasible"]);
      const [setback] = after.state?.rollouts?.["s0"]?.setbacks ?? [];
      assert.ok(setback !== undefined && setback.most === 0 && setback.failures === k + 1);
      untils.push(setback.until - now - 10);
      // As long as nothing was tried again, nothing fails again.
      const again = tick(planner, {
        ...refused,
        now: now + 20,
        state: after.state,
        replicas: [{ ...counts("b 0/4 0")[0]!, refused: "Quota" }],
      });
      assert.deepEqual(again.state?.rollouts?.["s0"]?.setbacks, [setback]);
      [state, now] = [after.state, setback.until];
    }
    assert.deepEqual(untils, [60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]);
    const later = (seconds: number) =>
      tick(planner, look({ now: now + seconds, load: 20, running: plan(["b", 4]), state }, "b 0/4 0")).state
        ?.rollouts?.["s0"];
    assert.equal(later(86_399)?.setbacks.at(-1)?.failures, 9);
    assert.deepEqual(later(86_400)?.setbacks, []);
  });

  test("a switch that is ready and is never routed is rolled back, and its variant is barred", () => {
    const { said } = follow(
      plannerOf(),
      start,
      [0, 20, "a 2/2 2"],
      [10, 20, "a 2/2 2", "b 5/5 0"],
      [600, 20, "a 2/2 2", "b 5/5 0"],
      [610, 20, "a 2/2 2", "b 5/5 0"],
    );
    assert.deepEqual(said, [
      "b 4 first, Preparing",
      "b 4 unchanged, Ready",
      "b 4 unchanged, Ready",
      "a 2 setback; b at most 0 until 670",
    ]);
  });

  test("a switch that is ready waits for whoever controls: time in which nobody does is none", () => {
    const ready: Rollouts = {
      s0: { switching: { from: one("a", 4), phase: "Ready", since: 100 }, setbacks: [] },
      s1: { switching: { from: one("a", 4), phase: "Preparing", since: 100 }, setbacks: [] },
    };
    const since = (rollouts: Rollouts): unknown => Object.values(rollouts).map(({ switching }) => switching?.since);
    // Replicas start whoever looks.
    assert.deepEqual(since(afterGap(ready, 700)), [800, 100]);
    assert.deepEqual(since(unwatched(ready, 900)), [900, 100]);
    const state = { rollouts: afterGap({ s0: ready["s0"] ?? { setbacks: [] } }, 700) };
    const seen = look({ now: 805, load: 12, running: plan(["b", 4]), state }, "a 4/4 4", "b 4/4 0");
    assert.equal(told(tick(plannerOf({}, [a(), b()]), seen)), "b 3 first, Ready");
  });

  test("what never gets ready is given up, however the number wanted changes meanwhile", () => {
    const planner = plannerOf({}, [a(), b()]);
    let [state, running]: [LoopState | null, Plan] = [null, plan(["a", 5])];
    const reasons: string[] = [];
    for (let now = 0; now <= 1200; now += 10) {
      const up = running[0]?.variant === "b" ? running[0].replicas : 0;
      const load = now % 400 < 200 ? 40 : 12;
      const decision = tick(planner, look({ now, load, running, state }, "a 5/5 5", `b 0/${up} 0`));
      ({ state, plan: running } = decision);
      reasons.push(decision.reason);
    }
    // The deadline is 600 s, and then it is barred for a minute.
    assert.equal(reasons.indexOf("setback"), 60);
  });

  test("a switch that all are ready for, and that are too few, is given up", () => {
    // Half of what comes is predicted: three of b, which carry 15 rps, while four of a carry 30.
    const planner: Planner = { ...plannerOf({}, [a(), b()]), predictor: () => 15 };
    const all = (now: number) => [now, 30, "a 4/4 4", "b 3/3 0"] as const;
    const { said } = follow(planner, plan(["a", 4]), [0, 30, "a 4/4 4"], all(10), all(600), all(610), all(620));
    assert.deepEqual(said, [
      "b 3 first, Preparing",
      "b 3 unchanged, Preparing",
      "b 3 unchanged, Preparing",
      "a 2 setback; b at most 0 until 670",
      "a 2 unchanged; b at most 0 until 670",
    ]);
  });

  test("what gets ready one by one is not given up, however many more are wanted by then", () => {
    const planner = plannerOf({}, [a()]);
    let [state, running]: [LoopState | null, Plan] = [null, plan(["a", 2])];
    for (let now = 0; now <= 3000; now += 10) {
      const up = 2 + Math.floor(now / 300);
      const load = 19 + now / 25;
      const wanted = running[0]?.replicas ?? 0;
      const decision = tick(planner, look({ now, load, running, state }, `a ${up}/${Math.max(up, wanted)} ${up}`));
      ({ state, plan: running } = decision);
      assert.notEqual(decision.reason, "setback", `at ${now}`);
    }
  });

  test("a switch that is ready or over is not rolled back for what is still missing", () => {
    const planner = plannerOf({}, [a(), b()]);
    const { said } = follow(
      planner,
      start,
      [0, 20, "a 2/2 2"],
      [10, 40, "a 2/2 2", "b 1/4 0"],
      [20, 20, "a 2/2 2", "b 5/8 0"],
      [30, 20, "b 5/5 5"],
      [40, 40, "b 5/5 5"],
      [50, 40, "b 5/8 5", "!b"],
    );
    assert.deepEqual(said.slice(1, 3), ["b 8 load-rose, Preparing", "b 4 load-fell, Ready"]);
    // As many are kept as are ready; a, which carries all, is switched to.
    assert.equal(said[5], "a 4 setback, Preparing; b at most 5 until 110");
  });
});

describe("cores", () => {
  test("while a stage switches both are up: where both do not fit it stays", () => {
    // a needs 2 cores for 20 rps, b 4.
    const at = (cores: number) =>
      told(
        tick(
          plannerOf({ limits: { replicas: 9, batch: 1, cores } }),
          look({ now: 0, load: 20, running: plan(["a", 2]) }, "a 2/2 2"),
        ),
      );
    assert.equal(at(6), "b 4 first, Preparing");
    assert.equal(at(5), "a 2 unchanged");
    // Nothing runs yet: there is nothing beside.
    assert.equal(
      told(
        tick(
          plannerOf({ limits: { replicas: 9, batch: 1, cores: 4 } }),
          look({ now: 0, load: 20, running: [] }, "b 0/0 0"),
        ),
      ),
      "b 4 first",
    );
  });

  test("what is left until the old ones are gone is less by theirs", () => {
    const { said } = follow(
      plannerOf({ limits: { replicas: 9, batch: 1, cores: 7 } }, [a(), b()]),
      plan(["a", 2]),
      [10, 20, "a 2/2 2"],
      // Five of b fit beside two of a, seven alone. Nor does a carry that much.
      [20, 80, "a 2/2 2", "b 0/4 0"],
      [30, 35, "a 2/2 0", "b 5/5 5"],
      [60, 35, "b 5/5 5"],
    );
    assert.deepEqual(said, [
      "b 4 first, Preparing",
      "b 5 best-effort, Preparing",
      "b 5 best-effort, Routed",
      "b 7 better-plan",
    ]);
  });

  test("the nearest plan is one that can be gone over to, too", () => {
    // Neither carries 400 rps with 12 cores. c would carry the most, but not beside a.
    const budget = { limits: { replicas: 20, batch: 1, cores: 12 } };
    const at = (running: Plan) => told(tick(plannerOf(budget), look({ now: 0, load: 400, running }, "a 2/2 2")));
    assert.equal(at(plan(["a", 7])), "a 12 best-effort");
    assert.equal(at(plan(["a", 2])), "c 10 best-effort, Preparing");
  });
});

describe("a new variant that loses readiness once it serves", () => {
  const begun = [
    [10, 20, "a 3/3 3"],
    [20, 20, "a 3/3 3", "b 5/5 0"],
    [30, 20, "a 3/3 0", "b 5/5 5"],
  ] as const;

  test("the requests go back, and it is barred for a while once they have", () => {
    const { said } = follow(
      plannerOf({}, [a(), b()]),
      plan(["a", 3]),
      ...begun,
      [40, 20, "a 3/3 0", "b 5/5 5"],
      [50, 20, "a 3/3 0", "b 2/5 2"],
      [60, 20, "a 3/3 3", "b 5/5 0"],
      [70, 20, "a 3/3 3"],
      [120, 20, "a 3/3 3"],
    );
    assert.deepEqual(said, [
      "b 4 first, Preparing",
      "b 4 unchanged, Ready",
      "b 4 unchanged, Routed",
      "b 4 unchanged, Draining",
      "b 4 unchanged, Returning",
      "a 2 setback; b at most 0 until 120",
      "a 2 unchanged; b at most 0 until 120",
      "b 4 better-plan, Preparing; b at most 0 until 120",
    ]);
  });

  test("where only more of it are needed the requests go back, and it is not barred", () => {
    const { said } = follow(
      plannerOf({}, [a(), b()]),
      plan(["a", 9]),
      [10, 20, "a 9/9 9"],
      [20, 20, "a 9/9 9", "b 5/5 0"],
      [30, 20, "a 9/9 0", "b 5/5 5"],
      [40, 60, "a 9/9 0", "b 5/5 5"],
      [50, 60, "a 9/9 9", "b 5/13 0"],
      [60, 60, "a 9/9 9", "b 13/13 0"],
      [70, 60, "a 9/9 0", "b 13/13 13"],
    );
    assert.deepEqual(
      said.map((text) => text.split(", ")[1]),
      ["Preparing", "Ready", "Routed", "Returning", "Preparing", "Ready", "Routed"],
    );
  });

  test("nor where nobody looked in between, while more of it were coming", () => {
    const planner = plannerOf({}, [a(), b()]);
    const { state } = follow(
      planner,
      plan(["a", 9]),
      [10, 20, "a 9/9 9"],
      [20, 20, "a 9/9 9", "b 5/5 0"],
      [30, 20, "a 9/9 0", "b 5/5 5"],
      [40, 60, "a 9/9 9", "b 5/5 0"],
    );
    const progress = { variant: "b", replicas: 13, ready: 5, since: 40 };
    for (const phase of ["Ready", "Routed"] as const) {
      const switching = { from: one("a", 9), phase, since: 30 };
      const rollouts = unwatched({ s0: { switching, progress, setbacks: [] } }, 50);
      const at = (now: number) =>
        look({ now, load: 60, running: plan(["b", 13]), state: { ...state, rollouts } }, "a 9/9 0", "b 5/13 5");
      const decision = tick(planner, at(60));
      assert.match(told(decision), /^b \d+ .*, Returning$/);
      assert.equal(decision.state?.rollouts?.["s0"]?.switching?.lost, undefined);
      // What comes unseen is not taken for refused, nor given up.
      const unseen = {
        ...at(50),
        replicas: counts("a 9/9 0", "b 5/13 5").map((one) => ({ ...one, refused: "Quota" as const })),
      };
      assert.doesNotMatch(told(tick(planner, unseen)), /setback|at most/);
    }
  });

  test("where it is ready again, and what the requests went back to is not whole, it serves again", () => {
    const { said } = follow(
      plannerOf({}, [a(), b()]),
      plan(["a", 3]),
      ...begun,
      [50, 20, "a 3/3 0", "b 2/5 2"],
      [60, 20, "a 1/3 1", "b 5/5 0"],
      [70, 20, "a 1/3 0", "b 5/5 5"],
    );
    assert.deepEqual(
      said.slice(3).map((text) => text.split(", ")[1]),
      ["Returning", "Ready", "Routed"],
    );
  });

  test("nothing of the old variant goes while neither is ready, and none of its replicas that are more than were planned", () => {
    const { said, state } = follow(
      plannerOf(),
      plan(["a", 3]),
      ...begun,
      [60, 20, "a 0/3 0", "b 0/5 0"],
      [90, 20, "a 0/3 0", "b 0/5 0"],
      [100, 20, "a 4/4 0", "b 1/5 1"],
    );
    assert.deepEqual(
      said.slice(3).map((text) => text.split(", ")[1]),
      ["Routed", "Routed", "Returning"],
    );
    assert.equal(state?.rollouts?.["s0"]?.switching?.from.replicas, 4);
  });

  test("what comes and goes is barred for longer each time", () => {
    // Up for a minute; then, once it serves, down for one. Each next try begins once the back-off is over.
    const { failed } = switchingTo((now) => now % 120 < 60, 3000);
    assert.deepEqual(failed.slice(0, 4), ["1 until 130", "2 until 310", "3 until 670", "4 until 1270"]);
  });

  test("so is what is well only as long as it does not serve, be it for a while or not even until somebody looks", () => {
    for (const [lasts, routes] of [
      [20, [10, 30, 110, 130, 270, 290, 550, 570]],
      [5, [10, 20, 100, 110, 250, 260, 520, 530]],
    ] as const) {
      const found = switchingTo((now, servesSince) => servesSince === null || now - servesSince < lasts, 650);
      assert.deepEqual(found.routes, routes);
      assert.equal(found.failed.length, 4);
    }
  });

  /** A switch to `b`, whose Pods are all ready or none: when requests were led elsewhere, seconds, and what was given up. */
  function switchingTo(isUpAt: (now: number, servesSince: number | null) => boolean, until: number) {
    const planner = plannerOf({}, [a(), b()]);
    let [state, running]: [LoopState | null, Plan] = [null, plan(["a", 3])];
    let route = "a";
    let servesSince: number | null = null;
    const [failed, routes] = [new Set<string>(), new Array<number>()];
    for (let now = 0; now <= until; now += 10) {
      const b = running[0]?.variant === "b" ? running[0].replicas : 0;
      const isUp = isUpAt(now, servesSince);
      const seen = [`a 3/3 ${route === "a" ? 3 : 0}`, `b ${isUp ? b : 0}/${b} ${isUp && route === "b" ? b : 0}`];
      const decision = tick(
        { ...planner, pipeline: { ...planner.pipeline, rollout: { progressDeadline: 600, drain: 70 } } },
        look({ now, load: 20, running, state }, ...seen),
      );
      ({ state, plan: running } = decision);
      const { switching, setbacks = [] } = state?.rollouts?.["s0"] ?? {};
      const serves =
        switching === undefined
          ? (running[0]?.variant ?? "")
          : /Ready|Routed|Draining/.test(switching.phase)
            ? "b"
            : "a";
      if (serves !== route) routes.push(now);
      if (serves !== route) servesSince = serves === "b" ? now : null;
      route = serves;
      const [setback] = setbacks;
      if (setback !== undefined) failed.add(`${setback.failures} until ${setback.until}`);
    }
    return { routes, failed: [...failed] };
  }

  test("the deadline and the drain time count only while somebody looks", () => {
    const of = (phase: Switch["phase"]) => ({
      s0: { switching: { from: one("a", 4), phase, since: 100 }, setbacks: [] },
    });
    const since = (rollouts: Rollouts) => rollouts["s0"]?.switching?.since;
    assert.equal(since(afterGap(of("Preparing"), 700)), 100);
    assert.equal(since(afterGap(of("Routed"), 700)), 800);
    assert.equal(since(afterGap(of("Draining"), 700)), 100);
    assert.equal(since(unwatched(of("Draining"), 900)), 900);
  });

  test("what serves is led back before the switch is given up for a third variant", () => {
    const switching = { from: one("a", 3), phase: "Draining", since: 0 } as const;
    const at = (...texts: readonly string[]) => {
      const state = { rollouts: { s0: { switching, setbacks: [] } } };
      const restrictions = [{ stage: "s0", variants: ["a", "c"] }];
      return told(
        tick(plannerOf(), { ...look({ now: 700, load: 20, running: plan(["b", 5]), state }, ...texts), restrictions }),
      );
    };
    assert.match(at("a 3/3 0", "b 1/5 1"), /^b .*, Returning/);
    assert.equal(at("a 3/3 0", "b 0/5 0"), "a 2 first");
  });
});

test("a switch whose Service cannot be changed is given up at the deadline, while what serves has any that are ready", () => {
  const at = (serving: string) => {
    const switching = { from: one("a", 3), phase: "Ready", since: 100 } as const;
    const state = { rollouts: { s0: { switching, setbacks: [] } } };
    const seen = look({ now: 700, load: 20, running: plan(["b", 4]), state }, serving, "b 4/4 0");
    return told(tick(plannerOf({}, [a(), b()]), seen));
  };
  assert.match(at("a 1/3 1"), /^a 2 .*; b at most 0 until 760$/);
  assert.match(at("a 0/3 0"), /^b 4 .*, Ready/);
});

describe("what is remembered of another pipeline or clock", () => {
  test("is forgotten, part by part", () => {
    const from = one("a", 3);
    const good: StageRollout = {
      switching: { from, phase: "Preparing", since: 5 },
      progress: { variant: "b", replicas: 4, ready: 1, since: 6 },
      setbacks: [{ variant: "c", most: 0, until: 400, failures: 1 }],
    };
    const kept = (rollouts: unknown) => {
      const state = { rollouts } as LoopState;
      return tick(plannerOf(), look({ now: 10, load: 20, running: plan(["b", 4]), state }, "a 3/3 3", "b 1/4 0")).state
        ?.rollouts;
    };
    assert.deepEqual(kept({ s0: good, gone: good }), { s0: good });
    const found = { from, phase: "Preparing", since: 10 };
    for (const switching of [
      { from, phase: "Halfway", since: 5 },
      { from: one("gone", 2), phase: "Preparing", since: 5 },
      { from: { ...from, stage: "s1" }, phase: "Preparing", since: 5 },
      { from: { ...from, replicas: -1 }, phase: "Preparing", since: 5 },
      { from, phase: "Preparing", since: 11 },
      { phase: "Preparing", since: 5 },
      { from, phase: "Preparing", since: 5, lost: 1 },
      undefined,
      null,
    ]) {
      assert.deepEqual(kept({ s0: { ...good, switching } })?.["s0"]?.switching, found);
    }
    for (const progress of [{ ...good.progress, since: 11 }, { ...good.progress, variant: "gone" }, null]) {
      assert.equal(kept({ s0: { ...good, progress } })?.["s0"]?.progress?.since, 10);
    }
    const [setback] = good.setbacks;
    for (const wrong of [
      { ...setback, variant: "gone" },
      { ...setback, most: -1 },
      { ...setback, until: 3611 },
      null,
    ]) {
      assert.deepEqual(kept({ s0: { ...good, setbacks: [wrong] } })?.["s0"]?.setbacks, []);
    }
    for (const rollout of [null, 7, { ...good, setbacks: null }])
      assert.deepEqual(kept({ s0: rollout })?.["s0"]?.setbacks, []);
    for (const rollouts of [null, 7, []]) assert.deepEqual(kept(rollouts)?.["s0"]?.switching, found);
  });
});
