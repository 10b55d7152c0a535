// Which load should be planned for? The greatest mean over 1, 5 or 10 seconds of the last two minutes, or
// the greatest rate to come, which an oracle knows; under both latency models: cores against late requests.
//
//   node experiments/load-definitions.ts [--quick] [--out FOLDER]
//
// Five pipelines, without margins, × the paper's four workloads × 30 seeds; and, where the 22-day trace is at
// hand, 30 windows of 20 minutes, drawn at random from its days 14–21, which nothing was fitted to. Prints means over the
// pipelines and writes load-definitions.csv, one row per pipeline and workload. A request is late if it is
// not answered within the SLA, dropped ones included.
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Progress } from "../src/commands/progress.ts";
import type { Pipeline } from "../src/core/pipeline.ts";
import { findLongTrace, loadPipeline, loadTrace, readPacked, writeWhole } from "../src/formats/files.ts";
import { parsePublicTrace } from "../src/formats/public-trace.ts";
import { decimals, percent } from "../src/report/numbers.ts";
import { textTable } from "../src/report/text-table.ts";
import { futureOf, replay } from "../src/study/replay.ts";
import { assemble, defaultEngine } from "../src/study/setup.ts";
import { stream } from "../src/workload/streams.ts";
import type { Trace } from "../src/workload/trace.ts";

const PIPELINES = ["video", "audio-qa", "audio-sent", "sum-qa", "nlp"];
const WORKLOADS = ["bursty", "steady-low", "steady-high", "fluctuating"];
const MODELS = ["paper", "tail"];
const DEFINITIONS = [
  { name: "1-s maximum", predictor: "max", loadWindow: 1 },
  { name: "5-s maximum", predictor: "max", loadWindow: 5 },
  { name: "10-s maximum", predictor: "max", loadWindow: 10 },
  { name: "oracle", predictor: "oracle", loadWindow: 1 },
];
const DAY = 86_400;
const WINDOW = 1200;
/** A plan's promise is for the 99th percentile. */
const LATE = 0.01;

const { values: flags } = parseArgs({
  options: { quick: { type: "boolean", default: false }, out: { type: "string", default: "out/experiments" } },
});
const repeats = flags.quick ? 3 : 30;
const root = fileURLToPath(new URL("..", import.meta.url));

/** A trace, and the seed of its arrivals. */
interface Replay {
  readonly trace: Trace;
  readonly seed: number;
}

interface Result {
  readonly workload: string;
  readonly pipeline: string;
  readonly model: string;
  readonly definition: string;
  /** Means over the replays. */
  readonly cores: number;
  readonly late: number;
}

async function workloads(): Promise<ReadonlyMap<string, readonly Replay[]>> {
  const found = new Map<string, readonly Replay[]>();
  for (const name of WORKLOADS) {
    const trace = await loadTrace(join(root, "traces", `${name}.csv`));
    found.set(
      name,
      Array.from({ length: repeats }, (_, i) => ({ trace, seed: i + 1 })),
    );
  }
  const path = await findLongTrace();
  if (path === null) {
    console.log("The 22-day trace is not here (see `ipa trace fetch`): its held-out windows are left out.\n");
    return found;
  }
  const from = 14 * DAY;
  const rates = parsePublicTrace(await readPacked(path), path, { from, to: 21 * DAY, damping: 8 });
  const draw = stream(2024, "held-out windows");
  const windows = Array.from({ length: repeats }, (_, i): Replay => {
    const first = Math.floor(draw() * (rates.length - WINDOW));
    const name = `days 14–21, second ${from + first}`;
    return { trace: { kind: "rates", name, rates: rates.slice(first, first + WINDOW) }, seed: i + 1 };
  });
  return found.set("held-out", windows);
}

async function measure(of: Pipeline, replays: readonly Replay[], model: string, definition: (typeof DEFINITIONS)[0]) {
  const { predictor, loadWindow } = definition;
  const pipeline: Pipeline = {
    ...of,
    margins: { load: 0, serviceTime: 0, throughput: 0 },
    adaptation: { ...of.adaptation, loadWindow },
  };
  const setup = { pipeline, policy: "ipa", predictor, queueing: model, engine: defaultEngine };
  let [cores, late] = [0, 0];
  for (const { trace, seed } of replays) {
    const run = replay(await assemble(setup, { future: futureOf(trace, loadWindow) }), trace, seed);
    const { offered, served, late: tooLate } = run.requests;
    cores += run.costCores / replays.length;
    late += (1 - (served - tooLate) / offered) / replays.length;
  }
  return { cores, late };
}

const results: Result[] = [];
const progress = new Progress();
const all = await workloads();
let done = 0;
for (const [workload, replays] of all) {
  for (const name of PIPELINES) {
    progress.update(done++ / (all.size * PIPELINES.length), `${name} on ${workload}`);
    const pipeline = await loadPipeline(join(root, "pipelines", `${name}.yaml`));
    for (const model of MODELS) {
      for (const definition of DEFINITIONS) {
        const measured = await measure(pipeline, replays, model, definition);
        results.push({ workload, pipeline: name, model, definition: definition.name, ...measured });
      }
    }
  }
}
progress.done();

const mean = (some: readonly Result[], of: (result: Result) => number): number =>
  some.reduce((sum, result) => sum + of(result), 0) / some.length;
for (const workload of all.keys()) {
  const rows = MODELS.flatMap((model) =>
    DEFINITIONS.map(({ name }) => {
      const some = results.filter((r) => r.workload === workload && r.model === model && r.definition === name);
      const worst = some.reduce((a, b) => (b.late > a.late ? b : a));
      return [
        model,
        name,
        decimals(
          mean(some, ({ cores }) => cores),
          2,
        ),
        percent(
          mean(some, ({ late }) => late),
          2,
        ),
        `${some.filter(({ late }) => late <= LATE).length} of ${some.length}`,
        `${percent(worst.late, 2)} (${worst.pipeline})`,
      ];
    }),
  );
  console.log(`${workload}:`);
  console.log(
    textTable(
      ["model", "load planned for", "cores", "late (%)", "pipelines ≤ 1 % late", "worst (%)"].map((title, c) => ({
        title,
        align: c < 2 ? "left" : "right",
      })),
      rows,
    ),
  );
  console.log("");
}
const heldOut = results.filter(({ workload }) => workload === "held-out");
const fit = MODELS.flatMap((model) =>
  DEFINITIONS.filter(({ predictor }) => predictor !== "oracle").map(({ name: definition }) => {
    const some = heldOut.filter((r) => r.model === model && r.definition === definition);
    return {
      model,
      definition,
      cores: mean(some, ({ cores }) => cores),
      holds: some.every(({ late }) => late <= LATE),
    };
  }),
).filter(({ holds }) => holds);
if (heldOut.length > 0 && fit.length > 0) {
  const { model, definition } = fit.reduce((a, b) => (b.cores < a.cores ? b : a));
  console.log(
    `The cheapest with which every pipeline is at most 1 % late on held-out windows: ${model}, ${definition}.`,
  );
}
const columns = ["workload", "pipeline", "model", "load", "cores", "late_share"];
const lines = results.map((r) => [r.workload, r.pipeline, r.model, r.definition, r.cores, r.late].join(","));
const path = join(flags.out, "load-definitions.csv");
await writeWhole(path, `${columns.join(",")}\n${lines.join("\n")}\n`);
console.log(`Written: ${path}`);
