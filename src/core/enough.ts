import { capacityOf, leastIdling, leastReplicas } from "./capacity.ts";
import { plannedLoad } from "./load.ts";
import type { Pipeline, Stage } from "./pipeline.ts";
import type { StagePlan } from "./plan.ts";
import type { Serving } from "./switch.ts";
import { visitsOf } from "./visits.ts";

/**
 * How many replicas of a stage's plan must be ready before they take over from what serves: those that carry the load of now and
 * leave something idle, as any plan must, unless the plan has too few for that. Where what serves carries less than the load, as much as it does
 * is enough. A plan may have fewer than are enough: then it does not take over, since less would be carried than is. All of
 * the plan's if the load (requests per second) is not known.
 */
export function enoughReady(pipeline: Pipeline, load: number | null, plan: StagePlan, serves: Serving): number {
  const visited = visitsOf(pipeline.stages).find(({ stage }) => stage.name === plan.stage);
  if (load === null || visited === undefined) return plan.replicas;
  const [serving, rate] = [rateOf(pipeline, visited.stage, serves), rateOf(pipeline, visited.stage, plan)];
  if (serving === null || rate === null) return plan.replicas;
  const items = visited.items * plannedLoad(pipeline, load);
  if (leastIdling(items, serving) > serves.replicas) return leastReplicas(serves.replicas * serving, rate);
  return Math.max(leastReplicas(items, rate), Math.min(plan.replicas, leastIdling(items, rate)));
}

/** Items per second that replicas of a stage carry together; 0 of a variant that it does not have. */
export function carriedBy(pipeline: Pipeline, stage: Stage, serves: Serving): number {
  return serves.replicas * (rateOf(pipeline, stage, serves) ?? 0);
}

/** Of one replica; null of a variant that the stage does not have. */
function rateOf(pipeline: Pipeline, { variants }: Stage, { variant, batch }: Serving): number | null {
  const of = variants.find(({ name }) => name === variant);
  // Which batch serves may have been forgotten, and be taken for one that the variant does not have.
  return of === undefined ? null : capacityOf(pipeline, of, Math.min(batch, of.profile.at(-1)?.batch ?? 1)).rate;
}
