import type { Pipeline } from "./pipeline.ts";

/** A planner by names: what a command line, a sweep's row or a journal holds. */
export interface Setup {
  readonly pipeline: Pipeline;
  readonly policy: string;
  readonly predictor: string;
  readonly queueing: string;
  readonly engine: string;
}
