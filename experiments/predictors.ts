// How well do predictors tell the greatest rate of the next 20 s, from the last two minutes?
//
//   node experiments/predictors.ts [--quick] [--out FOLDER]
//
// The 22-day trace from second 1,234,932 to day 21, which the LSTM was not trained on, at damping 8 and without the seconds at 0, a forecast
// every 10 s; and the 20 minutes on which the paper's artifact evaluates its LSTM, at the trace's own rates. Rates are
// of single seconds. Prints the SMAPE of each predictor and writes predictors.csv. --quick looks at a tenth of the forecasts.
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { lookUp } from "../src/core/errors.ts";
import { predictorKinds } from "../src/core/predictors/kinds.ts";
import { lstm } from "../src/core/predictors/lstm.ts";
import type { PredictorKind } from "../src/core/predictors/predictor.ts";
import { findLongTrace, loadLstm, readPacked, writeWhole } from "../src/formats/files.ts";
import { parsePublicTrace } from "../src/formats/public-trace.ts";
import { decimals } from "../src/report/numbers.ts";
import { textTable } from "../src/report/text-table.ts";

const HISTORY = 120;
const HORIZON = 20;
const STRIDE = 10;
const SEEDS = [1, 2, 3, 4, 5];
const OTHERS = ["surge", "max", "reactive", "average", "arima"];
/** Where the days end that the LSTM was trained on: 14 days' worth of seconds that are not 0. */
const SPLIT = 1_234_932;

const { values: flags } = parseArgs({
  options: { quick: { type: "boolean", default: false }, out: { type: "string", default: "out/experiments" } },
});
const trace = await findLongTrace();
if (trace === null) {
  console.log("The 22-day trace is not here (see `ipa trace fetch`), so there is nothing to forecast.");
  process.exit();
}
const text = await readPacked(trace);
const heldOut = parsePublicTrace(text, trace, { from: SPLIT, to: 21 * 86_400, damping: 8 }).filter((rate) => rate > 0);
const artifact = parsePublicTrace(text, trace, { from: 1_296_000, to: 1_297_200, damping: 1 });

/** What is seen second by second → what is expected of the greatest rate to come. */
type Forecast = (seen: readonly number[]) => number;

const root = fileURLToPath(new URL("..", import.meta.url));
const ar12 = JSON.parse(await readPacked(join(root, "weights", "ar12.json"))) as { shares: number[]; constant: number };

function ofKind(name: string): Forecast {
  const predict = lookUp<PredictorKind>("predictor", predictorKinds, name).make({});
  return (seen) => predict({ end: 0, step: 1, rates: seen }, HORIZON) ?? NaN;
}

async function ofSeed(seed: number): Promise<Forecast> {
  const predict = lstm({ lstm: await loadLstm(seed) });
  return (seen) => predict({ end: 0, step: 1, rates: seen }, HORIZON) ?? NaN;
}

/** Least squares over the maxima of the twelve chunks of 10 s. */
const autoregression: Forecast = (seen) =>
  ar12.shares.reduce((sum, share, i) => sum + share * Math.max(...seen.slice(10 * i, 10 * (i + 1))), ar12.constant);

const forecasts: readonly (readonly [string, Forecast])[] = [
  ...(await Promise.all(SEEDS.map(async (seed) => [`LSTM, seed ${seed}`, await ofSeed(seed)] as const))),
  ["AR(12) of the same inputs", autoregression],
  ["maximum of the last 20 s", (seen) => Math.max(...seen.slice(-HORIZON))],
  ...OTHERS.map((name) => [name, ofKind(name)] as const),
];

/** The mean of 200·|ŷ−y|/(|ŷ|+|y|), in per cent. */
function smape(rates: Float64Array, stride: number, forecast: Forecast): number {
  let [sum, count] = [0, 0];
  for (let now = HISTORY; now + HORIZON <= rates.length; now += stride) {
    const expected = forecast(Array.from(rates.subarray(now - HISTORY, now)));
    const actual = Math.max(...rates.subarray(now, now + HORIZON));
    sum += (200 * Math.abs(expected - actual)) / (Math.abs(expected) + Math.abs(actual));
    count++;
  }
  return sum / count;
}

const stride = flags.quick ? 10 * STRIDE : STRIDE;
const rows = forecasts.map(([name, forecast]) => ({
  name,
  heldOut: smape(heldOut, stride, forecast),
  artifact: smape(artifact, STRIDE, forecast),
}));
const mean = (of: (row: (typeof rows)[0]) => number): number =>
  rows.slice(0, SEEDS.length).reduce((sum, row) => sum + of(row), 0) / SEEDS.length;
rows.splice(SEEDS.length, 0, {
  name: "LSTM, mean of the seeds",
  heldOut: mean((row) => row.heldOut),
  artifact: mean((row) => row.artifact),
});
console.log(
  textTable(
    ["predictor", "held-out days (%)", "artifact's window (%)"].map((title, c) => ({
      title,
      align: c === 0 ? "left" : "right",
    })),
    rows.map((row) => [row.name, decimals(row.heldOut, 2), decimals(row.artifact, 2)]),
  ),
);
console.log("\nSMAPE: the mean of 200·|ŷ−y|/(|ŷ|+|y|), y the greatest rate of the next 20 s.");
const path = join(flags.out, "predictors.csv");
const lines = rows.map((row) => [`"${row.name}"`, row.heldOut, row.artifact].join(","));
await writeWhole(path, `predictor,smape_held_out,smape_artifact_window\n${lines.join("\n")}\n`);
console.log(`Written: ${path}`);
