// Does a plan keep its promise? Plans of both latency models, made for a known load, against the
// simulator: Poisson arrivals at that load, lognormal service, nothing dropped, the plan held.
//
//   node experiments/promises.ts [--quick] [--regret] [--out FOLDER]
//
// Five pipelines × SLA {1.5, 2.5, 5} × the least tail latency possible × 20 loads from 2 to 200 rps, batches of
// 16 at most, no margins. A plan holds if at most 1 % of its requests are late. --regret also looks for
// the best plan that holds in simulation on the same arrivals, wherever tail's holds.
// Prints a summary and writes promises.csv, one row per case and model.
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Progress } from "../src/commands/progress.ts";
import { assess, planObjective } from "../src/core/assess.ts";
import type { Planner } from "../src/core/decide.ts";
import { formulate, weightsOf } from "../src/core/formulate.ts";
import { percentile } from "../src/core/percentile.ts";
import type { Pipeline } from "../src/core/pipeline.ts";
import { planCores, type Plan } from "../src/core/plan.ts";
import { planOf } from "../src/core/problem.ts";
import { predictorKinds } from "../src/core/predictors/kinds.ts";
import { queueingModels } from "../src/core/queueing/models.ts";
import { leastLimit } from "../src/core/relax.ts";
import { loadPipeline, writeWhole } from "../src/formats/files.ts";
import { meanOf, studentQuantile975 } from "../src/report/confidence.ts";
import { decimals, percent } from "../src/report/numbers.ts";
import { textTable } from "../src/report/text-table.ts";
import { exact } from "../src/solver/exact.ts";
import { replay } from "../src/study/replay.ts";
import { stream } from "../src/workload/streams.ts";
import { bestPlan } from "./best-plan.ts";
import { BATCHES, constantLoad, lateness, runTimes } from "./held-plans.ts";

const PIPELINES = ["video", "audio-qa", "audio-sent", "sum-qa", "nlp"];
const FACTORS = [1.5, 2.5, 5];
/** A plan holds if no more than this share of its requests is late. */
const LATE = 0.01;

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
  /** The best plan that holds, where it is better, and by how much of what the plan's cores cost. */
  readonly best: Plan | null;
  readonly regret: number | null;
  /** Plans simulated in search of it. */
  readonly tried: number;
}

/** The late share with its 95 % confidence interval, and the 99th percentile of latency. */
function judge(one: Case, plan: Plan): { readonly late: number; readonly half: number; readonly p99: number } {
  const { warmup, seconds } = runTimes(one.load, requests);
  const pipeline = { ...one.pipeline, adaptation: { ...one.pipeline.adaptation, interval: 1e12 } };
  const held = { drop: { kind: "none" }, warmup, startPlan: plan, keepRequests: true } as const;
  // No decision is due before the end.
  const run = replay(plannerOf(pipeline, "tail"), constantLoad(one.load, seconds), 1, held);
  const { arrival, departure } = run.requestRecords ?? { arrival: new Float64Array(), departure: new Float64Array() };
  // Whoever never left is late too.
  const late = Uint8Array.from(arrival, (at, i) => ((departure[i] ?? NaN) - at <= one.pipeline.sla.seconds ? 0 : 1));
  const { share, error } = lateness(
    late,
    arrival.findIndex((at) => at >= warmup),
  );
  const half = studentQuantile975(BATCHES - 1) * error;
  return { late: share, half, p99: run.latencies[Math.ceil(0.99 * run.latencies.length) - 1] ?? Infinity };
}

function plannerOf(pipeline: Pipeline, model: keyof typeof queueingModels): Planner {
  const policy = { name: "ipa", pins: {} };
  return { pipeline, policy, predictor: predictorKinds.max.make(), queueing: queueingModels[model], solver: exact };
}

/** The best plan that holds, and how much better it is, as a share of what the plan's cores cost. */
function regretOf({ pipeline, load }: Case, plan: Plan): Pick<Result, "best" | "regret" | "tried"> {
  const own = planObjective(pipeline, plan);
  const { plan: best, objective, tried } = bestPlan(pipeline, load, requests, LATE, own);
  const { beta } = weightsOf(pipeline.objective);
  return { best, regret: (objective - own) / (beta * planCores(pipeline, plan)), tried };
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
    const { late, half, p99 } = judge(one, plan);
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
      ...(sought ? regretOf(one, plan) : { best: null, regret: null, tried: 0 }),
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
const sought = results.filter(({ regret }) => regret !== null);
if (sought.length > 0) {
  console.log("\nRegret of tail's plans that hold, by the cores of the plan (%):");
  const edges = [0, 4, 8, 16, 32];
  const groups = [[0, Infinity] as const, ...edges.map((from, i) => [from, edges[i + 1] ?? Infinity] as const)];
  console.log(
    textTable(
      ["cores", "plans", "none", "mean", "95th percentile", "greatest"].map((title, c) => ({
        title,
        align: c === 0 ? "left" : "right",
      })),
      groups.map(([from, to], g) => {
        const within = sought.filter(({ pipeline, plan }) => {
          const cores = planCores(pipeline, plan);
          return cores > from && cores <= to;
        });
        const regrets = Float64Array.from(within.flatMap(({ regret }) => regret ?? [])).sort();
        const none = regrets.filter((regret) => regret === 0).length;
        const numbers = [meanOf([...regrets]), percentile(regrets, 0.95), percentile(regrets, 1)];
        const label = g === 0 ? "all" : to === Infinity ? `over ${from}` : `over ${from} to ${to}`;
        return [label, String(regrets.length), String(none), ...numbers.map((x) => percent(x ?? NaN, 1))];
      }),
    ),
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
  "best_plan",
];
const written = (plan: Plan): string =>
  plan.map(({ variant, batch, replicas }) => `${variant}/${batch}/${replicas}`).join(" ");
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
    written(r.plan),
    written(r.best ?? []),
  ].join(","),
);
const path = join(flags.out, "promises.csv");
await writeWhole(path, `${columns.join(",")}\n${lines.join("\n")}\n`);
console.log(`Written: ${path}`);
