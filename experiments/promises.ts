// Does a plan keep its promise? Plans of both latency models, made for a known load, against the
// simulator: Poisson arrivals at that load, lognormal service, nothing dropped, the plan held.
//
//   node experiments/promises.ts [--quick] [--regret] [--out FOLDER]
//
// Five pipelines × SLA {1.5, 2.5, 5} × the least tail latency possible × 20 loads from 2 to 200 rps, batches of
// 16 at most, no margins. A plan holds if at most 1 % of its requests are late. --regret also looks for
// the best plan that holds, by simulating plans in descending order of their objective on the same arrivals.
// Prints a summary and writes promises.csv, one row per case and model.
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Progress } from "../src/commands/progress.ts";
import { assess, planObjective } from "../src/core/assess.ts";
import type { Planner } from "../src/core/decide.ts";
import { formulate, weightsOf } from "../src/core/formulate.ts";
import type { Pipeline } from "../src/core/pipeline.ts";
import { planCores, type Plan } from "../src/core/plan.ts";
import { planOf, type Option } from "../src/core/problem.ts";
import { predictorKinds } from "../src/core/predictors/kinds.ts";
import { queueingModels } from "../src/core/queueing/models.ts";
import { leastLimit } from "../src/core/relax.ts";
import { loadPipeline, writeWhole } from "../src/formats/files.ts";
import { decimals, percent } from "../src/report/numbers.ts";
import { textTable } from "../src/report/text-table.ts";
import { exact } from "../src/solver/exact.ts";
import { replay } from "../src/study/replay.ts";
import { stream } from "../src/workload/streams.ts";
import type { Trace } from "../src/workload/trace.ts";
import { studentQuantile975 } from "../src/report/confidence.ts";

const PIPELINES = ["video", "audio-qa", "audio-sent", "sum-qa", "nlp"];
const FACTORS = [1.5, 2.5, 5];
/** A plan holds if no more than this share of its requests is late. */
const LATE = 0.01;
/** The confidence interval of the late share is that of the means of this many batches of requests. */
const BATCHES = 20;
/** Plans that are tried, at most, in search of a better one that holds. */
const TRIED = 300;

const { values: flags } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    regret: { type: "boolean", default: false },
    out: { type: "string", default: "out/experiments" },
  },
});
const requests = flags.quick ? 100_000 : 1_000_000;
const loads = flags.quick ? 4 : 20;
const root = fileURLToPath(new URL("..", import.meta.url));

interface Case {
  readonly pipeline: Pipeline;
  readonly name: string;
  readonly factor: number;
  readonly load: number;
}

interface Result extends Case {
  readonly model: string;
  readonly plan: Plan;
  readonly objective: number;
  readonly utilisation: number;
  readonly promised: number;
  readonly late: number;
  readonly half: number;
  readonly p99: number;
  readonly regret: number | null;
  readonly tried: number;
}

/** The load as the shares of late requests in consecutive batches, and the 99th percentile of latency. */
function judge(
  one: Case,
  plan: Plan,
  count: number,
): { readonly late: number; readonly half: number; readonly p99: number } {
  const warmup = Math.ceil((0.1 * count) / one.load);
  const seconds = warmup + Math.ceil(count / one.load);
  const pipeline = { ...one.pipeline, adaptation: { ...one.pipeline.adaptation, interval: 1e12 } };
  const trace: Trace = { kind: "rates", name: "constant", rates: new Float64Array(seconds).fill(one.load) };
  const held = { drop: { kind: "none" }, warmup, startPlan: plan, keepRequests: true } as const;
  // No decision is due before the end.
  const run = replay(plannerOf(pipeline, "tail"), trace, 1, held);
  const { arrival, departure } = run.requestRecords ?? { arrival: new Float64Array(), departure: new Float64Array() };
  const first = arrival.findIndex((at) => at >= warmup);
  const size = Math.floor((arrival.length - first) / BATCHES);
  const means = Array.from({ length: BATCHES }, (_, b) => {
    let late = 0;
    for (let i = first + b * size; i < first + (b + 1) * size; i++) {
      // Whoever never left is late too.
      if (!((departure[i] ?? NaN) - (arrival[i] ?? NaN) <= one.pipeline.sla.seconds)) late++;
    }
    return late / size;
  });
  const mean = means.reduce((a, b) => a + b, 0) / BATCHES;
  const variance = means.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (BATCHES - 1);
  const half = studentQuantile975(BATCHES - 1) * Math.sqrt(variance / BATCHES);
  return { late: mean, half, p99: run.latencies[Math.ceil(0.99 * run.latencies.length) - 1] ?? Infinity };
}

function plannerOf(pipeline: Pipeline, model: keyof typeof queueingModels): Planner {
  const policy = { name: "ipa", pins: {} };
  return { pipeline, policy, predictor: predictorKinds.max.make(), queueing: queueingModels[model], solver: exact };
}

/** Plans better than one by more than rounding, the best first: every way to run each stage, loads below capacity. */
function betterPlans(one: Case, than: number): readonly Plan[] {
  // More replicas than the tail model would offer are never better, so its options are all.
  const { options } = formulate(plannerOf(one.pipeline, "tail"), one.load, []);
  let partial: { readonly chosen: readonly Option[]; readonly penalty: number }[] = [{ chosen: [], penalty: 0 }];
  for (const ofStage of options) {
    const all = partial.flatMap(({ chosen, penalty }) =>
      ofStage.map((option) => ({ chosen: [...chosen, option], penalty: penalty + option.penalty })),
    );
    partial = all.length > 200_000 ? all.sort((a, b) => a.penalty - b.penalty).slice(0, 200_000) : all;
  }
  return partial
    .map(({ chosen }) => ({ plan: planOf(chosen), objective: planObjective(one.pipeline, planOf(chosen)) }))
    .filter(({ objective }) => objective > than + 1e-9)
    .sort((a, b) => b.objective - a.objective)
    .map(({ plan }) => plan);
}

/** How much better the best plan that holds is, as a share of what the plan's cores cost. */
function regretOf(one: Case, plan: Plan): { readonly regret: number | null; readonly tried: number } {
  const own = planObjective(one.pipeline, plan);
  const { beta } = weightsOf(one.pipeline.objective);
  let tried = 0;
  for (const other of betterPlans(one, own)) {
    if (tried++ >= TRIED) return { regret: null, tried };
    // Most are plainly late: a short run tells.
    if (judge(one, other, requests / 20).late > 2 * LATE) continue;
    if (judge(one, other, requests).late > LATE) continue;
    const gain = planObjective(one.pipeline, other) - own;
    return { regret: gain / (beta * planCores(one.pipeline, plan)), tried };
  }
  return { regret: 0, tried };
}

function cases(name: string, of: Pipeline): readonly Case[] {
  const draw = stream(2024, "promises", name);
  const margins = { load: 0, serviceTime: 0, throughput: 0 };
  const unlimited: Pipeline = {
    ...of,
    margins,
    limits: { replicas: 1000, batch: 16 },
    sla: { ...of.sla, seconds: 1e9 },
  };
  return FACTORS.flatMap((factor) =>
    Array.from({ length: loads }, (): Case => {
      const load = 2 * 100 ** draw();
      const problem = formulate(plannerOf(unlimited, "tail"), load, []);
      const least = leastLimit(problem, "sla", exact) ?? Infinity;
      return { name, factor, load, pipeline: { ...unlimited, sla: { ...of.sla, seconds: factor * least } } };
    }),
  );
}

const results: Result[] = [];
const progress = new Progress();
const all: Case[] = [];
for (const name of PIPELINES) all.push(...cases(name, await loadPipeline(join(root, "pipelines", `${name}.yaml`))));
all.forEach((one, i) => {
  for (const model of ["paper", "tail"] as const) {
    progress.update(i / all.length, `${one.name} at ${decimals(one.load, 1)} rps, ${model}`);
    const from = plannerOf(one.pipeline, model);
    const outcome = exact(formulate(from, one.load, []));
    if (outcome.status !== "optimal") continue;
    const plan = planOf(outcome.options);
    const { stages, latency, objective } = assess(from, one.load, plan);
    const { late, half, p99 } = judge(one, plan, requests);
    const sought = flags.regret && model === "tail" && late <= LATE;
    results.push({
      ...one,
      model,
      plan,
      objective,
      utilisation: Math.max(...stages.map((stage) => stage.utilisation)),
      promised: latency,
      late,
      half,
      p99,
      ...(sought ? regretOf(one, plan) : { regret: null, tried: 0 }),
    });
  }
});
progress.done();

const HIGH = 0.85;
const rows = (["paper", "tail"] as const).map((model) => {
  const ours = results.filter((result) => result.model === model);
  const high = ours.filter(({ utilisation }) => utilisation > HIGH);
  const holds = (some: readonly Result[]): string =>
    `${some.filter(({ late }) => late <= LATE).length} of ${some.length} (${percent(some.filter(({ late }) => late <= LATE).length / some.length, 1)} %)`;
  return [model, holds(ours), holds(high), percent(high.length / ours.length, 0)];
});
console.log(
  textTable(
    ["model", "plans that hold", "of those above 0.85", "above 0.85 (%)"].map((title, c) => ({
      title,
      align: c === 0 ? "left" : "right",
    })),
    rows,
  ),
);
console.log("\nPlans by the utilisation of their fullest stage, and how many of them hold:");
console.log(
  textTable(
    ["utilisation", "paper", "hold", "tail", "hold"].map((title, c) => ({ title, align: c === 0 ? "left" : "right" })),
    [0, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.98].map((from, i, edges) => {
      const to = edges[i + 1] ?? Infinity;
      const cells = (["paper", "tail"] as const).flatMap((model) => {
        const within = results.filter((r) => r.model === model && r.utilisation >= from && r.utilisation < to);
        return [String(within.length), String(within.filter(({ late }) => late <= LATE).length)];
      });
      return [`${from} to ${to === Infinity ? 1 : to}`, ...cells];
    }),
  ),
);
const regrets = results.flatMap(({ regret }) => regret ?? []).sort((a, b) => a - b);
if (regrets.length > 0) {
  const mean = regrets.reduce((a, b) => a + b, 0) / regrets.length;
  const p95 = regrets[Math.ceil(0.95 * regrets.length) - 1] ?? 0;
  const gaveUp = results.filter(({ regret, tried }) => regret === null && tried > TRIED).length;
  console.log(
    `\nRegret of tail's plans that hold: mean ${percent(mean, 1)} %, 95th percentile ${percent(p95, 1)} % (${regrets.length} cases; in ${gaveUp} the search gave up after ${TRIED} plans).`,
  );
}
const columns = [
  "pipeline",
  "sla_factor",
  "sla_s",
  "load_rps",
  "model",
  "objective",
  "cores",
  "utilisation",
  "promised_s",
  "p99_s",
  "late_share",
  "late_half_width",
  "holds",
  "regret",
  "tried",
  "plan",
];
const lines = results.map((r) =>
  [
    r.name,
    r.factor,
    r.pipeline.sla.seconds,
    r.load,
    r.model,
    r.objective,
    planCores(r.pipeline, r.plan),
    r.utilisation,
    r.promised,
    r.p99,
    r.late,
    r.half,
    r.late <= LATE,
    r.regret ?? "",
    r.tried,
    r.plan.map(({ variant, batch, replicas }) => `${variant}/${batch}/${replicas}`).join(" "),
  ].join(","),
);
const path = join(flags.out, "promises.csv");
await writeWhole(path, `${columns.join(",")}\n${lines.join("\n")}\n`);
console.log(`Written: ${path}`);
