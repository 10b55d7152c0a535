import type { Plan } from "./plan.ts";
import type { Restriction } from "./restrict.ts";
import type { Rollouts } from "./rollout.ts";
import type { ServedBatches } from "./service-time.ts";
import type { Slowdowns } from "./slowdown.ts";

/** A load series: means over `step` seconds, oldest first. `null` means not measured, which is not zero. */
export interface LoadSeries {
  /** The instant at which the last step ends, seconds. */
  readonly end: number;
  readonly step: number;
  readonly rates: readonly (number | null)[];
  /** Nobody measured it: it is what is to be planned for at its end, and shows nothing of the time before. */
  readonly assumed?: true;
}

export interface ReplicaCount {
  readonly stage: string;
  readonly variant: string;
  /** All that could take requests, those included that stand by. */
  readonly ready: number;
  readonly starting: number;
  /** Of the ready ones, those that take requests. */
  readonly serving: number;
  /** Why those that are wanted cannot start. */
  readonly refused?: "Unschedulable" | "Quota" | "Resources";
  /** Where some are refused: how many of those that are starting are not. None unless said. */
  readonly coming?: number;
}

/** What a stage had to do. */
export interface StageLoad {
  readonly stage: string;
  /** Items that wait for a replica. */
  readonly waiting: number;
  /**
   * Share of the time of the replicas that serve in which they did, since the last decision, without what stands by or is to take
   * over; null if none was ready.
   */
  readonly busy: number | null;
}

/**
 * What the loop remembers from one decision to the next, as plain data: who has it goes on where another
 * left off. Each way to decide has its own part, and passes over the others'.
 */
export interface LoopState {
  readonly planning?: Planning;
  /** Of the autoscaler, by stage, oldest first: those that no later one exceeds. */
  readonly scaling?: Readonly<Record<string, readonly Recommendation[]>>;
  readonly switching?: Switching;
  readonly rollouts?: Rollouts;
  readonly slowdowns?: Slowdowns;
}

/** What a switcher remembers. */
export interface Switching {
  /** Those of the first plan, which no later one exceeds. */
  readonly cores: number;
  /** Since when the queue has been short, seconds; null if it is not. */
  readonly shortSince: number | null;
}

/** So many replicas were recommended at an instant, seconds. */
export interface Recommendation {
  readonly at: number;
  readonly replicas: number;
}

/** What the planner remembers. */
export interface Planning {
  /** The load that the last plan was made for, before the margin, requests per second. */
  readonly load: number;
  /** Of the loads asked for within the stabilisation, oldest first, those that no later one exceeds. */
  readonly asked: readonly { readonly at: number; readonly load: number }[];
  /** When a stage's variant was last switched, seconds, by stage. */
  readonly switchedAt: Readonly<Record<string, number>>;
  /** Whether the last plan did not keep all limits, but was the nearest to one that does. */
  readonly nearest?: true;
}

/** All that a decision may depend on, as seen at one instant. */
export interface Observation {
  /** Seconds; of the simulation's or the controller's clock. */
  readonly now: number;
  readonly load: LoadSeries;
  /** The plan in force; empty before the first. */
  readonly running: Plan;
  /** A stage of which nothing is counted is one of which nothing is known. */
  readonly replicas: readonly ReplicaCount[];
  /** In the pipeline's order; empty where it is not known. */
  readonly stages: readonly StageLoad[];
  /** As the last decision left it; null before the first, and where it was lost. */
  readonly state: LoopState | null;
  /** Absent: none. */
  readonly restrictions?: readonly Restriction[];
  /** What stages served lately; absent where it is not measured. */
  readonly served?: readonly ServedBatches[];
}
