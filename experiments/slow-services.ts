// Do plans survive services that are slower than profiled, if the loop sees how long batches take?
//
//   node experiments/slow-services.ts [--quick] [--out FOLDER]
//
// Six pipelines × the paper's four workloads × true service times of 0.8 to 2 times the profile's × three ways to plan: by the profile,
// by the profile and what is measured, and with a margin that happens to be right. No margins otherwise. Prints means over all, and
// writes slow-services.csv, one row per case. A minute on two cores.
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Progress } from "../src/commands/progress.ts";
import { tick } from "../src/core/loop.ts";
import { defaults, type Pipeline } from "../src/core/pipeline.ts";
import { slowedBy } from "../src/core/slowdown.ts";
import { loadPipeline, loadTrace, writeWhole } from "../src/formats/files.ts";
import { meanOf } from "../src/report/confidence.ts";
import { decimals, percent } from "../src/report/numbers.ts";
import { textTable } from "../src/report/text-table.ts";
import { simulate } from "../src/sim/simulator.ts";
import { remembering } from "../src/study/remember.ts";
import { scenarioOf } from "../src/study/replay.ts";
import { assemble, defaultEngine } from "../src/study/setup.ts";
import { WORKLOADS } from "./robustness/cells.ts";

const PIPELINES = ["video", "audio-qa", "audio-sent", "sum-qa", "nlp", "traffic"];
const WAYS = ["profile", "measured", "margin"] as const;

const { values: flags } = parseArgs({
  options: { quick: { type: "boolean", default: false }, out: { type: "string", default: "out/experiments" } },
});
const services = flags.quick ? [1, 1.5] : [0.8, 1, 1.1, 1.25, 1.5, 2];
const seeds = flags.quick ? [1] : [1, 2, 3];
const root = fileURLToPath(new URL("..", import.meta.url));

interface Row {
  readonly pipeline: string;
  readonly workload: string;
  readonly service: number;
  readonly way: (typeof WAYS)[number];
  readonly seed: number;
  /** Share of the requests answered within the SLA. */
  readonly onTime: number;
  readonly accuracyOnTime: number;
  readonly cores: number;
  readonly planChanges: number;
}

function slower(of: Pipeline, factor: number): Pipeline {
  const stages = of.stages.map((stage) => ({
    ...stage,
    variants: stage.variants.map((variant) => slowedBy(variant, factor)),
  }));
  return { ...of, stages };
}

async function rowsOf(pipeline: string, workload: string): Promise<readonly Row[]> {
  const trace = await loadTrace(join(root, "traces", `${workload}.csv`));
  const profiled = await loadPipeline(join(root, "pipelines", `${pipeline}.yaml`));
  const rows: Row[] = [];
  for (const service of services) {
    for (const way of WAYS) {
      const margins = { ...defaults.margins, serviceTime: way === "margin" ? Math.max(0, service - 1) : 0 };
      const planner = await assemble({
        pipeline: { ...profiled, margins },
        policy: "ipa",
        predictor: "max",
        queueing: "tail",
        engine: defaultEngine,
      });
      const make = remembering(planner);
      for (const seed of seeds) {
        const scenario = scenarioOf(planner, trace, seed, { measuresService: way === "measured" });
        const run = simulate({ ...scenario, pipeline: slower(scenario.pipeline, service) }, (seen) =>
          tick(planner, seen, make),
        );
        const { served, late, offered } = run.requests;
        rows.push({
          pipeline,
          workload,
          service,
          way,
          seed,
          onTime: (served - late) / offered,
          accuracyOnTime: run.accuracyOnTime ?? 0,
          cores: run.costCores,
          planChanges: run.planChanges,
        });
      }
    }
  }
  return rows;
}

const progress = new Progress();
const cases = (flags.quick ? PIPELINES.slice(0, 1) : PIPELINES).flatMap((pipeline) =>
  WORKLOADS.map((workload) => [pipeline, workload] as const),
);
const rows: Row[] = [];
for (const [i, [pipeline, workload]] of cases.entries()) {
  rows.push(...(await rowsOf(pipeline, workload)));
  progress.update((i + 1) / cases.length, `${i + 1} of ${cases.length} cases`);
}
progress.done();

const lines = services.flatMap((service) =>
  WAYS.map((way) => {
    const of = rows.filter((row) => row.service === service && row.way === way);
    const mean = (value: (row: Row) => number): number | null => meanOf(of.map(value));
    return [
      way,
      String(service),
      percent(
        mean(({ onTime }) => onTime),
        1,
      ),
      percent(Math.min(...of.map(({ onTime }) => onTime)), 1),
      decimals(
        mean(({ accuracyOnTime }) => accuracyOnTime),
        3,
      ),
      decimals(
        mean(({ cores }) => cores),
        1,
      ),
      decimals(
        mean(({ planChanges }) => planChanges),
        1,
      ),
    ];
  }),
);
const columns = ["planned by", "service ×", "on time, %", "worst, %", "accuracy on time", "cores", "plan changes"];
console.log(
  textTable(
    columns.map((title, c) => ({ title, align: c === 0 ? "left" : "right" })),
    lines,
  ),
);
const path = join(flags.out, "slow-services.csv");
const header: readonly (keyof Row)[] = [
  "pipeline",
  "workload",
  "service",
  "way",
  "seed",
  "onTime",
  "accuracyOnTime",
  "cores",
  "planChanges",
];
await writeWhole(
  path,
  `${[header.join(","), ...rows.map((row) => header.map((key) => row[key]).join(","))].join("\n")}\n`,
);
console.log(`${path}: ${rows.length} runs`);
