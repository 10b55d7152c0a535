import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Observation } from "../../src/core/cluster.ts";
import type { Pipeline, Variant } from "../../src/core/pipeline.ts";
import type { Planner } from "../../src/core/decide.ts";
import { tick } from "../../src/core/loop.ts";
import { policyOf } from "../../src/core/policies.ts";
import { paper } from "../../src/core/queueing/paper.ts";
import type { Run } from "../../src/core/run-log.ts";
import { exhaustive } from "../../src/solver/exhaustive.ts";
import { draws, pipelineOf, plan, scenarioOf, script, variant } from "../fixtures.ts";
import { both } from "./both.ts";

// S12 where the cluster is full, sentence by sentence, worked by hand. Ticks are at 4, 8, 12; service takes a second unless
// a test says otherwise, and a start-up as well.

function sized(name: string, coresPerReplica: number, rest: Partial<Variant> = {}): Variant {
  return variant(name, { 1: 1 }, { coresPerReplica, startUp: { mean: 1 }, ...rest });
}

function every4(...stages: readonly (readonly Variant[])[]): Pipeline {
  return pipelineOf(stages, { adaptation: { ...pipelineOf([]).adaptation, interval: 4 } });
}

/** "start–end variant" of every visit of a stage, in queue order. */
function servedAt({ visitRecords: visits }: Run, stage: number): string[] {
  assert.ok(visits);
  return [...visits.stage.keys()]
    .filter((row) => visits.stage[row] === stage)
    .map((row) => `${visits.start[row]}–${visits.end[row]} v${visits.variant[row]}`);
}

/** "stage variant ready+starting" of each tick, and whether some are refused. */
function replicasAt(observations: readonly Observation[]): string[] {
  return observations.map(({ replicas }) =>
    replicas
      .map(
        ({ stage, variant: of, ready, starting, refused }) =>
          `${stage} ${of} ${ready}+${starting}${refused === undefined ? "" : " refused"}`,
      )
      .join(", "),
  );
}

function costs(run: Run): number[] {
  return run.intervals.map(({ costCores }) => costCores);
}

describe("S12, full clusters, on the simulator and on the reference", () => {
  test("a replica that does not fit waits, costs nothing, and is seen to be starting", () => {
    const { control, observations } = script(plan(["a", 3]));
    const of = every4([sized("a", 1)]);
    const run = both(scenarioOf(of, plan(["a", 1]), 12, { clusterCores: 2 }), draws([10, 10, 10]), control);
    assert.deepEqual(costs(run), [1, 2, 2]);
    assert.deepEqual(replicasAt(observations), ["s0 a 1+0", "s0 a 2+1 refused"]);
    assert.deepEqual(servedAt(run, 0), ["10–11 v0", "10–11 v0", "11–12 v0"]);
    // It is asked for all the time; it never began to start.
    assert.deepEqual([run.plannedCores, run.replicasStarted], [(4 + 3 * 8) / 12, 1]);
  });

  test("what exactly fits, fits, whatever the rounding", () => {
    const { control } = script(plan(["a", 3]));
    const run = both(
      scenarioOf(every4([sized("a", 0.1)]), plan(["a", 1]), 8, { clusterCores: 0.3 }),
      draws([]),
      control,
    );
    assert.equal(run.replicasStarted, 2);
  });

  test("it is admitted at the end of step 3, when all that a plan lets go has gone", () => {
    // s0 comes first, and fits because s1 gives one up.
    const { control } = script(plan(["a", 2], ["b", 1]));
    const of = every4([sized("a", 1)], [sized("b", 1)]);
    const run = both(scenarioOf(of, plan(["a", 1], ["b", 2]), 8, { clusterCores: 3 }), draws([5, 5]), control);
    assert.deepEqual(servedAt(run, 0), ["5–6 v0", "5–6 v0"]);
    assert.deepEqual(costs(run), [3, 3]);
  });

  test("at any instant: a stage that comes later makes room between two ticks", () => {
    const { control } = script(plan(["a", 2], ["b", 1]));
    const of = every4([sized("a", 1)], [sized("b", 1)]);
    const run = both(
      scenarioOf(of, plan(["a", 1], ["b", 2]), 12, { clusterCores: 3 }),
      draws([1, 2, 7, 7.25], { service: [() => 1, () => 4.5] }),
      control,
    );
    // Both of s1 are busy at 4, the second until 7.5: then it is released, and one of s0 starts, ready at 8.5.
    assert.deepEqual(servedAt(run, 1).slice(0, 2), ["2–6.5 v0", "3–7.5 v0"]);
    assert.deepEqual(servedAt(run, 0), ["1–2 v0", "2–3 v0", "7–8 v0", "8–9 v0"]);
    assert.deepEqual(costs(run), [3, 3, 3]);
    const later = both(
      scenarioOf(of, plan(["a", 1], ["b", 2]), 12, { clusterCores: 3 }),
      draws([1, 2, 8, 8.25], { service: [() => 1, () => 4.5] }),
      control,
    );
    assert.deepEqual(servedAt(later, 0).slice(2), ["8–9 v0", "8.5–9.5 v0"]);
  });

  test("strictly in order: what would fit waits behind the first, which does not", () => {
    // 4 of 5 cores are held. One more of s0 is two cores too many, one of s1 is not; it comes second.
    const { control, observations } = script(plan(["a", 2], ["b", 3]), plan(["a", 1], ["b", 3]));
    const of = every4([sized("a", 2)], [sized("b", 1)]);
    const run = both(scenarioOf(of, plan(["a", 1], ["b", 2]), 16, { clusterCores: 5 }), draws([]), control);
    // At 8 the first is cancelled, and leaves the line.
    assert.deepEqual(replicasAt(observations), [
      "s0 a 1+0, s1 b 2+0",
      "s0 a 1+1 refused, s1 b 2+1 refused",
      "s0 a 1+0, s1 b 3+0",
    ]);
    assert.deepEqual(costs(run), [4, 4, 5, 5]);
    assert.equal(run.replicasStarted, 1);
  });

  test("in order of request: an earlier plan's come before", () => {
    // s1 asks at 4 and s0 at 8; at 12 s2 gives one up.
    const { control, observations } = script(
      plan(["a", 1], ["b", 2], ["c", 2]),
      plan(["a", 2], ["b", 2], ["c", 2]),
      plan(["a", 2], ["b", 2], ["c", 1]),
    );
    const of = every4([sized("a", 1)], [sized("b", 1)], [sized("c", 1)]);
    both(scenarioOf(of, plan(["a", 1], ["b", 1], ["c", 2]), 20, { clusterCores: 4 }), draws([]), control);
    assert.equal(replicasAt(observations).at(-1), "s0 a 1+1 refused, s1 b 2+0, s2 c 1+0");
  });

  test("those that wait are cancelled before those that start, and keep their numbers", () => {
    // At 4: 1 and 2 start, ready at 10, and 3 waits. At 8 that one goes. At 12 the next is number 4.
    const { control, observations } = script(plan(["a", 4]), plan(["a", 3]), plan(["a", 2]), plan(["a", 3]));
    const startUps = [0, 6, 6, 6, 3];
    const run = both(
      scenarioOf(every4([sized("a", 1)]), plan(["a", 1]), 24, { clusterCores: 3 }),
      draws([], { startUp: [(ordinal) => startUps[ordinal] ?? NaN] }),
      control,
    );
    assert.deepEqual(replicasAt(observations), ["s0 a 1+0", "s0 a 1+3 refused", "s0 a 3+0", "s0 a 2+0", "s0 a 3+0"]);
    assert.deepEqual(costs(run), [1, 3, 3, 2, 3, 3]);
    assert.equal(run.replicasStarted, 3);
  });

  test("a switch cancels what waits of the old group", () => {
    // At 4 one of a starts and one waits. At 8 that one goes, and b has what s1 gives up.
    const { control, observations } = script(plan(["a", 3], ["c", 2]), plan(["b", 1], ["c", 1]));
    const of = every4([sized("a", 1), sized("b", 1)], [sized("c", 1)]);
    const run = both(scenarioOf(of, plan(["a", 1], ["c", 2]), 16, { clusterCores: 4 }), draws([]), control);
    assert.deepEqual(replicasAt(observations), [
      "s0 a 1+0, s1 c 2+0",
      "s0 a 2+1 refused, s1 c 2+0",
      "s0 b 1+0, s1 c 1+0",
    ]);
    assert.deepEqual([run.replicasStarted, run.switches], [2, 1]);
    assert.deepEqual(costs(run), [3, 4, (4 + 2 * 3) / 4, 2]);
  });

  test("of the plan of time 0 what fits in order is ready, the rest waits", () => {
    // The third of s0 does not fit. The one of s1 would, but comes after; it starts at 4, when the third is cancelled.
    const { control, observations } = script(plan(["a", 2], ["b", 1]));
    const of = every4([sized("a", 1)], [sized("b", 0.5)]);
    const run = both(scenarioOf(of, plan(["a", 3], ["b", 1]), 8, { clusterCores: 2.5 }), draws([0]), control);
    assert.deepEqual(replicasAt(observations), ["s0 a 2+1 refused, s1 b 0+1 refused"]);
    assert.deepEqual(servedAt(run, 0), ["0–1 v0"]);
    assert.deepEqual(servedAt(run, 1), ["5–6 v0"]);
    assert.deepEqual(costs(run), [2, 2.5]);
    assert.equal(run.replicasStarted, 1);
  });

  test("S17: at time 0 what stands by comes after the plan's own of all stages, and waits like them", () => {
    const { control, observations } = script(plan(["a", 1], ["c", 1]), plan(["a", 1], ["c", 1]));
    const of = every4([sized("a", 1, { standby: 3 })], [sized("c", 1)]);
    // s0 has one and one that stands by, s1 has two. At 4 one of s1 goes: another of s0 starts, and stands by from 5 on.
    const run = both(scenarioOf(of, plan(["a", 1], ["c", 2]), 12, { clusterCores: 4 }), draws([]), control);
    assert.deepEqual(replicasAt(observations), ["s0 a 2+1, s1 c 2+0", "s0 a 3+0, s1 c 1+0"]);
    assert.deepEqual([...costs(run), run.replicasStarted], [4, 4, 4, 1]);
  });

  test("S17: what stands by has its cores already, and keeps them when it is let go to stand by", () => {
    const { control } = script(plan(["b", 1]), plan(["a", 1]));
    const of = every4([sized("a", 1), sized("b", 1, { standby: 1 })]);
    const run = both(scenarioOf(of, plan(["a", 1]), 12, { clusterCores: 2 }), draws([4, 8, 9.5]), control);
    // b serves from 4 on without a start-up. The cores of a, free since 4, are there at 8; b stands by again at 9.
    assert.deepEqual(servedAt(run, 0), ["4–5 v1", "8–9 v1", "9.5–10.5 v0"]);
    assert.deepEqual(costs(run), [2, 1, 2]);
  });

  test("a switch takes nothing from the old group, which serves as it did until there is room", () => {
    // b needs two cores, and one is free. At 8 s1 gives one up.
    const { control, observations } = script(plan(["b", 1], ["c", 2]), plan(["b", 1], ["c", 1]));
    const of = every4([sized("a", 1), sized("b", 2, { startUp: { mean: 2 } })], [sized("c", 1)]);
    const run = both(
      scenarioOf(of, plan(["a", 3], ["c", 2]), 16, { clusterCores: 6 }),
      draws([5, 5, 5, 11, 11, 11]),
      control,
    );
    assert.deepEqual(servedAt(run, 0), ["5–6 v0", "5–6 v0", "5–6 v0", "11–12 v1", "12–13 v1", "13–14 v1"]);
    assert.deepEqual(replicasAt(observations), [
      "s0 a 3+0, s1 c 2+0",
      "s0 a 3+0, s0 b 0+1 refused, s1 c 2+0",
      "s0 b 1+0, s1 c 1+0",
    ]);
    assert.deepEqual(costs(run), [5, 5, (2 * 6 + 2 * 3) / 4, 3]);
    assert.deepEqual([run.switches, run.replicasStarted, run.blocked], [1, 1, 1]);
  });

  test("as many as are enough take over, though others wait; these have what the old ones leave", () => {
    // Of b two start at 4, and two wait. At 1 rps two are enough: at 5 a goes, one of them when it has ended at 6.5.
    const { control, observations } = script(plan(["b", 4]));
    const of = every4([sized("a", 2), sized("b", 1)]);
    const run = both(
      scenarioOf(of, plan(["a", 2]), 12, { clusterCores: 6 }),
      draws([3.5, 5, 5, 5, 7], { service: [(request) => (request === 0 ? 3 : 1)] }),
      control,
    );
    assert.deepEqual(servedAt(run, 0), ["3.5–6.5 v0", "5–6 v1", "5–6 v1", "6–7 v1", "7–8 v1"]);
    assert.deepEqual(costs(run), [4, (6 + 1.5 * 6 + 1.5 * 4) / 4, 4]);
    assert.deepEqual(replicasAt(observations), ["s0 a 2+0", "s0 b 4+0"]);
    assert.deepEqual([run.switches, run.replicasStarted, run.blocked], [1, 4, 0]);
  });

  test("what comes after a switch that waits does so too, until a plan ends it", () => {
    const { control, observations } = script(plan(["b", 1], ["c", 2]), plan(["a", 2], ["c", 2]));
    const of = every4([sized("a", 1), sized("b", 9)], [sized("c", 1)]);
    const run = both(scenarioOf(of, plan(["a", 2], ["c", 1]), 16, { clusterCores: 4 }), draws([]), control);
    assert.deepEqual(replicasAt(observations), [
      "s0 a 2+0, s1 c 1+0",
      "s0 a 2+0, s0 b 0+1 refused, s1 c 1+1 refused",
      "s0 a 2+0, s1 c 2+0",
    ]);
    assert.deepEqual(costs(run), [3, 3, 4, 4]);
    assert.deepEqual([run.switches, run.blocked], [0, 1]);
  });

  test("a plan is blocked once, however many stages are; a later one may be blocked again", () => {
    const stage = [sized("a", 1), sized("b", 9)];
    const blocked = (warmup: number): number => {
      const { control } = script(plan(["b", 1], ["b", 1]), plan(["b", 2], ["b", 1]));
      const full = { clusterCores: 4, warmup };
      return both(scenarioOf(every4(stage, stage), plan(["a", 1], ["a", 1]), 20, full), draws([]), control).blocked;
    };
    // Found out at 8 and at 12; S7: of these the one at 12 counts.
    assert.deepEqual([blocked(0), blocked(12)], [2, 1]);
  });

  test("a scale-up that waits is refused, but no plan is blocked", () => {
    const { control, observations } = script(plan(["a", 3]));
    const run = both(scenarioOf(every4([sized("a", 1)]), plan(["a", 2]), 12, { clusterCores: 2 }), draws([]), control);
    assert.deepEqual(replicasAt(observations), ["s0 a 2+0", "s0 a 2+1 refused"]);
    assert.equal(run.blocked, 0);
  });

  test("the loop gives up what is refused, and tries it again later and later", () => {
    // Of a two carry 10 rps with two cores; b is more accurate, and would need four more than there are.
    const pipeline = every4([
      variant("a", { 1: 0.1 }, { accuracy: 0.5 }),
      variant("b", { 1: 0.1 }, { accuracy: 0.9, coresPerReplica: 3 }),
    ]);
    const planner: Planner = {
      pipeline: { ...pipeline, objective: { kind: "maxAccuracy", accuracy: "pas" } },
      policy: policyOf(pipeline, "ipa"),
      predictor: () => 15,
      queueing: paper,
      solver: exhaustive,
    };
    const seconds = 200;
    const run = both(scenarioOf(planner.pipeline, plan(["a", 2]), seconds, { clusterCores: 4 }), draws([]), (seen) =>
      tick(planner, seen),
    );
    const told = run.intervals.map(({ from, reason, plan: [stage] }) => `${from} ${stage?.variant} ${reason}`);
    assert.deepEqual(
      told.filter((text) => !text.endsWith("unchanged")),
      [
        "0 a first",
        "4 b first",
        "8 a setback",
        "68 b better-plan",
        "72 a setback",
        "192 b better-plan",
        "196 a setback",
      ],
    );
    // What serves was there all the time.
    assert.ok(run.intervals.every(({ ready }) => ready[0] === 2));
    assert.deepEqual([run.switches, run.blocked, run.replicasStarted], [0, 3, 0]);
  });
});
