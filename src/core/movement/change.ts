import type { Pipeline } from "../pipeline.ts";
import type { Plan, StagePlan } from "../plan.ts";

/** What the objective loses where a stage goes over to a setting; 0 where nothing runs yet. */
export function costOfChange(pipeline: Pipeline, to: StagePlan, running: Plan): number {
  const { cost } = pipeline.adaptation.movement;
  if (cost.start === 0 && cost.switch === 0) return 0;
  const from = running.find(({ stage }) => stage === to.stage);
  if (from === undefined) return 0;
  const switches = from.variant === to.variant ? 0 : 1;
  const variant = pipeline.stages
    .find(({ name }) => name === to.stage)
    ?.variants.find(({ name }) => name === to.variant);
  const up = Math.max(variant?.standby ?? 0, switches === 0 ? from.replicas : 0);
  return cost.switch * switches + cost.start * Math.max(0, to.replicas - up);
}
