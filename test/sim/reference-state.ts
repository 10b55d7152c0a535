import type { Decision } from "../../src/core/decide.ts";
import type { Stage, Variant } from "../../src/core/pipeline.ts";
import type { Plan } from "../../src/core/plan.ts";

export interface Request {
  readonly id: number;
  readonly arrival: number;
  /** By stage: its items that are there or on the way there. */
  readonly places: number[];
  /** By stage: accuracies of the variants that served its items there. */
  readonly accuracies: number[][];
  /** Stages that dropped an item, in order of time. */
  readonly drops: number[];
  /** Joins that have taken their item or been passed by. */
  readonly joined: Set<number>;
  outcome: "served" | "dropped" | "in_flight";
  /** When it was served or dropped; NaN while in flight. */
  endedAt: number;
  droppedAt: number;
}

/** An item at a stage. */
export interface Visit {
  readonly request: Request;
  readonly item: number;
  readonly arrival: number;
  start: number;
  end: number;
  /** Index of the variant that took it, −1 before. */
  variant: number;
  batchSize: number;
  outcome: "served" | "dropped" | "in_flight" | "vanished";
}

export interface Replica {
  /** Ordinal within its stage, in order of request, over the whole run (S10). */
  readonly id: number;
  readonly variant: Variant;
  readonly variantIndex: number;
  readonly requestedAt: number;
  /** From when it holds its cores, and when it is ready; Infinity while it waits for room (S12). */
  startedAt: number;
  readyAt: number;
  state: "waiting" | "starting" | "idle" | "busy" | "released";
  /** Ends its batch and takes no more (S10). */
  draining: boolean;
  batch: readonly Visit[];
  batchEnd: number;
  releasedAt: number;
}

/** The replicas of one variant that were asked for together, without those that drain or are gone. */
export interface Group {
  readonly variant: Variant;
  batch: number;
  timeout: number;
  replicas: Replica[];
  /** So many were asked for last (S11). */
  wanted: number;
}

export interface StageState {
  readonly index: number;
  readonly stage: Stage;
  readonly predecessors: readonly number[];
  readonly successors: readonly number[];
  /** All stages from which a path leads here. */
  readonly upstream: readonly number[];
  readonly queue: Visit[];
  /** What left a stage before and is not here yet; it has not become several yet. */
  onTheWay: { readonly request: Request; readonly item: number; readonly at: number }[];
  serving: Group;
  /** The group that a switch of the variant waits for (S11). */
  pending: Group | null;
  /** The replicas and the load (requests per second) by which it is found how many of that must be ready. */
  pendingPlan: { readonly replicas: number; readonly load: number | null };
  /** Every visit, in the order in which they joined the queue. */
  readonly visits: Visit[];
  /** Every replica that there ever was, by id. */
  readonly replicas: Replica[];
  /** Those that stand by (S17). */
  standby: Replica[];
  /** Every batch. */
  readonly services: { readonly start: number; readonly end: number }[];
  readonly handOvers: number[];
}

/** What happened in a run; `reference-statistics` makes the statistics of it. */
export interface History {
  readonly requests: readonly Request[];
  readonly stages: readonly StageState[];
  /** The plans in force, each until the next one's instant. */
  readonly plans: readonly { readonly from: number; readonly plan: Plan }[];
  readonly ticks: readonly { readonly at: number; readonly decision: Decision; readonly running: Plan }[];
  /** When a plan in force was first found to be blocked (S12), for each that was. */
  readonly blocked: readonly number[];
  /** By interval: the ready replicas that serve each stage at its end. */
  readonly readyAtEnd: readonly (readonly number[])[];
}

/** One more replica of a group, which waits. */
export function addReplica(stage: StageState, group: Group, requestedAt: number): Replica {
  const replica: Replica = {
    id: stage.replicas.length,
    variant: group.variant,
    variantIndex: stage.stage.variants.indexOf(group.variant),
    requestedAt,
    startedAt: Infinity,
    readyAt: Infinity,
    state: "waiting",
    draining: false,
    batch: [],
    batchEnd: NaN,
    releasedAt: Infinity,
  };
  stage.replicas.push(replica);
  group.replicas.push(replica);
  return replica;
}

/** Idle and busy ones are ready; those that wait count as starting (S10). */
export function isReady({ state }: Replica): boolean {
  return state === "idle" || state === "busy";
}

export function count(group: Group, what: "ready" | "starting"): number {
  return group.replicas.filter((replica) => isReady(replica) === (what === "ready")).length;
}

/** The smallest arrival at the pipeline in a batch. */
export function oldestOf(batch: readonly Visit[]): number {
  return Math.min(...batch.map((visit) => visit.request.arrival));
}
