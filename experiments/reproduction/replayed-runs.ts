// A published run in our simulator: what it costs, how accurate it is, and how many requests are late.
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { accuracyOf, type AccuracyMetricName } from "../../src/core/accuracy.ts";
import { planObjective } from "../../src/core/assess.ts";
import { decide, type Planner } from "../../src/core/decide.ts";
import type { Pipeline } from "../../src/core/pipeline.ts";
import { planCores, planVariants } from "../../src/core/plan.ts";
import type { RequestRecords, Run } from "../../src/core/run-log.ts";
import { loadTrace } from "../../src/formats/files.ts";
import { replay, type ReplayOptions } from "../../src/study/replay.ts";
import { perSecond, type Trace } from "../../src/workload/trace.ts";
import { deployed, type PublishedRun } from "./published-runs.ts";

const traces = fileURLToPath(new URL("../../traces/", import.meta.url));

/** Each trace is read once. */
const read = new Map<string, Promise<Trace>>();

export function traceOf(workload: string): Promise<Trace> {
  const known = read.get(workload) ?? loadTrace(join(traces, `${workload}.csv`));
  read.set(workload, known);
  return known;
}

/** `paper`: requests cluster at the start of each second, and batches with a request beyond the run's age limit are dropped whole, as the authors' code did; `default`: Poisson arrivals, and requests dropped one by one at twice the SLA. */
export const modes = ["paper", "default"] as const;
export type Mode = (typeof modes)[number];

export function replayOptions(run: PublishedRun, pipeline: Pipeline, mode: Mode): ReplayOptions {
  const common = { startPlan: deployed(run, pipeline), keepRequests: true } as const;
  if (mode === "default") return common;
  return { ...common, arrivals: "paper-clustered", drop: { kind: "paper-age-limit", seconds: run.drop_s } };
}

/** The metric in which a version's figures report accuracy, whatever its runs optimised. */
export function reportedMetric({ version }: PublishedRun): AccuracyMetricName {
  return version === "original" ? "rank-sum" : "pas";
}

/** One seed of a run. Cores, seconds; shares in [0, 1]. */
export interface Measured {
  /** Of the plans in force, as the paper plots them, the deployed plan of time 0 among them. */
  readonly planned_cores: number;
  readonly accuracy: number;
  /** Cores held, those of starting and draining replicas included. */
  readonly cost_cores: number;
  /** Held beyond the plans in force: what reconfiguration costs, and less while replicas are still missing. */
  readonly reconfiguration_cores: number;
  readonly objective: number;
  readonly sla_attainment: number;
  readonly goodput_rps: number;
  readonly dropped_share: number;
  /** Seconds in which a request arrived that was late or not answered: the paper's violation. */
  readonly violation_seconds: number;
  /** Over all requests; infinite where that share was not answered, so null. */
  readonly latency_p50_s: number | null;
  readonly latency_p99_s: number | null;
  readonly replicas_started: number;
  readonly switches: number;
  readonly infeasible_share: number;
}

export function measure(run: PublishedRun, planner: Planner, trace: Trace, seed: number, mode: Mode) {
  const { pipeline } = planner;
  const result = replay(planner, trace, seed, replayOptions(run, pipeline, mode));
  const { requests, requestRecords, intervals } = result;
  const metric = reportedMetric(run);
  const inForce = intervals.map(({ plan }) => plan);
  const accuracies = inForce.map((plan) => accuracyOf(metric, pipeline.stages, planVariants(pipeline, plan)));
  const cores = inForce.map((plan) => planCores(pipeline, plan));
  const objectives = inForce.map((plan) => planObjective(pipeline, plan));
  const onTime = requests.served - requests.late;
  const measured: Measured = {
    planned_cores: mean(cores),
    accuracy: mean(accuracies),
    cost_cores: result.costCores,
    reconfiguration_cores: result.costCores - mean(cores),
    objective: mean(objectives),
    sla_attainment: onTime / requests.offered,
    goodput_rps: onTime / result.duration,
    dropped_share: requests.dropped / requests.offered,
    violation_seconds: requestRecords === null ? 0 : violations(requestRecords, pipeline.sla.seconds, result.duration),
    latency_p50_s: latencyOfAll(result, 0.5),
    latency_p99_s: latencyOfAll(result, 0.99),
    replicas_started: result.replicasStarted,
    switches: result.switches,
    infeasible_share: result.infeasibleDecisions / result.decisions,
  };
  return { measured, cores, accuracies, run: result };
}

/** Share of seconds in which a request arrived that was not answered within the SLA. */
function violations({ arrival, departure }: RequestRecords, sla: number, duration: number): number {
  const violated = new Set<number>();
  arrival.forEach((from, id) => {
    const latency = (departure[id] ?? NaN) - from;
    if (!(latency <= sla + 1e-9)) violated.add(Math.floor(from));
  });
  return violated.size / duration;
}

/** A percentile over all requests, those without an answer as the slowest; null if it is one of them. */
function latencyOfAll({ latencies, requests }: Run, share: number): number | null {
  const place = Math.ceil(share * requests.offered) - 1;
  return latencies[place] ?? null;
}

/**
 * What no policy with these pins can exceed that carries the load: the mean over the intervals of the best objective at the
 * interval's true mean load, with reconfiguration free and instant. Null if some interval has no plan at all.
 */
export function greatestObjective(planner: Planner, trace: Trace): number | null {
  const { pipeline } = planner;
  const free: Planner = {
    ...planner,
    pipeline: {
      ...pipeline,
      margins: { ...pipeline.margins, load: 0 },
      reproduction: { ...pipeline.reproduction, roundLoad: false },
    },
  };
  const values: number[] = [];
  for (const load of loadsOf(trace, pipeline.adaptation.interval)) {
    const { plan, outcome } = decide(free, load, []);
    if (outcome === null || !("options" in outcome)) return null;
    values.push(planObjective(pipeline, plan));
  }
  return mean(values);
}

/** Mean load of each interval of a trace, requests per second. */
export function loadsOf(trace: Trace, interval: number): readonly number[] {
  const rates = perSecond(trace);
  return Array.from({ length: Math.ceil(rates.length / interval) }, (_, i) =>
    mean(Array.from(rates.subarray(i * interval, (i + 1) * interval))),
  );
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
