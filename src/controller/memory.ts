import type { LoopState } from "../core/cluster.ts";
import type { Pipeline } from "../core/pipeline.ts";
import type { Plan } from "../core/plan.ts";
import { planOfStatus, stateOfStatus, type PipelineStatus } from "../formats/status.ts";
import { emptyLedger, type Ledger } from "./ledger.ts";

/** What a controller keeps of a pipeline from one turn to the next. All of it can be had from the status again, and the load from Prometheus. */
export interface Memory {
  /** In force; empty before the first. */
  readonly plan: Plan;
  readonly state: LoopState | null;
  readonly ledger: Ledger;
  /** Since when the load is not known, seconds; null where it is. */
  readonly unknownSince: number | null;
  /** As it was last written, and when, seconds. */
  readonly status: PipelineStatus | null;
  readonly writtenAt: number;
  /** Whether the loads asked for before are still to be found out. */
  readonly isFresh: boolean;
}

/** What a controller that begins, or takes over, knows of a pipeline. */
export function memoryFrom(pipeline: Pipeline, status: PipelineStatus | null): Memory {
  return {
    plan: planOfStatus(pipeline, status),
    state: stateOfStatus(status),
    ledger: status === null ? emptyLedger : ledgerOf(status),
    unknownSince: null,
    status,
    writtenAt: 0,
    isFresh: true,
  };
}

function ledgerOf({ takenOver = [], heldTargets = [], resumed = "" }: PipelineStatus): Ledger {
  return { takenOver, pinned: heldTargets, resumed };
}
