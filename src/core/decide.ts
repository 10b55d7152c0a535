import type { Pipeline } from "./pipeline.ts";
import type { Plan } from "./plan.ts";
import type { Policy } from "./policies.ts";
import type { Predictor } from "./predictors/predictor.ts";
import type { Outcome, Solver } from "./problem.ts";
import type { QueueingModel } from "./queueing/latency.ts";

/** All that decides: data and functions, assembled once from names. */
export interface Planner {
  readonly pipeline: Pipeline;
  readonly policy: Policy;
  readonly predictor: Predictor;
  readonly queueing: QueueingModel;
  readonly solver: Solver;
}

export type Reason =
  | "first"
  | "load-rose"
  | "load-fell"
  | "better-plan"
  | "unchanged"
  | "best-effort"
  | "held-no-data"
  | "held-infeasible"
  | "held-unknown";

/** No measured time in it: the same observation gives the same bytes. */
export interface Decision {
  readonly at: number;
  /** The load predicted, requests per second; null if the data were not fit to predict from. */
  readonly load: number | null;
  /** The load planned for: with margin, floor and rounding. */
  readonly planned: number | null;
  readonly plan: Plan;
  readonly outcome: Outcome | null;
  readonly reason: Reason;
}
