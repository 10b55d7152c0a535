// How well does the tail model predict the simulator's 99th percentile of latency?
//
//   node experiments/tail-against-simulator.ts [--graphs] [--first SEED] [--quick] [--out FOLDER]
//
// Random chains of 1–5 stages: batches of 1–16, 1–16 replicas, utilisations from 0.2 to 0.95, service noise σ up to
// 0.25, Poisson arrivals. With --graphs, random graphs of 2–6 stages: up to two stages before each, so that there are
// branches, joins and several sources, and a fan-out from 0.3 to 3 at each. Prints how far predictions are off, relative
// to the simulated percentile (--first: others, drawn with the seeds from this one on), and writes tail-against-simulator.csv (tail-on-graphs.csv), one row per pipeline.
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Progress } from "../src/commands/progress.ts";
import { batchTimeout } from "../src/core/batching.ts";
import { pathsOf } from "../src/core/graph.ts";
import { defaults, type Pipeline, type Stage, type Variant } from "../src/core/pipeline.ts";
import { predictorKinds } from "../src/core/predictors/kinds.ts";
import { Z_99 } from "../src/core/profile.ts";
import { addTerms, composeLatency } from "../src/core/queueing/latency.ts";
import { tail } from "../src/core/queueing/tail.ts";
import { percentile } from "../src/core/percentile.ts";
import { visitsOf } from "../src/core/visits.ts";
import { writeWhole } from "../src/formats/files.ts";
import { percent } from "../src/report/numbers.ts";
import { exact } from "../src/solver/exact.ts";
import { replay } from "../src/study/replay.ts";
import { stream } from "../src/workload/streams.ts";
import type { Trace } from "../src/workload/trace.ts";

const { values: flags } = parseArgs({
  options: {
    graphs: { type: "boolean", default: false },
    quick: { type: "boolean", default: false },
    first: { type: "string", default: "1" },
    out: { type: "string", default: "out/experiments" },
  },
});
const count = flags.quick ? 50 : flags.graphs ? 250 : 600;
/** Requests of a chain. A graph gets so many that its stages serve this many items on average. */
const requests = flags.quick ? 100_000 : flags.graphs ? 300_000 : 1_000_000;
/** A percentile needs some requests, whatever their items. */
const LEAST_REQUESTS = 100_000;

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

/** How the stages follow each other, what serves them left open. */
type Shape = readonly Pick<Stage, "name" | "after" | "fanOut" | "variants">[];

function drawChain(draw: () => number): Shape {
  return Array.from({ length: 1 + Math.floor(5 * draw()) }, (_, s) => ({
    name: `s${s}`,
    after: s === 0 ? [] : [`s${s - 1}`],
    fanOut: 1,
    variants: [],
  }));
}

/** One stage in ten is a further source, and every third one that can be is a join of two. */
function drawGraph(draw: () => number): Shape {
  return Array.from({ length: 2 + Math.floor(5 * draw()) }, (_, s) => {
    const before = s === 0 || draw() < 0.1 ? 0 : s > 1 && draw() < 1 / 3 ? 2 : 1;
    const others = Array.from({ length: s }, (__, t) => `s${t}`);
    const after: string[] = [];
    while (after.length < before) after.push(...others.splice(Math.floor(draw() * others.length), 1));
    return { name: `s${s}`, after: after.sort(), fanOut: 0.3 * 10 ** draw(), variants: [] };
  });
}

/** The stages as a pipeline that never decides. */
function pipelineOf(shape: Shape, draws: readonly StageDraw[]): Pipeline {
  return {
    ...defaults,
    name: "random",
    stages: shape.map((stage, s) => ({ ...stage, variants: draws.slice(s, s + 1).map(({ variant }) => variant) })),
    sla: { seconds: 1, quantile: 0.99 },
    objective: { kind: "maxAccuracy", accuracy: "pas" },
    limits: { replicas: 100, batch: 16 },
    adaptation: { ...defaults.adaptation, loadWindow: 1, interval: 1e12 },
    policies: {},
  };
}

function compare(seed: number) {
  const draw = stream(seed, flags.graphs ? "random graphs" : "random chains");
  const rate = 200 ** draw();
  const shape = flags.graphs ? drawGraph(draw) : drawChain(draw);
  const visits = visitsOf(shape);
  const stages = visits.map(({ items }) => drawStage(draw, items * rate));
  const items = visits.reduce((sum, visited) => sum + visited.items, 0) / visits.length;
  const wanted = flags.graphs ? Math.max(LEAST_REQUESTS, requests / items) : requests;
  const seconds = Math.ceil((1.1 * wanted) / rate);
  const pipeline = pipelineOf(shape, stages);
  const startPlan = stages.map(({ batch, replicas }, s) => ({
    stage: `s${s}`,
    variant: "v",
    batch,
    batchTimeout: batchTimeout(batch, (visits[s]?.items ?? NaN) * rate),
    replicas,
  }));
  const policy = { name: "ipa", pins: {} };
  const planner = { pipeline, policy, predictor: predictorKinds.max.make(), queueing: tail, solver: exact };
  const trace: Trace = { kind: "rates", name: "constant", rates: new Float64Array(seconds).fill(rate) };
  const held = { drop: { kind: "none" }, warmup: Math.floor(seconds / 11), startPlan } as const;
  // No decision is due before the end.
  const run = replay(planner, trace, seed, held);
  const terms = visits.flatMap(({ stage: { fanOut }, items: ofStage, paths }, s) =>
    stages.slice(s, s + 1).map(({ batch, replicas, service, sigma }) => {
      const load = ofStage * rate;
      const promise = { quantile: 0.99, fanOut, items: ofStage, paths };
      return tail.terms({ rate: load, batch, replicas, capacity: batch / service, service, sigma, ...promise });
    }),
  );
  const latencies = pathsOf(pipeline.stages).map((path) =>
    composeLatency(addTerms(path.flatMap((s) => terms.slice(s, s + 1)))),
  );
  const predicted = Math.max(...latencies);
  const simulated = percentile(run.latencies, 0.99) ?? NaN;
  return { seed, rate, shape, stages, paths: latencies.length, predicted, simulated, error: predicted / simulated - 1 };
}

const progress = new Progress();
const results = Array.from({ length: count }, (_, i) => {
  progress.update(i / count, `pipeline ${i + 1} of ${count}`);
  return compare(Number(flags.first) + i);
});
progress.done();

const errors = results.map(({ error }) => error).sort((a, b) => a - b);
const at = (p: number): string =>
  `${percent(errors[Math.min(errors.length - 1, Math.floor(p * errors.length))] ?? NaN, 1)} %`;
const share = (low: number, high: number): string =>
  `${percent(errors.filter((error) => error >= low && error <= high).length / errors.length, 1)} %`;
const kind = flags.graphs ? "graphs, about" : "chains,";
console.log(`${count} random ${kind} ${requests} requests each; prediction over simulated 99th percentile, less 1:`);
console.log(`  least ${at(0)}, 5 % ${at(0.05)}, median ${at(0.5)}, 95 % ${at(0.95)}, greatest ${at(1)}`);
console.log(
  `  within -5 % and +25 %: ${share(-0.05, 0.25)}, and +30 %: ${share(-0.05, 0.3)}; below -10 %: ${share(-Infinity, -0.1)}`,
);
const lines = results.map(({ seed, rate, shape, stages, paths, predicted, simulated, error }) =>
  [
    seed,
    rate,
    stages.length,
    paths,
    Math.max(...stages.map((stage) => stage.utilisation)),
    predicted,
    simulated,
    error,
    stages.map((s) => `b${s.batch} n${s.replicas} u${s.utilisation.toFixed(2)} sigma${s.sigma.toFixed(2)}`).join("; "),
    shape.map(({ name, after, fanOut }) => `${after.join("+")}>${name} x${fanOut.toFixed(2)}`).join("; "),
  ].join(","),
);
const path = join(flags.out, flags.graphs ? "tail-on-graphs.csv" : "tail-against-simulator.csv");
const header = "seed,rate_rps,stages,paths,utilisation,predicted_s,simulated_s,error,settings,shape";
await writeWhole(path, `${header}\n${lines.join("\n")}\n`);
console.log(`Written: ${path}`);
