import type { Planner } from "../core/decide.ts";
import { lookUp } from "../core/errors.ts";
import type { Pipeline } from "../core/pipeline.ts";
import { policyOf } from "../core/policies.ts";
import { predictorKinds } from "../core/predictors/kinds.ts";
import type { Knowledge, PredictorKind } from "../core/predictors/predictor.ts";
import type { QueueingModel } from "../core/queueing/latency.ts";
import { queueingModels } from "../core/queueing/models.ts";
import { engines, type EngineKind } from "../solver/engines.ts";

/** A planner by names: what a command line, a sweep's row or a journal holds. */
export interface Setup {
  readonly pipeline: Pipeline;
  readonly policy: string;
  readonly predictor: string;
  readonly queueing: string;
  readonly engine: string;
}

export const defaultQueueing = "tail" satisfies keyof typeof queueingModels;
export const defaultEngine = "exact" satisfies keyof typeof engines;

/** The one place where a name becomes a function. An unknown name is an InputError that lists the known ones. */
export async function assemble(setup: Setup, given: Knowledge = {}): Promise<Planner> {
  const engine = lookUp<EngineKind>("engine", engines, setup.engine);
  const policy = policyOf(setup.pipeline, setup.policy);
  return {
    pipeline: policy.interval === undefined ? setup.pipeline : decidingEvery(policy.interval, setup.pipeline),
    policy,
    predictor: lookUp<PredictorKind>("predictor", predictorKinds, setup.predictor).make(given),
    queueing: lookUp<QueueingModel>("queueing model", queueingModels, setup.queueing),
    solver: await engine.load(),
  };
}

function decidingEvery(interval: number, pipeline: Pipeline): Pipeline {
  return { ...pipeline, adaptation: { ...pipeline.adaptation, interval } };
}
