import { percentile } from "../core/percentile.ts";
import type { Run, StageTotals } from "../core/run-log.ts";
import { halfWidth95, meanOf } from "./confidence.ts";

/** The names and numbers that a run does not hold itself. */
export interface SummaryContext {
  readonly pipeline: string;
  readonly trace: string;
  readonly policy: string;
  /** The seed of each run, in the same order. */
  readonly seeds: readonly number[];
  /** Name of the metric that the objective maximises. */
  readonly accuracyMetric: string;
  /** Latency promised, seconds. */
  readonly sla: number;
  /** What arrived before this instant is left out of the runs, seconds. */
  readonly warmup: number;
  /** Time that the runs took, seconds; null where it was not measured. */
  readonly wall: number | null;
}

/**
 * One policy's element of `ipa simulate --json`; keys are only ever added (docs/cli.md).
 * With several seeds every number is the mean over the seeds, counts and percentiles too:
 * `latency_s.p99` is the mean of the seeds' 99th percentiles. Seeds in which a number does not exist
 * (the latency of a run that served nothing) are left out of its mean; it is null if it exists in none.
 */
export interface Summary {
  readonly pipeline: string;
  readonly trace: string;
  readonly policy: string;
  readonly seeds: readonly number[];
  readonly duration_s: number;
  readonly requests: {
    readonly offered: number;
    readonly served: number;
    readonly dropped: number;
    /** Neither served nor dropped when the run was cut off; missed, like the dropped. */
    readonly in_flight: number;
    /** Served, but not within the SLA. */
    readonly late: number;
  };
  /** Mean over the served requests of the product of the stage accuracies. */
  readonly accuracy: number | null;
  /** Time averages of the plans in force: what was maximised, and its accuracy metric. */
  readonly objective: number | null;
  readonly objective_accuracy: number | null;
  readonly accuracy_metric: string;
  /** Σ accuracy of the requests answered on time / offered. */
  readonly accuracy_on_time: number | null;
  /** Requests answered on time, per second. */
  readonly goodput_rps: number | null;
  /** Time averages: cores held, and cores of the plan in force. */
  readonly cost_cores: number | null;
  readonly planned_cores: number | null;
  readonly sla_s: number;
  /** Share of all offered requests, dropped ones included, that were answered within the SLA. */
  readonly sla_attainment: number | null;
  /** Over the served requests. */
  readonly latency_s: {
    readonly mean: number | null;
    readonly p50: number | null;
    readonly p95: number | null;
    readonly p99: number | null;
    readonly max: number | null;
  };
  readonly decisions: number;
  readonly infeasible_decisions: number;
  /** Decisions for another plan than the one in force. */
  readonly plan_changes: number;
  readonly replicas_started: number;
  readonly switches: number;
  /** Plans for which a switch was given up, because the cluster had no room. */
  readonly blocked: number;
  /** Half-widths of the 95 % intervals of the means over seeds (Student's t); null with one seed. */
  readonly ci95: Readonly<Record<keyof Measures, number | null>>;
  readonly wall_s: number | null;
  readonly stages: readonly StageSummary[];
}

export interface StageSummary {
  readonly stage: string;
  readonly cost_cores: number | null;
  readonly batches: number;
  readonly items: number;
  readonly dropped: number;
  readonly switches: number;
  readonly replicas_started: number;
  /** From arrival at the stage to the start of service, and to its end, over the items served. */
  readonly mean_wait_s: number | null;
  readonly mean_sojourn_s: number | null;
}

/** What is measured once per seed and has an interval over seeds. */
interface Measures {
  readonly accuracy: number | null;
  readonly objective: number | null;
  readonly objective_accuracy: number | null;
  readonly accuracy_on_time: number | null;
  readonly goodput_rps: number | null;
  readonly cost_cores: number | null;
  readonly planned_cores: number | null;
  readonly sla_attainment: number | null;
  readonly latency_mean_s: number | null;
  readonly latency_p50_s: number | null;
  readonly latency_p95_s: number | null;
  readonly latency_p99_s: number | null;
}

/** The summary of one policy's runs, one run per seed. */
export function summarise(runs: readonly Run[], context: SummaryContext): Summary {
  if (runs.length === 0 || runs.length !== context.seeds.length) {
    throw new RangeError(`a summary needs one run per seed: ${runs.length} runs, ${context.seeds.length} seeds`);
  }
  const measures = runs.map((run) => measuresOf(run, context.warmup));
  const mean = (of: (run: Run) => number | null): number | null => meanOf(runs.map(of));
  const count = (of: (run: Run) => number): number => mean(of) ?? 0;
  const measured = (name: keyof Measures): number | null => meanOf(measures.map((one) => one[name]));
  const half = (name: keyof Measures): number | null => halfWidth95(measures.map((one) => one[name]));
  return {
    pipeline: context.pipeline,
    trace: context.trace,
    policy: context.policy,
    seeds: context.seeds,
    duration_s: count((run) => run.duration),
    requests: {
      offered: count((run) => run.requests.offered),
      served: count((run) => run.requests.served),
      dropped: count((run) => run.requests.dropped),
      in_flight: count((run) => run.requests.inFlight),
      late: count((run) => run.requests.late),
    },
    accuracy: measured("accuracy"),
    objective: measured("objective"),
    objective_accuracy: measured("objective_accuracy"),
    accuracy_metric: context.accuracyMetric,
    accuracy_on_time: measured("accuracy_on_time"),
    goodput_rps: measured("goodput_rps"),
    cost_cores: measured("cost_cores"),
    planned_cores: measured("planned_cores"),
    sla_s: context.sla,
    sla_attainment: measured("sla_attainment"),
    latency_s: {
      mean: measured("latency_mean_s"),
      p50: measured("latency_p50_s"),
      p95: measured("latency_p95_s"),
      p99: measured("latency_p99_s"),
      max: mean((run) => run.latencies.at(-1) ?? null),
    },
    decisions: count((run) => run.decisions),
    infeasible_decisions: count((run) => run.infeasibleDecisions),
    plan_changes: count((run) => run.planChanges),
    replicas_started: count((run) => run.replicasStarted),
    switches: count((run) => run.switches),
    blocked: count((run) => run.blocked),
    ci95: {
      accuracy: half("accuracy"),
      objective: half("objective"),
      objective_accuracy: half("objective_accuracy"),
      accuracy_on_time: half("accuracy_on_time"),
      goodput_rps: half("goodput_rps"),
      cost_cores: half("cost_cores"),
      planned_cores: half("planned_cores"),
      sla_attainment: half("sla_attainment"),
      latency_mean_s: half("latency_mean_s"),
      latency_p50_s: half("latency_p50_s"),
      latency_p95_s: half("latency_p95_s"),
      latency_p99_s: half("latency_p99_s"),
    },
    wall_s: context.wall,
    stages: stagesOf(runs),
  };
}

function measuresOf(run: Run, warmup: number): Measures {
  const { latencies, requests } = run;
  const onTime = requests.served - requests.late;
  const seconds = run.duration - warmup;
  return {
    accuracy: run.accuracy,
    objective: run.objective,
    objective_accuracy: run.objectiveAccuracy,
    accuracy_on_time: run.accuracyOnTime,
    goodput_rps: seconds > 0 ? onTime / seconds : null,
    cost_cores: run.costCores,
    planned_cores: run.plannedCores,
    sla_attainment: requests.offered > 0 ? onTime / requests.offered : null,
    latency_mean_s: latencies.length > 0 ? latencies.reduce((sum, value) => sum + value, 0) / latencies.length : null,
    latency_p50_s: percentile(latencies, 0.5),
    latency_p95_s: percentile(latencies, 0.95),
    latency_p99_s: percentile(latencies, 0.99),
  };
}

function stagesOf(runs: readonly Run[]): StageSummary[] {
  return (runs[0]?.stages ?? []).map(({ stage }, s) => {
    const mean = (of: (totals: StageTotals) => number | null): number | null =>
      meanOf(runs.flatMap((run) => run.stages[s] ?? []).map(of));
    const count = (of: (totals: StageTotals) => number): number => mean(of) ?? 0;
    return {
      stage,
      cost_cores: mean((totals) => totals.costCores),
      batches: count((totals) => totals.batches),
      items: count((totals) => totals.items),
      dropped: count((totals) => totals.dropped),
      switches: count((totals) => totals.switches),
      replicas_started: count((totals) => totals.replicasStarted),
      mean_wait_s: mean((totals) => totals.meanWait),
      mean_sojourn_s: mean((totals) => totals.meanSojourn),
    };
  });
}
