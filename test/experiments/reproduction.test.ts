import assert from "node:assert/strict";
import { test } from "node:test";
import { decisionMatch } from "../../experiments/decision-match.ts";
import { greatestGain, type Outcome } from "../../experiments/reproduction/headline.ts";
import { scaledGuesses } from "../../experiments/reproduction/profile-changes.ts";
import { deployed, pipelineOf, policyOf, publishedRuns } from "../../experiments/reproduction/published-runs.ts";
import { publishedSteps, runKey } from "../../experiments/reproduction/published-steps.ts";
import { greatestObjective, measure, traceOf } from "../../experiments/reproduction/replayed-runs.ts";
import { decide } from "../../src/core/decide.ts";
import { planVariants } from "../../src/core/plan.ts";
import { assemble } from "../../src/study/setup.ts";
import { perSecond } from "../../src/workload/trace.ts";

test("every published run is a pipeline and a policy of ours, and can decide", async () => {
  const runs = await publishedRuns([14, 16, 18, 19]);
  assert.equal(runs.length, 190);
  for (const run of runs) {
    const pipeline = await pipelineOf(run);
    const planner = await assemble({
      pipeline,
      policy: policyOf(run),
      predictor: "max",
      queueing: "paper",
      engine: "exact",
    });
    // The deployed plan is one of this pipeline's.
    assert.equal(planVariants(pipeline, deployed(run, pipeline)).length, pipeline.stages.length);
    const { plan } = decide(planner, 5, []);
    run.variants?.forEach((variant, s) => assert.equal(plan[s]?.variant, variant));
    run.fixedReplicas?.forEach((replicas, s) => assert.equal(plan[s]?.replicas, replicas));
  }
});

test("each published step is of a run and of variants that exist", async () => {
  const runs = new Map((await publishedRuns([14, 18])).map((run) => [runKey(run), run]));
  const steps = await publishedSteps();
  assert.equal(steps.size, 80);
  for (const [key, ofRun] of steps) {
    const run = runs.get(key);
    assert.ok(run, key);
    const known = Object.values(run.cores).map((variants) => Object.keys(variants));
    for (const { variants } of ofRun) {
      for (const names of variants) names.split("+").forEach((name, s) => assert.ok(known[s]?.includes(name), name));
    }
  }
});

test("our decisions are the published ones as far as their loads can be known", async () => {
  const { tables = [] } = await decisionMatch.run({ quick: false, seeds: [], onProgress: () => {} });
  const match = tables.find(({ name }) => name === "decision-match");
  assert.ok(match);
  const at = (of: string, column: string, scale = 1): number => {
    const row = match.rows.find(([ofScale, name]) => ofScale === scale && name === of);
    return Number(row?.[match.columns.indexOf(column)]);
  };
  assert.ok(at("IPA", "variants_percent") >= 93);
  assert.ok(at("all", "both_percent") >= 72);
  assert.ok(at("all", "near_percent") >= 96);
  assert.ok(at("all", "mean_cost_error_percent") <= 2.6);
  assert.ok(at("all", "accuracy_error_rank") <= 0.006);
  assert.ok(at("all", "accuracy_error_pas_points") <= 0.1);
  // Profiles that are wrong by a tenth agree less: the match is no matter of course.
  for (const scale of [0.9, 1.1]) assert.ok(at("all", "both_percent", scale) < at("all", "both_percent") - 5);
  const decisions = tables.find(({ name }) => name === "decisions");
  assert.equal(decisions?.rows.length, 160 * 120);
});

const outcome = (system: string, cost: number, accuracy: number, workload = "w"): Outcome => ({
  version: "v",
  pipeline: "p",
  workload,
  system,
  cost,
  accuracy,
});

test("the headline is the greatest gain among rivals that IPA does not exceed in cost by more than is allowed", () => {
  const outcomes = [
    outcome("IPA", 11, 0.6),
    outcome("cheap", 10, 0.3),
    outcome("dear", 20, 0.5),
    outcome("worthless", 20, 0),
    outcome("IPA", 100, 0.9, "other"),
    outcome("cheap", 10, 0.1, "other"),
  ];
  assert.equal(greatestGain(outcomes, 0.05)?.rival.system, "dear");
  assert.ok(Math.abs((greatestGain(outcomes, 0.05)?.gain ?? 0) - 0.2) < 1e-12);
  assert.ok(Math.abs((greatestGain(outcomes, 0.1)?.gain ?? 0) - 1) < 1e-12);
  assert.equal(greatestGain(outcomes.slice(4), 0.5), null);
});

test("only guessed numbers of a profile are scaled, and a p99 stays above its mean", () => {
  const changed = scaledGuesses(0.5)({
    path: "p.csv",
    entries: [
      {
        variant: "a",
        cores: 1,
        profile: [
          { batch: 1, mean: 1, p99: 1.5, throughput: 4 },
          { batch: 2, mean: 2, p99: 3, throughput: 8 },
        ],
        provenance: [
          { mean: "measured", p99: "derived", throughput: "inferred" },
          { mean: "modelled", p99: "measured", throughput: "measured" },
        ],
      },
    ],
  });
  assert.deepEqual(changed.entries[0]?.profile, [
    { batch: 1, mean: 1, p99: 1.5, throughput: 2 },
    { batch: 2, mean: 4, p99: 4, throughput: 8 },
  ]);
});

test("the bound of a run is the best objective at each interval's true load, and none where a load has no plan", async () => {
  const at = async (metaseries: number, system: string, workload: string, name: string) => {
    const run = (await publishedRuns([metaseries])).find(
      (one) => one.pipeline === name && one.workload === workload && one.system === system,
    );
    assert.ok(run);
    const pipeline = await pipelineOf(run);
    const setup = { pipeline, policy: policyOf(run), predictor: "max", queueing: "paper", engine: "exact" };
    return { run, planner: await assemble(setup), trace: await traceOf(workload) };
  };
  const { run, planner, trace } = await at(18, "IPA", "steady-low", "audio-qa");
  const bound = greatestObjective(planner, trace);
  // The loads of 10 s by hand, decided without margin or rounding.
  const rates = perSecond(trace);
  const means = Array.from(
    { length: 120 },
    (_, i) => rates.subarray(10 * i, 10 * i + 10).reduce((a, b) => a + b, 0) / 10,
  );
  const { pipeline } = planner;
  const exactly = {
    ...planner,
    pipeline: {
      ...pipeline,
      margins: { ...pipeline.margins, load: 0 },
      reproduction: { ...pipeline.reproduction, roundLoad: false },
    },
  };
  const best = means.map((load) => {
    const { outcome } = decide(exactly, load, []);
    assert.ok(outcome?.status === "optimal");
    return outcome.objective;
  });
  const mean = best.reduce((a, b) => a + b, 0) / best.length;
  assert.ok(bound !== null && Math.abs(bound - mean) < 1e-9, `${bound} ${mean}`);
  const { measured } = measure(run, planner, trace, 1, "paper");
  assert.ok(measured.objective <= bound && measured.sla_attainment > 0.9 && measured.violation_seconds < 0.5);
  const rim = await at(14, "RIM", "steady-high", "nlp");
  assert.equal(greatestObjective(rim.planner, rim.trace), null);
});
