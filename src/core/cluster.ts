import type { Plan } from "./plan.ts";

/** A load series: means over `step` seconds, oldest first. `null` means not measured, which is not zero. */
export interface LoadSeries {
  /** The instant at which the last step ends, seconds. */
  readonly end: number;
  readonly step: number;
  readonly rates: readonly (number | null)[];
}

export interface ReplicaCount {
  readonly stage: string;
  readonly variant: string;
  readonly ready: number;
  readonly starting: number;
}

/** All that a decision may depend on, as seen at one instant. */
export interface Observation {
  /** Seconds; of the simulation's or the controller's clock. */
  readonly now: number;
  readonly load: LoadSeries;
  /** The plan in force; empty before the first. */
  readonly running: Plan;
  readonly replicas: readonly ReplicaCount[];
}
