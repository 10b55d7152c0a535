import type { Pipeline } from "../core/pipeline.ts";
import type { Setup } from "../core/setup.ts";
import { plannerDigest } from "../formats/decision-journal.ts";

/** What a pipeline's planner is made from. */
export interface PlannerSetup {
  readonly setup: Setup;
  readonly digest: string;
}

/** Setups of pipelines; of each version the digest, which is of all its profiles, is worked out once. */
export function setupsWith(by: Pick<Setup, "queueing" | "engine">): (pipeline: Pipeline) => PlannerSetup {
  const known = new WeakMap<Pipeline, PlannerSetup>();
  return (pipeline) => {
    const found = known.get(pipeline);
    if (found !== undefined) return found;
    const setup = { pipeline, policy: "ipa", predictor: pipeline.adaptation.predictor, ...by };
    const made = { setup, digest: plannerDigest(setup) };
    known.set(pipeline, made);
    return made;
  };
}
