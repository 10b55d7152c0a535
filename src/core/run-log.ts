import type { Plan } from "./plan.ts";
import type { Reason } from "./decide.ts";

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
