import { capacityOf, leastIdling, leastReplicas } from "./capacity.ts";
import { plannedLoad } from "./load.ts";
import type { Pipeline } from "./pipeline.ts";
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
  const [from, to] = [serves, plan].map((one) => visited?.stage.variants.find(({ name }) => name === one.variant));
  if (load === null || visited === undefined || from === undefined || to === undefined) return plan.replicas;
  const { rate } = capacityOf(pipeline, to, plan.batch);
  // Which batch serves may have been forgotten, and be taken for one that the variant does not have.
  const serving = capacityOf(pipeline, from, Math.min(serves.batch, from.profile.at(-1)?.batch ?? 1)).rate;
  const items = visited.items * plannedLoad(pipeline, load);
  if (leastIdling(items, serving) > serves.replicas) return leastReplicas(serves.replicas * serving, rate);
  return Math.max(leastReplicas(items, rate), Math.min(plan.replicas, leastIdling(items, rate)));
}
