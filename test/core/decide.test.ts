import assert from "node:assert/strict";
import { test } from "node:test";
import { assess } from "../../src/core/assess.ts";
import { bestEffort } from "../../src/core/best-effort.ts";
import { capacityOf, leastReplicas } from "../../src/core/capacity.ts";
import { decide, type Planner } from "../../src/core/decide.ts";
import { formulate } from "../../src/core/formulate.ts";
import { tick } from "../../src/core/loop.ts";
import { settingsOf } from "../../src/core/options.ts";
import type { Pipeline } from "../../src/core/pipeline.ts";
import type { Plan } from "../../src/core/plan.ts";
import { policyOf } from "../../src/core/policies.ts";
import { serviceSigma } from "../../src/core/profile.ts";
import { reactive } from "../../src/core/predictors/simple.ts";
import { paper } from "../../src/core/queueing/paper.ts";
import { bindingRows, relaxations } from "../../src/core/relax.ts";
import { restrict, type Restriction } from "../../src/core/restrict.ts";
import { exhaustive } from "../../src/solver/exhaustive.ts";
import { pipelineOf, plan, variant } from "../fixtures.ts";

// One stage: "small" serves 10 rps with 1 core, accuracy 0.5; "large" 5 rps with 1 core, accuracy 0.9.
const stage = [variant("small", { 1: 0.1 }, { accuracy: 0.5 }), variant("large", { 1: 0.2 }, { accuracy: 0.9 })];

function plannerOf(overrides: Partial<Pipeline> = {}, policy = "ipa", variants = stage): Planner {
  const pipeline = pipelineOf([variants], overrides);
  return { pipeline, policy: policyOf(pipeline, policy), predictor: reactive, queueing: paper, solver: exhaustive };
}

const weights = (alpha: number, beta: number) => ({
  objective: { kind: "weighted", accuracy: "pas", alpha, beta, delta: 0 } as const,
});
const chosen = (plan: Plan) =>
  plan.map(({ variant: name, batch, replicas }) => `${name}/${batch}/${replicas}`).join(" ");

test("the weights decide between accuracy and cores", () => {
  // At 20 rps small needs 2 cores, large 4: large is worth it iff 0.4·alpha > 2·beta.
  assert.equal(chosen(decide(plannerOf(weights(4.9, 1)), 20, []).plan), "small/1/2");
  assert.equal(chosen(decide(plannerOf(weights(5.1, 1)), 20, []).plan), "large/1/4");
});

test("in an operator's words: the greatest accuracy in a budget, the fewest cores above a floor", () => {
  const budget = (cores: number) => ({ limits: { replicas: 100, batch: 64, cores } });
  const most = { objective: { kind: "maxAccuracy", accuracy: "pas" } as const };
  assert.equal(chosen(decide(plannerOf({ ...most, ...budget(4) }), 20, []).plan), "large/1/4");
  assert.equal(chosen(decide(plannerOf({ ...most, ...budget(3) }), 20, []).plan), "small/1/2");
  const least = (accuracyFloor: number) => ({
    objective: { kind: "minCost", accuracy: "pas", accuracyFloor } as const,
  });
  assert.equal(chosen(decide(plannerOf(least(0.5)), 20, []).plan), "small/1/2");
  assert.equal(chosen(decide(plannerOf(least(0.6)), 20, []).plan), "large/1/4");
});

test("among ties: what each objective names second", () => {
  const twins = [
    variant("a", { 1: 0.1 }, { accuracy: 0.5, coresPerReplica: 2 }),
    variant("b", { 1: 0.1 }, { accuracy: 0.5 }),
    variant("c", { 1: 0.1 }, { accuracy: 0.7, coresPerReplica: 1 }),
  ];
  const same = twins.slice(0, 2);
  assert.equal(
    chosen(decide(plannerOf({ objective: { kind: "maxAccuracy", accuracy: "pas" } }, "ipa", same), 5, []).plan),
    "b/1/1",
  );
  const floor = { objective: { kind: "minCost", accuracy: "pas", accuracyFloor: 0.1 } as const };
  assert.equal(chosen(decide(plannerOf(floor, "ipa", twins), 5, []).plan), "c/1/1");
});

test("among ties: what is named second beats what runs, also by little", () => {
  const runs = (name: string): Plan => [{ stage: "s0", variant: name, batch: 1, batchTimeout: 0, replicas: 1 }];
  const near = [variant("lo", { 1: 0.1 }, { accuracy: 0.76 }), variant("hi", { 1: 0.1 }, { accuracy: 0.763 })];
  const floor = { objective: { kind: "minCost", accuracy: "pas", accuracyFloor: 0.1 } as const };
  assert.equal(chosen(decide(plannerOf(floor, "ipa", near), 10, runs("lo")).plan), "hi/1/1");
  const cheap = [
    variant("x", { 1: 0.1 }, { accuracy: 0.8, coresPerReplica: 1 }),
    variant("y", { 1: 0.1 }, { accuracy: 0.8, coresPerReplica: 1.02 }),
    variant("fat", { 1: 0.1 }, { accuracy: 0.5, coresPerReplica: 20 }),
  ];
  const most = { objective: { kind: "maxAccuracy", accuracy: "pas" } as const };
  assert.equal(chosen(decide(plannerOf(most, "ipa", cheap), 10, runs("y")).plan), "x/1/1");
  assert.equal(chosen(decide(plannerOf(most, "ipa", cheap), 200, runs("y")).plan), "x/1/20");
});

test("tie penalties of a whole plan stay below half a tie", () => {
  const stages = [stage, stage, stage];
  for (const kind of ["maxAccuracy", "weighted"] as const) {
    const objective = kind === "weighted" ? weights(1, 1).objective : { kind, accuracy: "pas" as const };
    const pipeline = pipelineOf(stages, { objective });
    const from = { pipeline, policy: policyOf(pipeline, "ipa"), queueing: paper };
    const running = decide({ ...from, predictor: reactive, solver: exhaustive }, 50, []).plan;
    const { options } = formulate(from, 5, running);
    const worst = options.reduce((sum, ofStage) => sum + Math.max(...ofStage.map((option) => option.tie)), 0);
    assert.ok(worst > 0 && worst <= 5e-10, `${worst}`);
  }
});

test("an accuracy of 0 is a plan where the floor is 0, and a floor of 0 mends a higher one", () => {
  const none = [variant("none", { 1: 0.1 }, { accuracy: 0 })];
  const floor = (accuracyFloor: number) => ({
    objective: { kind: "minCost", accuracy: "pas", accuracyFloor } as const,
  });
  assert.equal(chosen(decide(plannerOf(floor(0), "ipa", none), 5, []).plan), "none/1/1");
  const planner = plannerOf(floor(0.5), "ipa", none);
  assert.equal(decide(planner, 5, []).outcome?.status, "infeasible");
  const found = relaxations(planner, 5, [], exhaustive).find(({ row }) => row === "accuracy_floor");
  assert.equal(found?.value, 0);
});

test("the service-time margin stretches both the capacity and the latency, mean and p99", () => {
  const profile = [{ batch: 1, mean: 0.1, p99: 0.3, throughput: 9 }];
  const one = variant("a", {}, { profile });
  const of = (rest: Partial<Pipeline>) =>
    capacityOf(pipelineOf([[one]], { margins: { load: 0, serviceTime: 1, throughput: 0 }, ...rest }), one, 1);
  const sigma = serviceSigma({ mean: 0.1, p99: 0.3 });
  assert.deepEqual(of({}), { rate: 5, service: 0.2, sigma });
  const reproduction = { ...pipelineOf([]).reproduction, capacity: "measured", latency: "p99" } as const;
  assert.deepEqual(of({ reproduction }), { rate: 9, service: 0.6, sigma });
  const throughput = { margins: { load: 0, serviceTime: 0, throughput: 0.5 } };
  assert.equal(of(throughput).rate, 5);
  assert.equal(of({ ...throughput, reproduction }).rate, 4.5);
  // A load that is a multiple of the capacity but for rounding does not cost one more replica.
  assert.equal(leastReplicas(0.3, 0.1), 3);
  assert.equal(leastReplicas(0.1 * 3, 0.1), 3);
});

test("among ties: the running plan, else the least batch, then the first in the file", () => {
  const twins = [variant("a", { 1: 0.1, 2: 0.1 }), variant("b", { 1: 0.1, 2: 0.1 })];
  const planner = plannerOf({}, "ipa", twins);
  const fresh = decide(planner, 5, []).plan;
  assert.equal(chosen(fresh), "a/1/1");
  const running = [{ ...fresh[0], stage: "s0", variant: "b", batch: 2, batchTimeout: 0.2, replicas: 1 }];
  assert.equal(chosen(decide(planner, 5, running).plan), "b/2/1");
});

test("among ties: the nearest number of replicas, and the least latency", () => {
  // At 10 rps each costs six cores.
  const split = [
    variant("few", { 1: 0.2 }, { coresPerReplica: 3 }),
    variant("many", { 1: 0.6 }, { coresPerReplica: 1 }),
    variant("quick", { 1: 0.15 }, { coresPerReplica: 3 }),
  ];
  // Nothing runs, and all have batch 1: quick is the fastest, and the last in the file.
  assert.equal(chosen(decide(plannerOf({}, "ipa", split), 10, []).plan), "quick/1/2");
  // One variant, two batches that differ in replicas: the one nearer to what runs, though batches are equally far.
  const batches = [variant("a", { 1: 0.1, 2: 0.1, 4: 0.2 }, { coresPerReplica: 0 })];
  const running = (replicas: number): Plan => [{ stage: "s0", variant: "a", batch: 3, batchTimeout: 0, replicas }];
  const at = (replicas: number) => chosen(decide(plannerOf({}, "ipa", batches), 40, running(replicas)).plan);
  assert.equal(at(4), "a/1/4");
  assert.equal(at(2), "a/2/2");
});

test("the load that would help is never below the least load, nor the limit it is held to", () => {
  const one = { ...weights(1, 1), limits: { replicas: 1, batch: 1 } };
  const of = (rest: Partial<Pipeline>, load: number) =>
    relaxations(plannerOf({ ...one, ...rest }), load, [], exhaustive).find(({ row }) => row === "load");
  const margins = { load: 0.5, serviceTime: 0, throughput: 0 };
  // One replica of small carries 10 rps, with the margin 6 2/3.
  assert.equal(of({ margins }, 30)?.value, 10 / 1.5);
  // 9 rps are planned for as 13.5, so a least load of 9 leaves nothing; of 6 it leaves what is above.
  const adaptation = (minLoad: number) => ({ adaptation: { ...pipelineOf([]).adaptation, minLoad } });
  assert.equal(of({ margins, ...adaptation(9) }, 30)?.value, null);
  assert.equal(of({ margins, ...adaptation(6.5) }, 30)?.value, 10 / 1.5);
  const reproduction = { ...pipelineOf([]).reproduction, roundLoad: true };
  // 10.4 rounds to 10 and has a plan too: the value is a lower bound.
  assert.deepEqual(of({ reproduction }, 30), { row: "load", value: 10, exact: false });
  assert.deepEqual(of({ reproduction, ...adaptation(9.7) }, 30), { row: "load", value: 10, exact: false });
  // Capacities of 10 and 5, whole rates, but no load is ever planned for below 9.4, which is no whole rate.
  const slow = { ...one, reproduction, ...adaptation(9.4) };
  const nearly = [variant("a", { 1: 1 / 9.7 })];
  const found = relaxations(plannerOf(slow, "ipa", nearly), 30, [], exhaustive).find(({ row }) => row === "load");
  assert.equal(found?.value, 9.4);
});

test("a plan that is better by more than a tie wins over the running one", () => {
  const planner = plannerOf(weights(1, 1));
  const running = decide(plannerOf(weights(100, 1)), 20, []).plan;
  assert.equal(chosen(running), "large/1/4");
  assert.equal(chosen(decide(planner, 20, running).plan), "small/1/2");
});

test("reasons of one load alone: first, unchanged, what runs breaks a row, a better plan", () => {
  const planner = plannerOf(weights(1, 1));
  const at = (load: number, running: Plan) => decide(planner, load, running);
  const first = at(15, []);
  assert.equal(first.reason, "first");
  assert.equal(at(16, first.plan).reason, "unchanged");
  assert.equal(at(25, first.plan).reason, "drifted");
  assert.equal(at(5, first.plan).reason, "better-plan");
  const dear = decide(plannerOf(weights(1, 0.01)), 5, []).plan;
  assert.equal(at(10, dear).reason, "drifted");
});

test("margins and the floor of the load: what is planned for", () => {
  const margins = { margins: { load: 0.5, serviceTime: 0, throughput: 0.5 } };
  const { planned, plan } = decide(plannerOf({ ...weights(1, 1), ...margins }), 10, []);
  assert.equal(planned, 15);
  // 15 rps at half of 10 rps a replica.
  assert.equal(chosen(plan), "small/1/3");
  assert.equal(decide(plannerOf(), 0, []).planned, 1);
});

test("infeasible: the nearest plan, or the running one where the pipeline says hold", () => {
  const few = { ...weights(1, 1), limits: { replicas: 2, batch: 64 } };
  const nearest = decide(plannerOf(few), 50, []);
  assert.equal(nearest.reason, "best-effort");
  assert.equal(nearest.outcome?.status, "infeasible");
  // small carries 20 of 50 rps with 2 replicas, large only 10.
  assert.equal(chosen(nearest.plan), "small/1/2");
  const held = decide(plannerOf({ ...few, onInfeasible: "hold" }), 50, nearest.plan);
  assert.equal(held.reason, "held-infeasible");
  assert.equal(held.plan, nearest.plan);
});

test("best effort: of equals the fewest cores", () => {
  const same = [variant("dear", { 1: 0.1 }, { coresPerReplica: 2 }), variant("cheap", { 1: 0.1 })];
  const few = plannerOf({ ...weights(1, 1), limits: { replicas: 2, batch: 64 } }, "ipa", same);
  assert.equal(chosen(decide(few, 50, []).plan), "cheap/1/2");
});

test("a limit binds if without it a plan is better by more than a tie", () => {
  const near = (accuracy: number) => [
    variant("a", { 1: 0.1 }, { accuracy: 0.5 }),
    variant("b", { 1: 0.2 }, { accuracy }),
  ];
  const binding = (accuracy: number) => {
    const planner = plannerOf({ ...weights(1, 0), sla: { seconds: 0.15, quantile: 0.99 } }, "ipa", near(accuracy));
    const problem = formulate(planner, 5, []);
    return bindingRows(problem, exhaustive(problem), exhaustive);
  };
  assert.deepEqual(binding(0.5 + 1e-6), ["sla"]);
  assert.deepEqual(binding(0.5 + 8e-10), []);
});

test("best effort spends a core budget where it carries the most", () => {
  const two = pipelineOf([[variant("a", { 1: 0.1 })], [variant("b", { 1: 0.2 })]], {
    limits: { replicas: 100, batch: 1, cores: 6 },
  });
  const from = { pipeline: two, policy: policyOf(two, "ipa"), queueing: paper };
  // Of 6 cores 2 and 4 carry 20 rps; any other split carries less.
  assert.equal(chosen(bestEffort(from, 100, [], exhaustive) ?? []), "a/1/2 b/1/4");
  const one = { ...two, limits: { replicas: 100, batch: 1, cores: 1 } };
  assert.equal(bestEffort({ ...from, pipeline: one }, 100, [], exhaustive), null);
});

test("where a stage can have no replicas the others are planned for the load all the same", () => {
  const none = { fewest: 0, most: 0 };
  const two = pipelineOf([[variant("a", { 1: 0.1 }), variant("c", { 1: 0.1 })], [variant("b", { 1: 0.2 })]], {
    limits: { replicas: 100, batch: 1, cores: 6 },
  });
  const of = (...world: readonly Restriction[]) => {
    const pipeline = restrict(two, world);
    const planner = { ...plannerOf(), pipeline, policy: policyOf(pipeline, "ipa") };
    const { plan: decided, reason } = decide(planner, 20, plan(["a", 0], ["b", 1]));
    return `${chosen(decided)} ${reason}`;
  };
  assert.equal(of({ stage: "s0", variants: ["a"], replicas: { a: none } }), "a/1/0 b/1/4 best-effort");
  // What is up of its other variants holds its cores.
  const aside = { stage: "s0", variants: ["a"], replicas: { a: none, c: { fewest: 3, most: 3 } } };
  assert.equal(of(aside), "a/1/0 b/1/3 best-effort");
  const nowhere = { stage: "s1", replicas: { b: none } };
  assert.equal(of({ stage: "s0", replicas: { a: none, c: none } }, nowhere), "a/1/0 b/1/1 held-infeasible");
});

test("best effort counts what stands by into the budget", () => {
  const ways = [variant("a", { 1: 0.1 }), variant("b", { 1: 0.1 }, { standby: 2 })];
  const pipeline = pipelineOf([ways], { limits: { replicas: 100, batch: 1, cores: 5 } });
  const from = { pipeline, policy: policyOf(pipeline, "ipa"), queueing: paper };
  // Of a only three fit beside the two of b.
  assert.equal(chosen(bestEffort(from, 100, [], exhaustive) ?? []), "b/1/5");
});

test("a tick without fit data holds; no data is not zero load", () => {
  const planner = plannerOf(weights(1, 1));
  const running = decide(planner, 50, []).plan;
  const seen = (rates: readonly (number | null)[]) => ({
    now: 10,
    load: { end: 10, step: 1, rates },
    running,
    replicas: [],
    stages: [],
    state: null,
  });
  for (const rates of [[], [null, null], [30, null]]) {
    const decision = tick(planner, seen(rates));
    assert.equal(decision.reason, "held-no-data");
    assert.equal(decision.plan, running);
  }
  // No load at all is planned for as 1 rps, which one replica of either carries.
  assert.equal(chosen(tick(planner, seen([0, 0])).plan), "large/1/1");
});

test("a tick decides from the observation alone: the same bytes again", () => {
  const planner = plannerOf(weights(1, 1));
  const seen = {
    now: 10,
    load: { end: 10, step: 1, rates: [12, 31, 7] },
    running: [],
    replicas: [],
    stages: [],
    state: null,
  };
  assert.equal(JSON.stringify(tick(planner, seen)), JSON.stringify(tick(planner, structuredClone(seen))));
});

test("policies: low and high fix the variant, rim the replicas, and rim needs to be told", () => {
  assert.equal(chosen(decide(plannerOf(weights(9, 1), "fa2-low"), 20, []).plan), "small/1/2");
  assert.equal(chosen(decide(plannerOf(weights(0, 1), "fa2-high"), 20, []).plan), "large/1/4");
  const pinned = { policies: { rim: { s0: { replicas: 4 } } } };
  assert.equal(chosen(decide(plannerOf({ ...weights(9, 1), ...pinned }, "rim"), 20, []).plan), "large/1/4");
  assert.equal(chosen(decide(plannerOf({ ...weights(9, 1), ...pinned }, "rim"), 21, []).plan), "small/1/4");
  assert.throws(() => plannerOf({}, "rim"), /policies\.rim\.s0\.replicas|fixed number of replicas/);
  assert.throws(() => plannerOf({}, "fa2"), /known are ipa, fa2-low, fa2-high, rim/);
});

test("policies: of equally accurate variants the first; what the file pins wins", () => {
  const twins = [variant("a", { 1: 0.1 }, { accuracy: 0.9 }), variant("b", { 1: 0.1 }, { accuracy: 0.9 })];
  for (const name of ["fa2-low", "fa2-high"]) {
    assert.deepEqual(policyOf(pipelineOf([twins]), name).pins, { s0: { variants: ["a"] } });
    const pinned = pipelineOf([twins], { policies: { [name]: { s0: { variants: ["b"], replicas: 2 } } } });
    assert.deepEqual(policyOf(pinned, name).pins, { s0: { variants: ["b"], replicas: 2 } });
  }
});

test("a stage's own batches are offered within the profiled range, its ends included", () => {
  const pipeline = pipelineOf([[variant("a", { 2: 0.1, 8: 0.3 })]]);
  const [stage0] = pipeline.stages;
  assert.ok(stage0);
  const offered = settingsOf(pipeline, { ...stage0, batches: [1, 2, 4, 8, 9] }, undefined).map(({ batch }) => batch);
  assert.deepEqual(offered, [2, 4, 8]);
});

test("a prediction that is no number holds the plan", () => {
  const planner = { ...plannerOf(weights(1, 1)), predictor: () => Infinity };
  const seen = { now: 10, load: { end: 10, step: 1, rates: [12] }, running: [], replicas: [], stages: [], state: null };
  assert.equal(tick(planner, seen).reason, "held-no-data");
});

test("assess names every row that a plan breaks", () => {
  const planner = plannerOf({
    ...weights(1, 1),
    limits: { replicas: 3, batch: 1, cores: 3 },
    sla: { seconds: 0.15, quantile: 0.99 },
  });
  const plan = [{ stage: "s0", variant: "large", batch: 1, batchTimeout: 0, replicas: 4 }];
  const rows = assess(planner, 25, plan).violations.map(({ row }) => row);
  assert.deepEqual(rows.toSorted(), ["capacity s0", "cores", "replicas s0", "sla"]);
  assert.deepEqual(
    assess(planner, 20, [{ ...plan[0], stage: "s0", variant: "small", batch: 1, batchTimeout: 0, replicas: 2 }])
      .violations,
    [],
  );
});

test("assess knows each limit and each pin, finely", () => {
  const batches = [variant("a", { 1: 0.1, 2: 0.15 }), variant("b", { 1: 0.1, 2: 0.15 })];
  const one = { stage: "s0", variant: "a", batch: 1, batchTimeout: 0, replicas: 2 };
  const broken = (rest: Partial<Pipeline>, plan: Plan, pins = {}, load = 10): readonly string[] => {
    const planner = plannerOf({ ...weights(1, 1), ...rest }, "ipa", batches);
    return assess({ ...planner, policy: { name: "ipa", pins: { s0: pins } } }, load, plan).violations.map(
      ({ row }) => row,
    );
  };
  assert.deepEqual(broken({}, [one]), []);
  assert.deepEqual(broken({ limits: { replicas: 9, batch: 1 } }, [{ ...one, batch: 2 }]), ["batch s0"]);
  assert.deepEqual(broken({ limits: { replicas: 1, batch: 2 } }, [one]), ["replicas s0"]);
  assert.deepEqual(broken({}, [one], { batches: [2] }), ["pin s0"]);
  assert.deepEqual(broken({}, [one], { replicas: 3 }), ["pin s0"]);
  assert.deepEqual(broken({}, [one], { variants: ["b"] }), ["pin s0"]);
  assert.deepEqual(broken({}, [one], { variants: ["a"], batches: [1], replicas: 2 }), []);
  // Latency 0.1, cores 2, accuracy 0.5, capacity 20: each within a billionth, and not within a millionth.
  const floor = (accuracyFloor: number) => ({
    objective: { kind: "maxAccuracy", accuracy: "pas", accuracyFloor } as const,
  });
  for (const [short, row] of [
    [5e-10, null],
    [1e-7, "x"],
  ] as const) {
    const seen = (rest: Partial<Pipeline>): readonly string[] => broken(rest, [one]);
    assert.deepEqual(seen({ sla: { seconds: 0.1 - short, quantile: 0.99 } }), row === null ? [] : ["sla"]);
    assert.deepEqual(seen({ limits: { replicas: 9, batch: 2, cores: 2 - short } }), row === null ? [] : ["cores"]);
    assert.deepEqual(seen(floor(0.5 + short)), row === null ? [] : ["accuracy_floor"]);
    assert.deepEqual(broken({}, [one], {}, 20 + 10 * short), row === null ? [] : ["capacity s0"]);
  }
});

test("a plan of an engine that breaks a row is found out", () => {
  const wrong: Planner["solver"] = (problem) =>
    exhaustive({ ...problem, latency: { ...problem.latency, limit: Infinity } });
  const planner = { ...plannerOf({ ...weights(100, 1), sla: { seconds: 0.15, quantile: 0.99 } }), solver: wrong };
  assert.throws(() => decide(planner, 10, []), /engine exhaustive gave a plan that breaks sla/);
});
