import { assess } from "./assess.ts";
import { bestEffort } from "./best-effort.ts";
import { formulate } from "./formulate.ts";
import { plannedLoad } from "./load.ts";
import type { Pipeline } from "./pipeline.ts";
import { planCores, samePlan, type Plan } from "./plan.ts";
import type { Policy } from "./policies.ts";
import type { Predictor } from "./predictors/predictor.ts";
import { planOf, type Outcome, type Solver } from "./problem.ts";
import type { QueueingModel } from "./queueing/latency.ts";

/** All that decides: data and functions, assembled once from names. */
export interface Planner {
  readonly pipeline: Pipeline;
  readonly policy: Policy;
  readonly predictor: Predictor;
  readonly queueing: QueueingModel;
  readonly solver: Solver;
}

/** Why a plan is in force. */
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

/**
 * One decision for a known load, requests per second before the margin. Every plan of every engine is
 * assessed anew; one that breaks a row is a fault of the engine, and throws.
 */
export function decide(planner: Planner, load: number, running: Plan): Omit<Decision, "at"> {
  const planned = plannedLoad(planner.pipeline, load);
  const outcome = planner.solver(formulate(planner, planned, running));
  const decision = { load, planned, outcome };
  switch (outcome.status) {
    case "optimal":
    case "feasible": {
      const plan = planOf(outcome.options);
      const broken = assess(planner, planned, plan).violations;
      if (broken.length > 0) {
        throw new Error(`engine ${outcome.engine} gave a plan that breaks ${broken.map(({ row }) => row).join(", ")}`);
      }
      return { ...decision, plan, reason: reasonFor(planner, planned, running, plan) };
    }
    case "infeasible": {
      const nearest =
        planner.pipeline.reproduction.infeasible === "hold" ? null : bestEffort(planner, planned, planner.solver);
      return nearest === null
        ? { ...decision, plan: running, reason: "held-infeasible" }
        : { ...decision, plan: nearest, reason: "best-effort" };
    }
    case "unknown":
      return { ...decision, plan: running, reason: "held-unknown" };
  }
}

function reasonFor(planner: Planner, planned: number, running: Plan, plan: Plan): Reason {
  if (running.length === 0) return "first";
  if (samePlan(running, plan)) return "unchanged";
  const broken = assess(planner, planned, running).violations;
  if (broken.some(({ row }) => row.startsWith("capacity"))) return "load-rose";
  // A batch that fills too slowly breaks the SLA when the load falls.
  if (broken.some(({ row }) => row === "sla")) return "load-fell";
  return planCores(planner.pipeline, plan) < planCores(planner.pipeline, running) ? "load-fell" : "better-plan";
}
