import type { IntervalRow } from "../core/run-log.ts";
import type { RequestRecords, VisitRecords } from "./scenario.ts";

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
  readonly replicasStarted: number;
  readonly switches: number;
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
