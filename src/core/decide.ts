import { assess } from "./assess.ts";
import { bestEffort, idleOf } from "./best-effort.ts";
import { costOfChange } from "./movement/change.ts";
import type { LoopState } from "./cluster.ts";
import { formulate } from "./formulate.ts";
import { withoutFewest, type Leeway } from "./movement/leeway.ts";
import { plannedLoad } from "./load.ts";
import type { Pipeline } from "./pipeline.ts";
import type { Plan } from "./plan.ts";
import type { Policy } from "./policies.ts";
import type { Predictor } from "./predictors/predictor.ts";
import { isSolved, planOf, type Outcome, type Solver } from "./problem.ts";
import type { QueueingModel } from "./queueing/latency.ts";
import { reasonAtLoad, type Reason } from "./reason.ts";

/** All that decides: data and functions, assembled once from names. */
export interface Planner {
  readonly pipeline: Pipeline;
  readonly policy: Policy;
  readonly predictor: Predictor;
  readonly queueing: QueueingModel;
  readonly solver: Solver;
}

/** What is decided for a known load. */
export interface Decided {
  /** Requests per second, before the margin. */
  readonly load: number;
  /** The load planned for: with margin, floor and rounding. */
  readonly planned: number;
  readonly plan: Plan;
  /** What the objective loses by the change from the running plan. */
  readonly change: number;
  /** Its objective is net of the change. */
  readonly outcome: Outcome;
  /** Without what was before: `drifted` is that what runs breaks a row, whatever the cause. */
  readonly reason: Reason;
}

/** No measured time in it: the same observation gives the same bytes. */
export interface Decision {
  readonly at: number;
  /** The load predicted, requests per second; null if the data were not fit to predict from. */
  readonly load: number | null;
  /** The load planned for: stabilised, with margin, floor and rounding. */
  readonly planned: number | null;
  readonly plan: Plan;
  readonly change: number;
  readonly outcome: Outcome | null;
  readonly reason: Reason;
  /** What the next decision must be told. */
  readonly state: LoopState | null;
}

/**
 * One decision for a known load, requests per second before the margin, within some leeway. Every plan of every
 * engine is assessed anew; one that breaks a row is a fault of the engine, and throws.
 */
export function decide(planner: Planner, load: number, running: Plan, leeway: Leeway = []): Decided {
  const planned = plannedLoad(planner.pipeline, load);
  const solve = (within: Leeway): Outcome =>
    planner.solver(formulate({ ...planner, leeway: within }, planned, running));
  const outcome = solveWithin(leeway, solve);
  const decided = (plan: Plan, reason: Reason): Decided => ({
    load,
    planned,
    plan,
    change: plan.reduce((sum, stage) => sum + costOfChange(planner.pipeline, stage, running), 0),
    outcome,
    reason,
  });
  switch (outcome.status) {
    case "optimal":
    case "feasible": {
      const plan = planOf(outcome.options);
      const broken = assess(planner, planned, plan).violations;
      if (broken.length > 0) {
        throw new Error(`engine ${outcome.engine} gave a plan that breaks ${broken.map(({ row }) => row).join(", ")}`);
      }
      return decided(plan, reasonAtLoad(planner, planned, running, plan));
    }
    case "infeasible": {
      const limited = leeway.length > 0 && isSolved(solve([]));
      const from = { ...planner, leeway: withoutFewest(leeway) };
      const holds = planner.pipeline.onInfeasible === "hold" && !limited && isThere(planner.pipeline, running);
      const nearest = holds ? null : bestEffort(from, planned, running, planner.solver);
      if (nearest === null) return decided(running, "held-infeasible");
      return decided(nearest, limited ? "limited" : "best-effort");
    }
    case "unknown":
      return decided(running, "held-unknown");
  }
}

/** Whether a plan can be held: not where a restriction says that there can be no replicas of what it has. */
function isThere({ stages }: Pipeline, plan: Plan): boolean {
  return stages.every((stage) => idleOf(stage, plan) === null);
}

/** Where no plan keeps the leeway: one that lets more replicas go at once than a step would, if there is any. */
function solveWithin(leeway: Leeway, solve: (within: Leeway) => Outcome): Outcome {
  const outcome = solve(leeway);
  return outcome.status !== "infeasible" || leeway.length === 0 ? outcome : solve(withoutFewest(leeway));
}
