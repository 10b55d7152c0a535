import { batchTimeout } from "./batching.ts";
import { capacityOf, leastIdling, leastReplicas, type Capacity } from "./capacity.ts";
import { within, type StageLeeway } from "./movement/leeway.ts";
import { allowedOf, type Allowed } from "./pins.ts";
import type { Pins, Pipeline, Stage, Variant } from "./pipeline.ts";
import type { StagePlan } from "./plan.ts";
import type { LatencyTerms, QueueingModel } from "./queueing/latency.ts";
import type { Visited } from "./visits.ts";

/** One variant and batch size that a stage may run, whatever the load. */
export interface Setting extends Allowed {
  readonly capacity: Capacity;
}

/** One way to run a stage at a load, before it is weighed. */
export interface Choice extends StagePlan {
  readonly chosen: Variant;
  readonly latency: LatencyTerms;
}

/** The settings that limits, pins and leeway leave to a stage: variants in file order, batches ascending. */
export function settingsOf(
  pipeline: Pipeline,
  stage: Stage,
  pins: Pins | undefined,
  leeway?: StageLeeway,
): readonly Setting[] {
  return within(leeway, allowedOf(pipeline.limits, stage, pins)).map((allowed) => ({
    ...allowed,
    capacity: capacityOf(pipeline, allowed.variant, allowed.batch),
  }));
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
 * idle, until one more gains less than a millisecond. Both least ones are raised to the fewest allowed. What is offered here defines the best plan.
 */
export function choicesOf(
  pipeline: Pipeline,
  visited: Visited,
  pins: Pins | undefined,
  queueing: QueueingModel,
  planned: number,
  leeway?: StageLeeway,
): readonly Choice[] {
  const rate = visited.items * planned;
  return settingsOf(pipeline, visited.stage, pins, leeway).flatMap((setting) => {
    const { capacity, fewest, most } = setting;
    const choice = (replicas: number): Choice => choiceOf(pipeline, visited, setting, queueing, planned, replicas);
    if (!queueing.replicasMatter) {
      const replicas = Math.max(fewest, leastReplicas(rate, capacity.rate));
      return replicas > most ? [] : choice(replicas);
    }
    return worthwhile(Math.max(fewest, leastIdling(rate, capacity.rate)), most, choice);
  });
}

/** The numbers of replicas, of those allowed, that carry more of a load (items per second) than one fewer; at least one. */
export function usefulCounts({ fewest, most, capacity }: Setting, load: number): readonly number[] {
  const last = Math.min(most, Math.max(fewest, leastReplicas(load, capacity.rate)));
  return Array.from({ length: last - fewest + 1 }, (_, i) => fewest + i);
}

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
