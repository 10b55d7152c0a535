import type { Planner } from "../core/decide.ts";
import { formulate } from "../core/formulate.ts";
import { plannedLoad } from "../core/load.ts";
import type { Plan } from "../core/plan.ts";
import { latencyOf, planOf } from "../core/problem.ts";
import { frontier, supports, type Support } from "../solver/frontier.ts";

/** A trade-off between accuracy and cost that no feasible plan improves upon. */
export interface TradeOff extends Support {
  /** In the objective's metric. */
  readonly accuracy: number;
  readonly cores: number;
  /** By the latency model, seconds. */
  readonly latency: number;
  readonly plan: Plan;
  /** How many other plans have the same accuracy and cores; null if too many to count. */
  readonly others: number | null;
}

/**
 * All trade-offs of a planner at a load (requests per second, before the margin), cheapest first: within
 * the limits, the pins and the accuracy floor, whatever the objective's weights.
 */
export function tradeOffs(planner: Planner, load: number): readonly TradeOff[] {
  const { pipeline } = planner;
  const { accuracy, accuracyFloor } = pipeline.objective;
  const objective = {
    kind: "maxAccuracy",
    accuracy,
    ...(accuracyFloor === undefined ? {} : { accuracyFloor }),
  } as const;
  const limits = { ...pipeline.limits, cores: pipeline.limits.cores ?? Infinity };
  const problem = formulate(
    { ...planner, pipeline: { ...pipeline, objective, limits } },
    plannedLoad(pipeline, load),
    [],
  );
  const points = frontier(problem, planner.solver);
  const intervals = supports(points);
  return points.flatMap(({ options, others, accuracy: reached, cores }, p): TradeOff[] => {
    const support = intervals[p];
    if (support === undefined) return [];
    const plan = planOf(options);
    return [{ accuracy: reached, cores, latency: latencyOf(problem, options), plan, others, ...support }];
  });
}
