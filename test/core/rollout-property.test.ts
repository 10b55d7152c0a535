import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { LoopState } from "../../src/core/cluster.ts";
import { decide, type Planner } from "../../src/core/decide.ts";
import { tick } from "../../src/core/loop.ts";
import type { Plan, StagePlan } from "../../src/core/plan.ts";
import { policyOf } from "../../src/core/policies.ts";
import { reactive } from "../../src/core/predictors/simple.ts";
import { paper } from "../../src/core/queueing/paper.ts";
import { rollOut, type Targets } from "../../src/core/rollout.ts";
import { exhaustive } from "../../src/solver/exhaustive.ts";
import { pipelineOf, variant } from "../fixtures.ts";

// A controller that may be killed between any two of its acts, and forget what it likes, on a cluster where replicas come up,
// or do not, or fail.

const variants = [
  variant("a", { 1: 0.1 }, { accuracy: 0.5 }),
  variant("b", { 1: 0.2 }, { accuracy: 0.9 }),
  variant("c", { 1: 0.05 }, { accuracy: 0.3, standby: 2 }),
];
/** Requests per second of a replica. */
const RATES: Readonly<Record<string, number>> = { a: 10, b: 5, c: 20 };
function plannerOf(startUps: readonly number[]): Planner {
  const all = variants.map((one, v) => ({ ...one, startUp: { mean: startUps[v] ?? 0 } }));
  const pipeline = pipelineOf([all], {
    objective: { kind: "weighted", accuracy: "pas", alpha: 60, beta: 1, delta: 0 },
    limits: { replicas: 12, batch: 1 },
    rollout: { progressDeadline: 50, drain: 30 },
  });
  return { pipeline, policy: policyOf(pipeline, "ipa"), predictor: reactive, queueing: paper, solver: exhaustive };
}
const planner = plannerOf([]);
const planners = [planner, plannerOf([5, 40, 2]), plannerOf([40, 20, 30])];
const [stage] = planner.pipeline.stages;
assert.ok(stage !== undefined);

interface World {
  now: number;
  /** By variant. */
  readonly ready: number[];
  readonly starting: number[];
  /** The variant that is sent the requests. */
  route: number;
  /** What was written down. */
  running: Plan;
  state: LoopState | null;
}

type Forgets = "nothing" | "everything" | "state" | "rollouts" | "switching" | "phase" | "from" | "progress";

interface Step {
  readonly load: number | null;
  readonly forgets: Forgets;
  readonly refused: readonly boolean[];
  /** In which order it acts (three variants, then the route), and how often before it is killed; whether it has written down what it wants. */
  readonly acts: readonly number[];
  readonly before: number;
  readonly writes: boolean;
  /** Then, by variant: shares of the starting ones that are up, and of the ready ones that fail. */
  readonly up: readonly number[];
  readonly down: readonly number[];
}

const ofEach = (share: fc.Arbitrary<number>) => fc.array(share, { minLength: 3, maxLength: 3 });
const step: fc.Arbitrary<Step> = fc.record({
  load: fc.constantFrom(10, 20, 20, 40, 90, 130, 200, null),
  forgets: fc.constantFrom<Forgets[]>(
    "nothing",
    "nothing",
    "nothing",
    "everything",
    "state",
    "rollouts",
    "switching",
    "phase",
    "from",
    "progress",
  ),
  refused: fc.array(fc.constantFrom(false, false, false, true), { minLength: 3, maxLength: 3 }),
  acts: fc.shuffledSubarray([0, 1, 2, 3], { minLength: 4 }),
  before: fc.constantFrom(0, 1, 2, 3, 4, 4, 4),
  writes: fc.constantFrom(true, true, true, false),
  up: ofEach(fc.constantFrom(0, 0.3, 1)),
  down: ofEach(fc.constantFrom(0, 0, 0, 0.5, 1)),
});

/** What is left of a state. */
function forget(state: LoopState | null, what: Forgets): LoopState | null {
  const left = structuredClone(state) as {
    rollouts?: { s0?: { switching?: Record<string, unknown>; progress?: unknown } };
  } | null;
  const rollout = left?.rollouts?.s0;
  if (what === "state" || what === "everything") return null;
  if (what === "rollouts") delete left?.rollouts;
  if (what === "switching") delete rollout?.switching;
  if (what === "progress") delete rollout?.progress;
  if (what === "phase" || what === "from") delete rollout?.switching?.[what];
  return left as LoopState | null;
}

interface Turn {
  readonly wanted: StagePlan | undefined;
  readonly targets: Targets;
  /** Replicas that served when it was decided. */
  readonly served: number;
}

/** One turn of the controller and of the world. */
function turn(world: World, { load, forgets, refused, acts, before, writes, up, down }: Step, by = planner): Turn {
  world.now += 10;
  const { now, ready, starting } = world;
  const served = ready[world.route] ?? 0;
  const decision = tick(by, {
    now,
    load: { end: now, step: 1, rates: [load] },
    running: forgets === "everything" ? [] : world.running,
    replicas: variants.map(({ name }, v) => ({
      stage: "s0",
      variant: name,
      ready: ready[v] ?? 0,
      starting: starting[v] ?? 0,
      serving: v === world.route ? served : 0,
      ...(refused[v] ? { refused: "Unschedulable" as const } : {}),
    })),
    stages: [],
    state: forget(world.state, forgets),
  });
  const [plan] = decision.plan;
  if (plan === undefined) return { wanted: undefined, targets: { serving: "", targets: [] }, served };
  const targets = rollOut(stage!, plan, decision.state?.rollouts?.["s0"]);
  if (writes) Object.assign(world, { running: decision.plan, state: decision.state });
  for (const act of acts.slice(0, before)) {
    if (act === 3) world.route = variants.findIndex(({ name }) => name === targets.serving);
    else scale(world, act, targets.targets[act]?.replicas ?? 0);
  }
  variants.forEach((_, v) => {
    const [comes, goes] = [Math.ceil((up[v] ?? 0) * starting[v]!), Math.floor((down[v] ?? 0) * ready[v]!)];
    ready[v]! += comes - goes;
    starting[v]! += goes - comes;
  });
  return { wanted: plan, targets, served };
}

function scale({ ready, starting }: World, v: number, replicas: number): void {
  ready[v] = Math.min(ready[v]!, replicas);
  starting[v] = replicas - ready[v];
}

function begin(): World {
  const running = decide(planner, 20, []).plan;
  const route = variants.findIndex(({ name }) => name === running[0]?.variant);
  const ready = variants.map(({ standby = 0 }, v) => Math.max(standby, v === route ? (running[0]?.replicas ?? 0) : 0));
  return { now: 0, ready, starting: [0, 0, 0], route, running, state: null };
}

const calm: Step = {
  load: 20,
  forgets: "nothing",
  refused: [],
  acts: [0, 1, 2, 3],
  before: 4,
  writes: true,
  up: [1, 1, 1],
  down: [],
};

const steps = fc.array(step, { minLength: 5, maxLength: 40, size: "max" });

test("never break before make: what serves keeps its replicas until enough of another variant are ready and it serves", () => {
  const seen = { kept: 0, grown: 0, routed: 0, rolledBack: 0 };
  fc.assert(
    fc.property(steps, fc.constantFrom(...planners), (all, by) => {
      const world = begin();
      for (const one of all) {
        const [route, ready, running] = [world.route, [...world.ready], world.running];
        const asked = ready[route]! + world.starting[route]!;
        const { wanted, targets: wants, served } = turn(world, one, by);
        const old = variants[route]?.name;
        if (wants.targets.length === 0 || served === 0) continue;
        if (running.length > 0 && running[0]?.variant !== old && wanted?.variant === old) seen.rolledBack++;
        if (wants.serving !== old) {
          seen.routed++;
          const next = variants.findIndex(({ name }) => name === wants.serving);
          assert.ok(ready[next]! > 0, `${wants.serving} is to serve, and none is ready`);
        }
        // Its own scale-down aside, which the load asks for.
        if (wanted?.variant === old) continue;
        const kept = wants.targets[route]?.replicas ?? 0;
        assert.ok(kept >= served, `${old} served with ${served}, and ${kept} are to be left: ${JSON.stringify(wants)}`);
        seen.kept++;
        if (kept > asked) seen.grown++;
      }
    }),
    { numRuns: 1500, seed: 20_240_612, endOnFailure: true },
  );
  assert.ok(seen.kept > 3000 && seen.routed > 1000 && seen.rolledBack > 200 && seen.grown > 300, JSON.stringify(seen));
});

test("what takes over carries the load, or as much as what served, if the load is known", () => {
  const seen = { carries: 0, asMuch: 0, allPlanned: 0, back: 0 };
  fc.assert(
    fc.property(steps, fc.constantFrom(...planners), (all, by) => {
      const world = begin();
      for (const one of all) {
        const [route, ready] = [world.route, [...world.ready]];
        const { wanted, targets: wants, served } = turn(world, one, by);
        const old = variants[route]?.name ?? "";
        if (wants.targets.length === 0 || wants.serving === old || served === 0) continue;
        const next = ready[variants.findIndex(({ name }) => name === wants.serving)]!;
        const [before, after] = [served * RATES[old]!, next * RATES[wants.serving]!];
        if (wants.serving !== wanted?.variant) {
          // Back to what the switch came from.
          assert.ok(after > before, `${old} ${served} back to ${wants.serving} ${next}`);
          seen.back++;
        } else if (one.load === null) {
          const all = wanted?.replicas ?? NaN;
          assert.ok(next >= all, `${old} ${served} to ${wants.serving} ${next} of ${all}, and nobody knows the load`);
          seen.allPlanned++;
        } else if (after >= one.load) seen.carries++;
        else {
          assert.ok(after >= before, `${old} ${served} to ${wants.serving} ${next} at ${one.load} rps`);
          seen.asMuch++;
        }
      }
    }),
    { numRuns: 1500, seed: 20_240_614, endOnFailure: true },
  );
  const { carries, asMuch, allPlanned, back } = seen;
  assert.ok(carries > 1000 && asMuch > 1000 && allPlanned > 0 && back > 50, JSON.stringify(seen));
});

test("whatever was forgotten and wherever it was killed, it ends in the same targets", () => {
  const load = fc.constantFrom(10, 20, 40, 90, 130, 200);
  const ends = new Set<string>();
  fc.assert(
    fc.property(fc.array(step, { maxLength: 25, size: "max" }), load, fc.constantFrom(...planners), (all, last, by) => {
      const world = begin();
      for (const one of all) turn(world, one, by);
      // All that was barred is no longer.
      world.now += 2 * 86_400;
      for (let k = 0; k < 20; k++) turn(world, { ...calm, load: last }, by);
      const { targets: wants } = turn(world, { ...calm, load: last }, by);
      const best = decide(planner, last, []).plan[0];
      assert.ok(best !== undefined);
      assert.deepEqual(wants, rollOut(stage!, best, undefined));
      assert.deepEqual([variants[world.route]?.name, world.starting], [best.variant, [0, 0, 0]]);
      const { switching, progress } = world.state?.rollouts?.["s0"] ?? {};
      assert.deepEqual([switching, progress], [undefined, undefined]);
      ends.add(best.variant);
    }),
    { numRuns: 600, seed: 20_240_613, endOnFailure: true },
  );
  assert.equal(ends.size, 3);
});

test("Pods that lose readiness, at any time: what serves carries the load, or as much as what the switch came from, and what was well is not barred", () => {
  const two = plannerOf([]);
  const pipeline = {
    ...two.pipeline,
    stages: two.pipeline.stages.map((one) => ({ ...one, variants: variants.slice(0, 2) })),
  };
  const by = { ...two, pipeline };
  const [only] = pipeline.stages;
  assert.ok(only !== undefined);
  const names = ["a", "b"] as const;
  /** Of a variant: how many Pods would be ready, were they asked for. */
  const healthy = fc.oneof({ arbitrary: fc.constant(12), weight: 9 }, fc.constantFrom(0, 1, 2, 4));
  const moment = fc.record({
    load: fc.constantFrom(20, 20, 20, 20, 40, 90),
    healthy: fc.tuple(healthy, healthy),
    /** Of four acts: what goes up, the route, what goes down. */
    acts: fc.constantFrom(3, 3, 3, 3, 0, 1, 2),
  });
  const seen = { back: 0, kept: 0, over: 0, barred: 0 };
  fc.assert(
    fc.property(fc.array(moment, { minLength: 10, maxLength: 60, size: "max" }), (moments) => {
      let [running, state]: [Plan, LoopState | null] = [decide(by, 20, []).plan, null];
      let route: "a" | "b" = running[0]?.variant === "a" ? "a" : "b";
      const asked = { a: 0, b: 0, [route]: running[0]?.replicas ?? 0 };
      const unwell = new Set<string>();
      moments.forEach(({ load, healthy, acts }, k) => {
        const ready = (name: "a" | "b"): number => Math.min(asked[name], healthy[name === "a" ? 0 : 1]);
        const carried = (name: "a" | "b"): number => ready(name) * (RATES[name] ?? 0);
        const before = state?.rollouts?.["s0"]?.switching;
        // A route that is not made in time bars, too.
        const isLate = before?.phase === "Ready" && 10 * (k + 1) - before.since >= by.pipeline.rollout.progressDeadline;
        for (const name of names) if (ready(name) < asked[name] || isLate) unwell.add(name);
        // What serves, and what a switch comes from, which may serve again.
        const best = Math.max(...names.filter((name) => name === route || name === before?.from.variant).map(carried));
        // Once a switch is over the old variant goes, whatever becomes of the new one.
        const most = before === undefined ? carried(route) : Math.max(...names.map(carried));
        const now = 10 * (k + 1);
        ({ plan: running, state } = tick(by, {
          now,
          load: { end: now, step: 1, rates: [load] },
          running,
          replicas: names.map((name) => ({
            stage: "s0",
            variant: name,
            ready: ready(name),
            starting: asked[name] - ready(name),
            serving: name === route ? ready(name) : 0,
          })),
          stages: [],
          state: structuredClone(state),
        }));
        const [plan] = running;
        assert.ok(plan !== undefined);
        const rollout = state?.rollouts?.["s0"];
        const { serving, targets } = rollOut(only, plan, rollout);
        const wanted = { a: targets[0]?.replicas ?? 0, b: targets[1]?.replicas ?? 0 };
        const told = (): string =>
          `${now} s: ${JSON.stringify({ load, route, serving, asked, wanted, healthy, before, rollout })}`;
        if (acts > 0) for (const name of names) asked[name] = Math.max(asked[name], wanted[name]);
        if (acts > 1 && ready(serving === "a" ? "a" : "b") > 0) route = serving === "a" ? "a" : "b";
        if (acts > 2 && route === serving) Object.assign(asked, wanted);
        if (acts > 1) assert.ok(carried(route) >= Math.min(load, best), told());
        if (acts > 1 && carried(route) === 0) assert.ok(most < load, told());
        for (const { variant: barred } of rollout?.setbacks ?? []) assert.ok(unwell.has(barred), told());
        if (rollout?.switching?.phase === "Returning") seen.back++;
        if (before?.phase === "Draining" && rollout?.switching?.phase === "Routed") seen.kept++;
        if (before?.phase === "Draining" && rollout?.switching === undefined) seen.over++;
        if ((rollout?.setbacks.length ?? 0) > 0) seen.barred++;
      });
    }),
    { numRuns: 1500, seed: 20_240_615, endOnFailure: true },
  );
  assert.ok(seen.back > 1000 && seen.over > 1000 && seen.barred > 1000 && seen.kept > 0, JSON.stringify(seen));
});
