import type { Plan } from "./plan.ts";
import type { Reason } from "./reason.ts";

/** One adaptation interval of a run, simulated or live; it ends where the next decision is made. */
export interface IntervalRow {
  /** The interval is [from, to), seconds. */
  readonly from: number;
  readonly to: number;
  /** Load predicted and load planned for, requests per second; null where nothing was predicted. */
  readonly predicted: number | null;
  readonly planned: number | null;
  /** Why the plan is what it is. */
  readonly reason: Reason;
  /** What the objective lost by the change to the plan, by the pipeline's costs of changes. */
  readonly change: number;
  /** Whether the planner found a plan that keeps every row. */
  readonly feasible: boolean;
  /** The plan in force, with its objective, its accuracy in the objective's metric, and its cores. */
  readonly plan: Plan;
  readonly objective: number;
  readonly accuracy: number;
  readonly plannedCores: number;
  /** Cores held on average, those of starting and draining replicas included. */
  readonly costCores: number;
  /** Ready replicas by stage, at the end of the interval, that serve. */
  readonly ready: readonly number[];
  /** Requests that arrived, and what became of those that ended within the interval. */
  readonly arrived: number;
  readonly served: number;
  readonly late: number;
  readonly dropped: number;
  /** Over the requests served within the interval, seconds; null if there were none. */
  readonly latencyP50: number | null;
  readonly latencyP99: number | null;
}

/** What a run leaves behind. Statistics leave out what came before the warm-up's end (S7). */
export interface Run {
  /** T_end, seconds. */
  readonly duration: number;
  readonly requests: {
    readonly offered: number;
    readonly served: number;
    readonly dropped: number;
    readonly inFlight: number;
    readonly late: number;
  };
  /** Latencies of the served requests, ascending, seconds. */
  readonly latencies: Float64Array;
  /** Mean accuracy (product over the stages) of the served requests; null if none was served. */
  readonly accuracy: number | null;
  /** Σ accuracy of the requests served on time / offered; null if none was offered. */
  readonly accuracyOnTime: number | null;
  /** Time averages over the measured time. */
  readonly costCores: number;
  readonly plannedCores: number;
  readonly objectiveAccuracy: number;
  readonly objective: number;
  readonly decisions: number;
  readonly infeasibleDecisions: number;
  /** Decisions for other variants, batches or replicas than those of the plan in force. */
  readonly planChanges: number;
  readonly replicasStarted: number;
  readonly switches: number;
  /** Plans for which a switch was given up, because the cluster had no room for the new variant. */
  readonly blocked: number;
  readonly stages: readonly StageTotals[];
  readonly intervals: readonly IntervalRow[];
  readonly requestRecords: RequestRecords | null;
  readonly visitRecords: VisitRecords | null;
}

export interface StageTotals {
  readonly stage: string;
  /** Time average of the cores held. */
  readonly costCores: number;
  readonly batches: number;
  readonly items: number;
  readonly dropped: number;
  readonly switches: number;
  readonly replicasStarted: number;
  /** Mean time from arrival at the stage to the start of service, over the items served; null if none. */
  readonly meanWait: number | null;
  /** Mean time from arrival at the stage to the end of service, over the items served; null if none. */
  readonly meanSojourn: number | null;
}

export const outcomes = ["served", "dropped", "in_flight"] as const;

/** A visit can also vanish: an item whose request had already been dropped elsewhere. */
export const visitOutcomes = [...outcomes, "vanished"] as const;

/** One row per request, by id; columns of equal length. */
export interface RequestRecords {
  readonly arrival: Float64Array;
  /** NaN where it never left. */
  readonly departure: Float64Array;
  /** Index into `outcomes`. */
  readonly outcome: Uint8Array;
  /** Stage index, −1 where it was not dropped. */
  readonly droppedAt: Int16Array;
}

/** One row per item and stage, by stage, then in queue order. Columns of equal length. */
export interface VisitRecords {
  readonly request: Uint32Array;
  readonly item: Uint32Array;
  readonly stage: Uint16Array;
  /** Index into the stage's variants, −1 if it never started. */
  readonly variant: Int16Array;
  /** Requests in the batch, 0 if it never started. */
  readonly batchSize: Uint16Array;
  readonly arrival: Float64Array;
  /** NaN if it never started. */
  readonly start: Float64Array;
  /** NaN if it never ended before the run did. */
  readonly end: Float64Array;
  /** Index into `visitOutcomes`. */
  readonly outcome: Uint8Array;
}
