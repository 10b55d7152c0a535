import { batchTimeout } from "./batching.ts";
import { capacityOf, leastReplicas, type Capacity } from "./capacity.ts";
import type { Pins, Pipeline, Stage, Variant } from "./pipeline.ts";
import type { StagePlan } from "./plan.ts";
import type { LatencyTerms, QueueingModel } from "./queueing/latency.ts";

/** One variant and batch size that a stage may run, whatever the load. */
export interface Setting {
  readonly variant: Variant;
  readonly batch: number;
  readonly capacity: Capacity;
  /** Pinned number of replicas, if the policy pins it. */
  readonly pinned: number | undefined;
}

/** One way to run a stage at a load, before it is weighed. */
export interface Choice extends StagePlan {
  readonly chosen: Variant;
  readonly latency: LatencyTerms;
}

/** The settings that limits and pins leave to a stage: variants in file order, batches ascending. */
export function settingsOf(pipeline: Pipeline, stage: Stage, pins: Pins | undefined): readonly Setting[] {
  return stage.variants
    .filter((variant) => pins?.variants?.includes(variant.name) ?? true)
    .flatMap((variant) =>
      batchesOf(stage, variant)
        .filter((batch) => batch <= pipeline.limits.batch && (pins?.batches?.includes(batch) ?? true))
        .map((batch) => ({ variant, batch, capacity: capacityOf(pipeline, variant, batch), pinned: pins?.replicas })),
    );
}

function batchesOf(stage: Stage, variant: Variant): readonly number[] {
  const measured = variant.profile.map((point) => point.batch);
  if (stage.batches === undefined) return measured;
  const [least, most] = [Math.min(...measured), Math.max(...measured)];
  return stage.batches.filter((batch) => batch >= least && batch <= most);
}

/** A setting with a number of replicas, at a load of `rate` items per second. */
export function choiceOf(
  pipeline: Pipeline,
  stage: Stage,
  setting: Setting,
  queueing: QueueingModel,
  rate: number,
  replicas: number,
): Choice {
  const { variant, batch, capacity } = setting;
  return {
    stage: stage.name,
    variant: variant.name,
    batch,
    batchTimeout: batchTimeout(batch, rate),
    replicas,
    chosen: variant,
    latency: queueing.terms({ rate, batch, replicas, service: capacity.service, quantile: pipeline.sla.quantile }),
  };
}

/**
 * The ways to run a stage that carry `rate` items per second. In a queueing model whose latency does
 * not depend on the replicas only their least number is worth offering.
 */
export function choicesOf(
  pipeline: Pipeline,
  stage: Stage,
  pins: Pins | undefined,
  queueing: QueueingModel,
  rate: number,
): readonly Choice[] {
  return settingsOf(pipeline, stage, pins).flatMap((setting) => {
    const least = leastReplicas(rate, setting.capacity.rate);
    const replicas = setting.pinned ?? least;
    if (replicas < least || replicas > pipeline.limits.replicas) return [];
    return choiceOf(pipeline, stage, setting, queueing, rate, replicas);
  });
}
