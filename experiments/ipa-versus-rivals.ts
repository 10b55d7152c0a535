// Is IPA's mean objective at least each rival's? Five pipelines × four workloads, the policies on the
// same arrivals and service noise, so that differences are paired over seeds.
//
//   node experiments/ipa-versus-rivals.ts [--quick] [--out FOLDER]
//
// Prints a table and writes ipa-versus-rivals.csv: the mean difference (IPA − rival) of the time-averaged
// objective with its 95 % interval, and the means of cost, accuracy and SLA attainment.
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Progress } from "../src/commands/progress.ts";
import type { Run } from "../src/core/run-log.ts";
import { loadPipeline, loadTrace, writeWhole } from "../src/formats/files.ts";
import { pairedInterval, type Interval } from "../src/report/confidence.ts";
import { decimals } from "../src/report/numbers.ts";
import { textTable } from "../src/report/text-table.ts";
import { replay } from "../src/study/replay.ts";
import { assemble, defaultEngine, defaultQueueing } from "../src/study/setup.ts";

const PIPELINES = ["video", "audio-qa", "audio-sent", "sum-qa", "nlp"];
const WORKLOADS = ["bursty", "steady-low", "steady-high", "fluctuating"];
const RIVALS = ["fa2-low", "fa2-high", "rim"];

const { values: flags } = parseArgs({
  options: { quick: { type: "boolean", default: false }, out: { type: "string", default: "out/experiments" } },
});
const seeds = Array.from({ length: flags.quick ? 3 : 20 }, (_, i) => i + 1);
const root = fileURLToPath(new URL("..", import.meta.url));

interface Comparison {
  readonly pipeline: string;
  readonly workload: string;
  readonly rival: string;
  readonly difference: Interval;
  readonly ipa: readonly Run[];
  readonly other: readonly Run[];
}

const comparisons: Comparison[] = [];
const workloads = flags.quick ? WORKLOADS.slice(0, 1) : WORKLOADS;
const progress = new Progress();
let done = 0;
for (const name of PIPELINES) {
  const pipeline = await loadPipeline(join(root, "pipelines", `${name}.yaml`));
  const { predictor } = pipeline.adaptation;
  for (const workload of workloads) {
    progress.update(done++ / (PIPELINES.length * workloads.length), `${name} on ${workload}`);
    const trace = await loadTrace(join(root, "traces", `${workload}.csv`));
    const runsOf = async (policy: string): Promise<readonly Run[]> => {
      const planner = await assemble({ pipeline, policy, predictor, queueing: defaultQueueing, engine: defaultEngine });
      return seeds.map((seed) => replay(planner, trace, seed));
    };
    const ipa = await runsOf("ipa");
    for (const rival of RIVALS) {
      const other = await runsOf(rival);
      const objectives = (runs: readonly Run[]): number[] => runs.map((run) => run.objective);
      comparisons.push({
        pipeline: name,
        workload,
        rival,
        difference: pairedInterval(objectives(ipa), objectives(other)),
        ipa,
        other,
      });
    }
  }
}

progress.done();

const mean = (runs: readonly Run[], of: (run: Run) => number): number =>
  runs.reduce((sum, run) => sum + of(run), 0) / runs.length;
const attainment = ({ requests }: Run): number => (requests.served - requests.late) / requests.offered;
const columns = [
  "pipeline",
  "workload",
  "rival",
  "objective_difference",
  "low_95",
  "high_95",
  "ipa_cost_cores",
  "rival_cost_cores",
  "ipa_accuracy",
  "rival_accuracy",
  "ipa_sla_attainment",
  "rival_sla_attainment",
  "rival_infeasible_share",
];
const rows = comparisons.map(({ pipeline, workload, rival, difference, ipa, other }) => [
  pipeline,
  workload,
  rival,
  ...[
    difference.mean,
    difference.low,
    difference.high,
    mean(ipa, (run) => run.costCores),
    mean(other, (run) => run.costCores),
    mean(ipa, (run) => run.accuracy ?? 0),
    mean(other, (run) => run.accuracy ?? 0),
    mean(ipa, attainment),
    mean(other, attainment),
    mean(other, (run) => run.infeasibleDecisions / run.decisions),
  ].map((value) => decimals(value, 4)),
]);
console.log(
  textTable(
    columns.map((title, c) => ({ title, align: c < 3 ? "left" : "right" })),
    rows,
  ),
);

const behind = comparisons.filter(({ difference }) => difference.low === null || difference.low < 0);
console.log(
  `\nIPA's objective is at least the rival's in ${comparisons.length - behind.length} of ${comparisons.length} comparisons ` +
    `(95 % interval over ${seeds.length} seeds wholly at or above 0).`,
);
if (behind.length > 0) {
  console.log(
    "Where it is not, see rival_infeasible_share: a rival that cannot carry the planned load does not pay for it.",
  );
}
for (const { pipeline, workload, rival, difference } of behind) {
  console.log(
    `  not in ${pipeline} on ${workload} against ${rival}: ${decimals(difference.low, 4)} to ${decimals(difference.high, 4)}`,
  );
}
const path = join(flags.out, "ipa-versus-rivals.csv");
await writeWhole(path, `${[columns, ...rows].map((row) => row.join(",")).join("\n")}\n`);
console.log(`Written: ${path}`);
