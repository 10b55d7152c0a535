// What does a load that rises cost while a variant is switched, where replicas take long to start?
//
//   node experiments/slow-switches.ts [--quick] [--out FOLDER]
//
// Six pipelines × the paper's four workloads, and a load that grows sixfold within a minute just when the least accurate variants, which serve
// with what 5 requests per second need, are to be replaced × start-ups of half a minute to two minutes, or the longer the more accurate a variant is,
// × plans that move at once, as in the files, or as by default. Prints means over all, and writes slow-switches.csv, one row per run.
// A minute on two cores.
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Progress } from "../src/commands/progress.ts";
import { decide } from "../src/core/decide.ts";
import { tick } from "../src/core/loop.ts";
import { defaults, unrestrained, type Pipeline, type Stage } from "../src/core/pipeline.ts";
import { policyOf } from "../src/core/policies.ts";
import { loadPipeline, loadTrace, writeWhole } from "../src/formats/files.ts";
import { meanOf } from "../src/report/confidence.ts";
import { decimals, percent } from "../src/report/numbers.ts";
import { textTable } from "../src/report/text-table.ts";
import { simulate } from "../src/sim/simulator.ts";
import { remembering } from "../src/study/remember.ts";
import { scenarioOf } from "../src/study/replay.ts";
import { assemble, defaultEngine } from "../src/study/setup.ts";
import type { Trace } from "../src/workload/trace.ts";
import { WORKLOADS } from "./robustness/cells.ts";

const PIPELINES = ["video", "audio-qa", "audio-sent", "sum-qa", "nlp", "traffic"];
/** Seconds, of a variant by its rank in accuracy within its stage: 0 the least, 1 the most accurate. */
const START_UPS: Readonly<Record<string, (rank: number) => number>> = {
  "30 s": () => 30,
  "60 s": () => 60,
  "120 s": () => 120,
  "10 to 120 s": (rank) => 10 + 110 * rank,
};
const MOVEMENTS = { "at once": unrestrained, "by default": defaults.adaptation.movement };

const { values: flags } = parseArgs({
  options: { quick: { type: "boolean", default: false }, out: { type: "string", default: "out/experiments" } },
});
const RAMP = "ramp";
const seeds = flags.quick ? [1] : [1, 2, 3];
const root = fileURLToPath(new URL("..", import.meta.url));

interface Row {
  readonly pipeline: string;
  readonly workload: string;
  readonly startUp: string;
  readonly movement: string;
  readonly seed: number;
  /** Share of the requests answered within the SLA. */
  readonly onTime: number;
  readonly accuracyOnTime: number;
  readonly cores: number;
  readonly switches: number;
}

function starting(of: Pipeline, startUp: (rank: number) => number): Pipeline {
  const rankOf = ({ variants }: Stage, accuracy: number): number =>
    variants.filter((other) => other.accuracy < accuracy).length / Math.max(1, variants.length - 1);
  const stages = of.stages.map((stage) => ({
    ...stage,
    variants: stage.variants.map((one) => ({ ...one, startUp: { mean: startUp(rankOf(stage, one.accuracy)) } })),
  }));
  return { ...of, stages };
}

/** Ten minutes: 5 requests per second, and from 15 s on more and more, up to 30. */
function ramp(): Trace {
  const rates = Array.from({ length: 600 }, (_, second) => 5 + Math.min(25, Math.max(0, (second - 15) / 2)));
  return { kind: "rates", name: RAMP, rates: Float64Array.from(rates) };
}

async function rowsOf(pipeline: string, workload: string): Promise<readonly Row[]> {
  const trace = workload === RAMP ? ramp() : await loadTrace(join(root, "traces", `${workload}.csv`));
  const asInFile = await loadPipeline(join(root, "pipelines", `${pipeline}.yaml`));
  const rows: Row[] = [];
  for (const [startUp, seconds] of Object.entries(START_UPS)) {
    for (const [movement, moves] of Object.entries(MOVEMENTS)) {
      const planner = await assemble({
        pipeline: { ...starting(asInFile, seconds), adaptation: { ...asInFile.adaptation, movement: moves } },
        policy: "ipa",
        predictor: "max",
        queueing: "tail",
        engine: defaultEngine,
      });
      const make = remembering(planner);
      const startsFrom = { ...planner, policy: policyOf(planner.pipeline, "fa2-low") };
      const options = workload === RAMP ? { startPlan: decide(startsFrom, 5, []).plan } : {};
      for (const seed of seeds) {
        const run = simulate(scenarioOf(planner, trace, seed, options), (seen) => tick(planner, seen, make));
        const { served, late, offered } = run.requests;
        const onTime = (served - late) / offered;
        const [accuracyOnTime, cores, switches] = [run.accuracyOnTime ?? 0, run.costCores, run.switches];
        rows.push({ pipeline, workload, startUp, movement, seed, onTime, accuracyOnTime, cores, switches });
      }
    }
  }
  return rows;
}

const progress = new Progress();
const cases = (flags.quick ? PIPELINES.slice(0, 1) : PIPELINES).flatMap((pipeline) =>
  [...WORKLOADS, RAMP].map((workload) => [pipeline, workload] as const),
);
const rows: Row[] = [];
for (const [i, [pipeline, workload]] of cases.entries()) {
  rows.push(...(await rowsOf(pipeline, workload)));
  progress.update((i + 1) / cases.length, `${i + 1} of ${cases.length} cases`);
}
progress.done();

const kinds = ["the paper's four", RAMP];
const lines = kinds.flatMap((kind) =>
  Object.keys(MOVEMENTS).flatMap((movement) =>
    Object.keys(START_UPS).map((startUp) => {
      const of = rows.filter(
        (row) => (row.workload === RAMP) === (kind === RAMP) && row.movement === movement && row.startUp === startUp,
      );
      const mean = (value: (row: Row) => number): number | null => meanOf(of.map(value));
      const onTime = mean((row) => row.onTime);
      const worst = Math.min(...of.map((row) => row.onTime));
      const accuracy = mean((row) => row.accuracyOnTime);
      const numbers = [percent(onTime, 2), percent(worst, 1), decimals(accuracy, 3)];
      const [cores, switches] = [mean((row) => row.cores), mean((row) => row.switches)];
      return [kind, movement, startUp, ...numbers, decimals(cores, 2), decimals(switches, 1)];
    }),
  ),
);
const columns = [
  "workload",
  "plans move",
  "start-up",
  "on time, %",
  "worst, %",
  "accuracy on time",
  "cores",
  "switches",
];
console.log(
  textTable(
    columns.map((title, c) => ({ title, align: c < 3 ? "left" : "right" })),
    lines,
  ),
);
const path = join(flags.out, "slow-switches.csv");
const header: readonly (keyof Row)[] = [
  "pipeline",
  "workload",
  "startUp",
  "movement",
  "seed",
  "onTime",
  "accuracyOnTime",
  "cores",
  "switches",
];
await writeWhole(
  path,
  `${[header.join(","), ...rows.map((row) => header.map((key) => row[key]).join(","))].join("\n")}\n`,
);
console.log(`${path}: ${rows.length} runs`);
