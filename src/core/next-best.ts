import { combineScores } from "./accuracy.ts";
import type { Plan } from "./plan.ts";
import {
  isSolved,
  latencyOf,
  planOf,
  tieWidth,
  type Option,
  type Problem,
  type Solved,
  type Solver,
} from "./problem.ts";

/** The best of the plans that are not the chosen one. */
export interface NextBest {
  readonly plan: Plan;
  /** What the objective would have lost by it; below 0 only by the rounding of an engine, or where the chosen was not proved best. */
  readonly loses: number;
  /** Whether the two are a tie, which another rule settled. */
  readonly tie: boolean;
  /** In the objective's metric. */
  readonly accuracy: number;
  readonly cores: number;
  /** By the latency model, seconds. */
  readonly latency: number;
}

/** Of all plans that keep the limits; null if there is no other. Found by solving again, once for each stage. */
export function nextBest(problem: Problem, chosen: Solved, solver: Solver): NextBest | null {
  // Another plan differs somewhere: it is the best of those that differ at some stage.
  const others = problem.options.flatMap((ofStage, s): Solved[] => {
    const without = ofStage.filter((option) => !isSame(option, chosen.options[s]));
    const options = problem.options.map((all, place) => (place === s ? without : all));
    const outcome = solver({ ...problem, options });
    return isSolved(outcome) ? [outcome] : [];
  });
  const [first, ...rest] = others;
  if (first === undefined) return null;
  const { options, objective } = rest.reduce((best, one) => (one.objective > best.objective ? one : best), first);
  const loses = chosen.objective - objective;
  return {
    plan: planOf(options),
    loses,
    tie: Math.abs(loses) <= tieWidth(chosen.objective),
    accuracy: combineScores(
      problem.combine,
      options.map(({ score }) => score),
    ),
    cores: options.reduce((sum, { cores }) => sum + cores, 0),
    latency: latencyOf(problem, options),
  };
}

function isSame(a: Option, b: Option | undefined): boolean {
  return a.variant === b?.variant && a.batch === b.batch && a.replicas === b.replicas;
}
