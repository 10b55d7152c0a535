import assert from "node:assert/strict";
import { test } from "node:test";
import type { Planner } from "../../src/core/decide.ts";
import { defaults, type Pipeline, type Stage } from "../../src/core/pipeline.ts";
import { planText } from "../../src/report/plan-text.ts";
import { planReport, type PlanReport } from "../../src/report/plan.ts";
import { explain } from "../../src/study/explain.ts";
import { assemble } from "../../src/study/setup.ts";

function stage(name: string, after: readonly string[]): Stage {
  const variant = (size: string, accuracy: number, mean: number) => ({
    name: size,
    accuracy,
    coresPerReplica: 1,
    startUp: { mean: 0 },
    profile: [{ batch: 1, mean, p99: mean }],
  });
  return { name, after, fanOut: 1, variants: [variant("small", 0.5, 0.1), variant("large", 0.8, 0.2)] };
}

/** Two stages whose replicas serve 10 (small) or 5 (large) requests a second. */
function pipeline(changes: Partial<Pipeline> = {}): Pipeline {
  return {
    ...defaults,
    name: "demo",
    stages: [stage("detect", []), stage("read", ["detect"])],
    sla: { seconds: 1, quantile: 0.99 },
    objective: { kind: "weighted", accuracy: "pas", alpha: 100, beta: 1, delta: 0 },
    limits: { replicas: 10, batch: 1 },
    adaptation: { ...defaults.adaptation, loadWindow: 1 },
    policies: {},
    ...changes,
  };
}

async function report(of: Pipeline, load: number, change: (planner: Planner) => Planner = (same) => same) {
  const engine = "exhaustive";
  const names = { pipeline: of, policy: "ipa", predictor: "max", queueing: "paper", engine };
  const planner = change(await assemble(names, { future: () => load }));
  let clock = 0;
  const { decision, ...rest } = explain(planner, load, () => clock++ / 4);
  return planReport(planner, load, decision, { queueing: "paper", engine, reason: "as asked for", ...rest });
}

/** Each number of a report. */
function numbersOf(value: unknown): readonly number[] {
  if (typeof value === "number") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(numbersOf) : [];
}

function assertFinite(value: PlanReport): void {
  for (const number of numbersOf(value)) assert.ok(Number.isFinite(number));
}

test("the best plan: what it is and what it promises", async () => {
  const best = await report(pipeline(), 12);
  assert.deepEqual(best, {
    pipeline: "demo",
    load_rps: 12,
    planned_load_rps: 12,
    sla_s: 1,
    quantile: 0.99,
    policy: "ipa",
    queueing: "paper",
    engine: "exhaustive",
    engine_reason: "as asked for",
    status: "optimal",
    reason: "first",
    objective: 100 * (0.8 * 0.8) - 6,
    bound: 100 * (0.8 * 0.8) - 6,
    accuracy_metric: "pas",
    accuracy: 0.8 * 0.8,
    objective_accuracy: 0.8 * 0.8,
    cost_cores: 6,
    latency_s: 0.4,
    solve_ms: 250,
    stages: ["detect", "read"].map((name) => ({
      stage: name,
      variant: "large",
      batch: 1,
      batch_timeout_s: 0,
      replicas: 3,
      cores_per_replica: 1,
      load_rps: 12,
      capacity_rps: 15,
      utilisation: 12 / 15,
      mean_s: 0.2,
      excess_s: 0,
    })),
    standby: [],
    binding: [],
    pins: [],
    relaxations: [],
    shortfalls: [],
  } satisfies PlanReport);
  assert.equal(
    planText(best),
    [
      "demo at 12 rps: the best plan",
      "",
      "stage   variant  batch  replicas  cores  capacity rps  used  latency s",
      "──────  ───────  ─────  ────────  ─────  ────────────  ────  ─────────",
      "detect  large        1         3   3.00         15.00  80 %      0.200",
      "read    large        1         3   3.00         15.00  80 %      0.200",
      "",
      "6.00 cores, accuracy 0.6400 (pas 0.6400), latency 0.400 s of 1 s by the paper model, objective 58.0000",
      "No limit on latency, cores or accuracy keeps a better plan away.",
      "Solved by exhaustive: as asked for.",
    ].join("\n"),
  );
});

test("what stands by: of other variants all, of the one that serves what a pin keeps from serving", async () => {
  const of = pipeline();
  const standby = { small: 2, large: 4 };
  const stages = of.stages.map((stage, s) => ({
    ...stage,
    ...(s === 0 ? {} : { pin: { replicas: 3 } }),
    variants: stage.variants.map((variant) => ({
      ...variant,
      coresPerReplica: 0.5,
      standby: variant.name === "small" ? standby.small : standby.large,
    })),
  }));
  const best = await report({ ...of, stages }, 12);
  assert.deepEqual(
    best.stages.map(({ variant, replicas }) => [variant, replicas]),
    [
      ["large", 4],
      ["large", 3],
    ],
  );
  assert.deepEqual(best.standby, [
    { stage: "detect", variant: "small", replicas: 2, cores: 1 },
    { stage: "read", variant: "small", replicas: 2, cores: 1 },
    { stage: "read", variant: "large", replicas: 1, cores: 0.5 },
  ]);
  assert.equal(best.cost_cores, 6);
  assert.match(
    planText(best),
    /\n\nStanding by: small × 2 of detect \(1\.00 cores\), small × 2 of read \(1\.00 cores\), large × 1 of read \(0\.50 cores\)\.\n6\.00 cores, /,
  );
});

test("a load margin and the limits that bind are told", async () => {
  const bound = await report(
    pipeline({ margins: { load: 0.5, serviceTime: 0, throughput: 0 }, limits: { replicas: 10, batch: 1, cores: 5 } }),
    8,
  );
  assert.equal(bound.planned_load_rps, 12);
  assert.deepEqual(bound.binding, ["cores"]);
  const text = planText(bound);
  assert.match(text, /^demo at 8 rps, planned for 12 rps: the best plan\n/);
  assert.match(text, /\nA better plan is kept away by the limit on: cores\.\nSolved by exhaustive: as asked for\.$/);
});

test("no feasible plan: the nearest to one, the limits in the way, and what would help", async () => {
  const none = await report(pipeline({ limits: { replicas: 10, batch: 1, cores: 3 } }), 20);
  assert.equal(none.status, "infeasible");
  assert.equal(none.reason, "best-effort");
  assert.deepEqual(none.binding, ["cores"]);
  assertFinite(none);
  const text = planText(none);
  assert.match(text, /^demo at 20 rps: no plan keeps all limits; the nearest to one is\n/);
  assert.match(text, /\nAny plan needs one of these limits to give way: cores\.\nA plan exists with any one of:\n/);
  assert.match(text, /\n {2}4 cores\b/);
  assert.match(text, /\n {2}a load of 10 rps\b/);
  // The SLA alone does not help, and is not offered.
  assert.doesNotMatch(text, /an SLA of/);
});

test("an SLA and an accuracy floor in the way", async () => {
  const slow = planText(await report(pipeline({ sla: { seconds: 0.15, quantile: 0.99 } }), 5));
  assert.match(
    slow,
    /limits to give way: latency \(the SLA\)\.\nA plan exists with any one of:\n {2}an SLA of 0\.2 s\nSolved/,
  );
  const objective = { kind: "maxAccuracy", accuracy: "pas", accuracyFloor: 0.9 } as const;
  const poor = planText(await report(pipeline({ objective }), 5));
  assert.match(
    poor,
    /limits to give way: accuracy \(the floor\)\.\nA plan exists with any one of:\n {2}an accuracy floor of 0\.64\nSolved/,
  );
});

test("a load that the replicas do not carry: which stage, which limit, what it would take; no latency is promised", async () => {
  const none = await report(pipeline(), 1000);
  assert.deepEqual(none.shortfalls, [
    {
      stage: "detect",
      replicas: 10,
      pinned: false,
      by: "limits",
      needs: { replicas: 100, variant: "small", batch: 1 },
    },
    { stage: "read", replicas: 10, pinned: false, by: "limits", needs: { replicas: 100, variant: "small", batch: 1 } },
  ]);
  assert.equal(none.latency_s, null);
  const text = planText(none);
  assert.match(
    text,
    /\nStage detect cannot carry 1000 rps with 10 replicas \(limits\.replicas\): it needs at least 100, of small with batches of 1\.\n/,
  );
  assert.match(text, /1000 % {2}overloaded\n/);
  assert.match(text, /, overloaded, so no latency can be promised, /);
  assert.match(text, /\n {2}a load of 100 rps\nSolved/);
});

test("pins in the way: the pinned replicas, and pins that leave nothing", async () => {
  const short = await report(pipeline(), 12, (planner) => ({
    ...planner,
    policy: { name: "rim", pins: { detect: { replicas: 1 }, read: { replicas: 2 } } },
  }));
  assert.deepEqual(short.shortfalls, [
    { stage: "detect", replicas: 1, pinned: true, by: "policy", needs: { replicas: 2, variant: "small", batch: 1 } },
  ]);
  const nothing = await report(pipeline(), 12, (planner) => ({
    ...planner,
    policy: { name: "ipa", pins: { read: { variants: [] } } },
  }));
  assert.deepEqual(nothing.shortfalls, [{ stage: "read", replicas: 10, pinned: false, by: "limits", needs: null }]);
  assert.match(planText(nothing), /Stage read: its pins and limits leave it no variant and batch\./);
});

test("held instead of the nearest: there is no plan to show, and every number of it is null", async () => {
  const held = await report(pipeline({ limits: { replicas: 10, batch: 1, cores: 3 }, onInfeasible: "hold" }), 20);
  assert.deepEqual([held.stages, held.reason], [[], "held-infeasible"]);
  assert.deepEqual([held.objective, held.accuracy, held.cost_cores, held.latency_s], [null, null, null, null]);
  assert.match(planText(held), /^demo at 20 rps: no plan keeps all limits\nAny plan needs/);
});

test("an engine that runs out of time: with a plan a bound is told, without one nothing is claimed", async () => {
  const cutShort = await report(pipeline(), 12, (planner) => ({
    ...planner,
    solver: (problem) => {
      const found = planner.solver(problem);
      return found.status === "optimal" ? { ...found, status: "feasible", bound: 70 } : found;
    },
  }));
  assert.match(planText(cutShort), /^demo at 12 rps: a plan; the best one's objective is at most 70\.000000\n/);
  const nothing = await report(pipeline(), 12, (planner) => ({
    ...planner,
    solver: () => ({ status: "unknown", engine: "none", bound: 58 }),
  }));
  assert.equal(planText(nothing), "demo at 12 rps: no plan was found in time\nSolved by exhaustive: as asked for.");
});
