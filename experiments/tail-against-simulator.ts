// How well does the tail model predict the simulator's 99th percentile of latency?
//
//   node experiments/tail-against-simulator.ts [--quick] [--out FOLDER]
//
// Random chains of 1–5 stages: batches of 1–16, 1–16 replicas, utilisations from 0.2 to 0.95, service noise σ up to
// 0.25, Poisson arrivals. Prints how far predictions are off, relative to the simulated percentile, and
// writes tail-against-simulator.csv, one row per chain.
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Progress } from "../src/commands/progress.ts";
import { defaults, type Pipeline, type Variant } from "../src/core/pipeline.ts";
import { predictorKinds } from "../src/core/predictors/kinds.ts";
import { Z_99 } from "../src/core/profile.ts";
import { addTerms, composeLatency } from "../src/core/queueing/latency.ts";
import { tail } from "../src/core/queueing/tail.ts";
import { percentile } from "../src/core/percentile.ts";
import { writeWhole } from "../src/formats/files.ts";
import { percent } from "../src/report/numbers.ts";
import { exact } from "../src/solver/exact.ts";
import { replay } from "../src/study/replay.ts";
import { stream } from "../src/workload/streams.ts";
import type { Trace } from "../src/workload/trace.ts";

const { values: flags } = parseArgs({
  options: { quick: { type: "boolean", default: false }, out: { type: "string", default: "out/experiments" } },
});
const chains = flags.quick ? 50 : 600;
const requests = flags.quick ? 100_000 : 1_000_000;

const BATCHES = [1, 1, 2, 4, 8, 16];
const PROFILED = [1, 2, 4, 8, 16];

interface StageDraw {
  readonly variant: Variant;
  readonly batch: number;
  readonly replicas: number;
  readonly utilisation: number;
  readonly service: number;
  readonly sigma: number;
}

function drawStage(draw: () => number, rate: number): StageDraw {
  const batch = BATCHES[Math.floor(draw() * BATCHES.length)] ?? 1;
  const utilisation = 0.2 + 0.75 * draw();
  const replicas = Math.max(1, Math.round(16 ** draw()));
  const sigma = 0.25 * draw();
  // The share of a lone request's service time that each further one adds.
  const slope = 0.2 + 0.7 * draw();
  const service = (utilisation * batch * replicas) / rate;
  const alone = service / (1 - slope + slope * batch);
  const ratio = Math.exp(Z_99 * sigma - (sigma * sigma) / 2);
  const profile = PROFILED.map((size) => {
    const mean = alone * (1 - slope + slope * size);
    return { batch: size, mean, p99: ratio * mean };
  });
  const variant = { name: "v", accuracy: 1, coresPerReplica: 1, startUp: { mean: 0 }, profile };
  return { variant, batch, replicas, utilisation, service, sigma };
}

/** The stages as a pipeline that never decides. */
function chainOf(stages: readonly StageDraw[]): Pipeline {
  return {
    ...defaults,
    name: "chain",
    stages: stages.map(({ variant }, s) => ({
      name: `s${s}`,
      after: s === 0 ? [] : [`s${s - 1}`],
      fanOut: 1,
      variants: [variant],
    })),
    sla: { seconds: 1, quantile: 0.99 },
    objective: { kind: "maxAccuracy", accuracy: "pas" },
    limits: { replicas: 100, batch: 16 },
    adaptation: { ...defaults.adaptation, loadWindow: 1, interval: 1e12 },
    policies: {},
  };
}

function chain(seed: number) {
  const draw = stream(seed, "random chains");
  const rate = 200 ** draw();
  const stages = Array.from({ length: 1 + Math.floor(5 * draw()) }, () => drawStage(draw, rate));
  const seconds = Math.ceil((1.1 * requests) / rate);
  const pipeline = chainOf(stages);
  const startPlan = stages.map(({ batch, replicas }, s) => ({
    stage: `s${s}`,
    variant: "v",
    batch,
    batchTimeout: (batch - 1) / rate,
    replicas,
  }));
  const policy = { name: "ipa", pins: {} };
  const planner = { pipeline, policy, predictor: predictorKinds.max.make(), queueing: tail, solver: exact };
  const trace: Trace = { kind: "rates", name: "constant", rates: new Float64Array(seconds).fill(rate) };
  const held = { drop: { kind: "none" }, warmup: Math.floor(seconds / 11), startPlan } as const;
  // No decision is due before the end.
  const run = replay(planner, trace, seed, held);
  const predicted = composeLatency(
    addTerms(
      stages.map(({ batch, replicas, service, sigma }) =>
        tail.terms({ rate, batch, replicas, capacity: batch / service, service, sigma, ...PROMISE }),
      ),
    ),
  );
  const simulated = percentile(run.latencies, 0.99) ?? NaN;
  return { seed, rate, stages, predicted, simulated, error: predicted / simulated - 1 };
}

/** One path, one item a request. */
const PROMISE = { quantile: 0.99, fanOut: 1, items: 1, paths: 1 };

const progress = new Progress();
const results = Array.from({ length: chains }, (_, i) => {
  progress.update(i / chains, `chain ${i + 1} of ${chains}`);
  return chain(i + 1);
});
progress.done();

const errors = results.map(({ error }) => error).sort((a, b) => a - b);
const at = (p: number): string =>
  `${percent(errors[Math.min(errors.length - 1, Math.floor(p * errors.length))] ?? NaN, 1)} %`;
const share = (low: number, high: number): string =>
  `${percent(errors.filter((error) => error >= low && error <= high).length / errors.length, 1)} %`;
console.log(`${chains} random chains, ${requests} requests each; prediction over simulated 99th percentile, less 1:`);
console.log(`  least ${at(0)}, 5 % ${at(0.05)}, median ${at(0.5)}, 95 % ${at(0.95)}, greatest ${at(1)}`);
console.log(`  within -5 % and +25 %: ${share(-0.05, 0.25)}; below -10 %: ${share(-Infinity, -0.1)}`);
const lines = results.map(({ seed, rate, stages, predicted, simulated, error }) =>
  [
    seed,
    rate,
    stages.length,
    Math.max(...stages.map((stage) => stage.utilisation)),
    predicted,
    simulated,
    error,
    stages.map((s) => `b${s.batch} n${s.replicas} u${s.utilisation.toFixed(2)} sigma${s.sigma.toFixed(2)}`).join("; "),
  ].join(","),
);
const path = join(flags.out, "tail-against-simulator.csv");
const header = "seed,rate_rps,stages,utilisation,predicted_s,simulated_s,error,settings";
await writeWhole(path, `${header}\n${lines.join("\n")}\n`);
console.log(`Written: ${path}`);
