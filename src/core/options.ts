import { batchTimeout } from "./batching.ts";
import { capacityOf, leastReplicas, type Capacity } from "./capacity.ts";
import type { Pins, Pipeline, Stage, Variant } from "./pipeline.ts";
import type { StagePlan } from "./plan.ts";
import type { LatencyTerms, QueueingModel } from "./queueing/latency.ts";
import type { Visited } from "./visits.ts";

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

/** What the latency model says of a setting with a number of replicas, at a load of `planned` requests per second. */
export function termsOf(
  { sla }: Pipeline,
  { stage, items, paths }: Visited,
  { batch, capacity }: Pick<Setting, "batch" | "capacity">,
  queueing: QueueingModel,
  planned: number,
  replicas: number,
): LatencyTerms {
  const { rate: ofReplica, service, sigma } = capacity;
  return queueing.terms({
    rate: items * planned,
    batch,
    replicas,
    capacity: ofReplica,
    service,
    sigma,
    quantile: sla.quantile,
    fanOut: stage.fanOut,
    items,
    paths,
  });
}

/** A setting with a number of replicas, at a load of `planned` requests per second. */
export function choiceOf(
  pipeline: Pipeline,
  visited: Visited,
  setting: Setting,
  queueing: QueueingModel,
  planned: number,
  replicas: number,
): Choice {
  const { variant, batch } = setting;
  return {
    stage: visited.stage.name,
    variant: variant.name,
    batch,
    batchTimeout: batchTimeout(batch, visited.items * planned),
    replicas,
    chosen: variant,
    latency: termsOf(pipeline, visited, setting, queueing, planned, replicas),
  };
}

/**
 * The ways to run a stage that carry its share of `planned` requests per second. Where latency does not depend on the
 * replicas only their least number is worth offering; else all from the least that leave some capacity
 * idle, until one more gains less than a millisecond. What is offered here defines the best plan.
 */
export function choicesOf(
  pipeline: Pipeline,
  visited: Visited,
  pins: Pins | undefined,
  queueing: QueueingModel,
  planned: number,
): readonly Choice[] {
  const rate = visited.items * planned;
  return settingsOf(pipeline, visited.stage, pins).flatMap((setting) => {
    const choice = (replicas: number): Choice => choiceOf(pipeline, visited, setting, queueing, planned, replicas);
    const least = leastReplicas(rate, setting.capacity.rate);
    const most = pipeline.limits.replicas;
    if (!queueing.replicasMatter) {
      const replicas = setting.pinned ?? least;
      return replicas < least || replicas > most ? [] : choice(replicas);
    }
    const idles = (replicas: number): boolean => rate / (replicas * setting.capacity.rate) < FULL;
    if (setting.pinned !== undefined) {
      return idles(setting.pinned) && setting.pinned <= most ? choice(setting.pinned) : [];
    }
    return worthwhile(idles(least) ? least : least + 1, most, choice);
  });
}

/** Utilisations from here on count as full. */
const FULL = 1 - 1e-9;
/** One replica more is not offered for less, seconds. */
const WORTH_A_REPLICA = 1e-3;

/** The choices from the least number of replicas on, until one more is not worth it. */
function worthwhile(least: number, most: number, choice: (replicas: number) => Choice): readonly Choice[] {
  const offered: Choice[] = [];
  let before = Infinity;
  for (let n = least; n <= most; n++) {
    const next = choice(n);
    const { mean, forming, excessSquared } = next.latency;
    const latency = mean + forming + Math.sqrt(excessSquared);
    if (before - latency < WORTH_A_REPLICA) break;
    offered.push(next);
    before = latency;
  }
  return offered;
}
