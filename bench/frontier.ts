// How long does an exact frontier take? The five pipelines, each accuracy metric and latency model, at 20 loads; and random
// pipelines of ten stages with ten variants (bench/instances.ts).
//
//   node bench/frontier.ts [--quick] [--out FOLDER]
//
// Timed is load → points with their plans and intervals of weights. Prints tables and writes frontier.json.
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Progress } from "../src/commands/progress.ts";
import { accuracyMetrics } from "../src/core/accuracy.ts";
import type { Planner } from "../src/core/decide.ts";
import { InputError } from "../src/core/errors.ts";
import { predictorKinds } from "../src/core/predictors/kinds.ts";
import { queueingModels } from "../src/core/queueing/models.ts";
import { loadPipeline, writeWhole } from "../src/formats/files.ts";
import { decimals } from "../src/report/numbers.ts";
import { textTable } from "../src/report/text-table.ts";
import { exact } from "../src/solver/exact.ts";
import { tradeOffs } from "../src/study/frontier.ts";
import { instance } from "./instances.ts";
import { milliseconds, quantiles, timed, type Quantiles } from "./timing.ts";

const PIPELINES = ["video", "audio-qa", "audio-sent", "sum-qa", "nlp"];
const METRICS = Object.keys(accuracyMetrics) as (keyof typeof accuracyMetrics)[];
const MODELS = Object.keys(queueingModels) as (keyof typeof queueingModels)[];

const { values: flags } = parseArgs({
  options: { quick: { type: "boolean", default: false }, out: { type: "string", default: "out/bench" } },
});
const loads = Array.from({ length: flags.quick ? 4 : 20 }, (_, i) => 2 * 100 ** (i / 20));
const large = flags.quick ? 2 : 6;
const root = fileURLToPath(new URL("..", import.meta.url));
const rest = { policy: { name: "ipa", pins: {} }, predictor: predictorKinds.max.make(), solver: exact };

interface Result {
  readonly what: string;
  readonly metric: string;
  readonly model: string;
  /** Milliseconds. */
  readonly time: Quantiles;
  /** Most points of one frontier. */
  readonly points: number;
  /** Cases in which the engine's limit on its work came first. */
  readonly givenUp: number;
}

/** Number of points; null if it was too much work. */
function pointsOf(planner: Planner, load: number): number | null {
  try {
    return tradeOffs(planner, load).length;
  } catch (error) {
    if (error instanceof InputError) return null;
    throw error;
  }
}

function measure(what: string, metric: string, model: string, cases: readonly (readonly [Planner, number])[]): Result {
  for (const [planner, load] of cases.slice(0, 2)) pointsOf(planner, load);
  const found = cases.map(([planner, load]) => timed(() => pointsOf(planner, load)));
  return {
    what,
    metric,
    model,
    time: quantiles(found.map(({ ms }) => ms)),
    points: Math.max(...found.map(({ result }) => result ?? 0)),
    givenUp: found.filter(({ result }) => result === null).length,
  };
}

const results: Result[] = [];
const progress = new Progress();
const step = (): void =>
  progress.update(results.length / ((PIPELINES.length * METRICS.length + 2) * MODELS.length), "");
for (const model of MODELS) {
  for (const name of PIPELINES) {
    const file = await loadPipeline(join(root, "pipelines", `${name}.yaml`));
    for (const metric of METRICS) {
      const pipeline = { ...file, objective: { ...file.objective, accuracy: metric } };
      const planner: Planner = { ...rest, pipeline, queueing: queueingModels[model] };
      results.push(
        measure(
          name,
          metric,
          model,
          loads.map((load) => [planner, load] as const),
        ),
      );
      step();
    }
  }
  for (const combine of ["sum", "product"] as const) {
    const cases = Array.from({ length: large }, (_, i) => {
      const { from, load } = instance(model === "tail" ? "tail" : "ipa", 10, 10, combine, i + 1);
      return [{ ...rest, ...from }, load] as const;
    });
    results.push(measure("10×10", combine === "sum" ? "average" : "pas", model, cases));
    step();
  }
}
progress.done();

console.log(
  textTable(
    ["pipeline", "metric", "model", "p50 (ms)", "max (ms)", "points, at most", "given up"].map((title, c) => ({
      title,
      align: c < 3 ? "left" : "right",
    })),
    results.map(({ what, metric, model, time, points, givenUp }) => [
      what,
      metric,
      model,
      milliseconds(time.p50),
      milliseconds(time.max),
      decimals(points, 0),
      String(givenUp),
    ]),
  ),
);
const path = join(flags.out, "frontier.json");
await writeWhole(path, `${JSON.stringify({ node: process.version, results }, null, 2)}\n`);
console.log(`Written: ${path}`);
