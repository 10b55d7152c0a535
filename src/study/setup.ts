import type { Planner } from "../core/decide.ts";
import { lookUp } from "../core/errors.ts";
import type { Pipeline } from "../core/pipeline.ts";
import { policyOf } from "../core/policies.ts";
import { predictorKinds } from "../core/predictors/kinds.ts";
import type { Knowledge, PredictorKind } from "../core/predictors/predictor.ts";
import type { QueueingModel } from "../core/queueing/latency.ts";
import { queueingModels } from "../core/queueing/models.ts";
import type { Setup } from "../core/setup.ts";
import { chooseEngine, type EngineChoice } from "../solver/choose.ts";
import { engines, type EngineKind } from "../solver/engines.ts";

export const defaultQueueing = "tail" satisfies keyof typeof queueingModels;
export const defaultEngine = "auto" satisfies keyof typeof engineNames;

/** What a setup may say of its engine. */
export const engineNames = {
  auto: { describes: "exact, or highs where the pipeline's shape is too much for it" },
  ...engines,
} satisfies Record<string, Pick<EngineKind, "describes">>;

/** The engine that a setup's name stands for, and why. An unknown name, also of a queueing model, is an InputError. */
export function engineOf({
  pipeline,
  queueing,
  engine,
}: Pick<Setup, "pipeline" | "queueing" | "engine">): EngineChoice {
  lookUp<Pick<EngineKind, "describes">>("engine", engineNames, engine);
  return engine === "auto"
    ? chooseEngine(pipeline, lookUp<QueueingModel>("queueing model", queueingModels, queueing))
    : { engine: engine as keyof typeof engines, reason: "as asked for" };
}

/** The one place where a name becomes a function. An unknown name is an InputError that lists the known ones. */
export async function assemble(setup: Setup, given: Knowledge = {}): Promise<Planner> {
  const policy = policyOf(setup.pipeline, setup.policy);
  const { engine } = engineOf(setup);
  return {
    pipeline: policy.interval === undefined ? setup.pipeline : decidingEvery(policy.interval, setup.pipeline),
    policy,
    predictor: lookUp<PredictorKind>("predictor", predictorKinds, setup.predictor).make(given),
    queueing: lookUp<QueueingModel>("queueing model", queueingModels, setup.queueing),
    solver: await engines[engine].load(),
  };
}

function decidingEvery(interval: number, pipeline: Pipeline): Pipeline {
  return { ...pipeline, adaptation: { ...pipeline.adaptation, interval } };
}
