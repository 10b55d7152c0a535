import { combineScores } from "./accuracy.ts";
import type { Objective } from "./pipeline.ts";
import type { Plan, StagePlan } from "./plan.ts";
import type { Option } from "./problem.ts";

/**
 * What settles ties is part of the problem, so that every engine needs one solve only: a penalty so
 * small (5e-10 for a whole plan, half a tie) that a plan which is better by more than a tie wins.
 */
const FIRST_KEY = 4.9e-10;
/**
 * Each further key weighs this much less than the one before, so a difference in the earlier key below
 * this share of its range can lose to the later one. What the objective names second is resolved
 * finely; more keys at that rate would drown in the rounding of the objective itself.
 */
const AFTER_NAMED_KEY = 1e-4;
const NEXT_KEY = 1 / 200;

/** A key of the order among equals: its part of one option; `worst` bounds the sum over a plan. */
interface Key {
  readonly of: (option: Option, stage: number) => number;
  readonly worst: number;
}

export interface TieBreaker {
  /** Reward for the plan's accuracy. */
  readonly alpha: number;
  readonly penalty: (option: Option, stage: number) => number;
}

/**
 * Among equals: first what the objective names second (fewest cores, greatest accuracy), then the
 * plan nearest to the running one, then the least sum of batches, then the least latency. What is
 * equal even then goes by the order in the file, in which engines look at options.
 */
export function tieBreaker(
  objective: Objective,
  combine: "sum" | "product",
  options: readonly (readonly Option[])[],
  running: Plan,
): TieBreaker {
  const worst = (of: Key["of"]): number =>
    options.reduce((sum, ofStage, s) => sum + Math.max(0, ...ofStage.map((option) => of(option, s))), 0);
  const key = (of: Key["of"]): Key => ({ of, worst: worst(of) });
  const rest = [
    ...(running.length > 0 ? [key((option, s) => distance(option, running[s]))] : []),
    key((option) => option.batch),
    key((option) => option.latency.mean),
  ];
  const byCores = objective.kind === "maxAccuracy" ? [key((option) => option.cores)] : [];
  const accuracyFirst = objective.kind === "minCost";
  const best = combineScores(
    combine,
    options.map((ofStage) => Math.max(0, ...ofStage.map((option) => option.score))),
  );

  const named = accuracyFirst || byCores.length > 0;
  const weigh = ({ of, worst: most }: Key, share: number) => ({ of, weight: most > 0 ? share / most : 0 });
  const weighed = [
    ...byCores.map((one) => weigh(one, FIRST_KEY)),
    ...rest.map((one, k) => weigh(one, FIRST_KEY * (named ? AFTER_NAMED_KEY : 1) * NEXT_KEY ** k)),
  ];
  return {
    alpha: accuracyFirst && best > 0 ? FIRST_KEY / best : 0,
    penalty: (option, s) => weighed.reduce((sum, { of, weight }) => sum + weight * of(option, s), 0),
  };
}

/** How far an option is from what runs, in [0, 1]: a variant switch is the farthest. */
function distance(option: StagePlan, running: StagePlan | undefined): number {
  if (running === undefined || option.variant !== running.variant) return 1;
  const replicas = Math.abs(option.replicas - running.replicas) / Math.max(option.replicas, running.replicas);
  return 0.5 * replicas + (option.batch === running.batch ? 0 : 0.25);
}
