import { InputError } from "./errors.ts";
import type { Pipeline, Variant } from "./pipeline.ts";
import { batchSigma, serviceTime } from "./profile.ts";

/** What one replica of a variant does with batches of one size, margins applied. */
export interface Capacity {
  /** Items per second. */
  readonly rate: number;
  /** The service time of a full batch that the latency model counts with, seconds. */
  readonly service: number;
  /** σ of the lognormal factor of that time. */
  readonly sigma: number;
}

/** Capacity and service time of a variant at a batch size, with the pipeline's margins (docs/model.md). */
export function capacityOf(pipeline: Pipeline, variant: Variant, batch: number): Capacity {
  const { margins, reproduction } = pipeline;
  const time = serviceTime(variant.profile, batch);
  const mean = time.mean * (1 + margins.serviceTime);
  const full = reproduction.capacity === "mean" ? batch / mean : measuredThroughput(variant, batch);
  return {
    rate: full * (1 - margins.throughput),
    service: reproduction.latency === "mean" ? mean : time.p99 * (1 + margins.serviceTime),
    sigma: batchSigma(variant.profile, batch),
  };
}

function measuredThroughput(variant: Variant, batch: number): number {
  const throughput = variant.profile.find((point) => point.batch === batch)?.throughput;
  if (throughput === undefined) {
    throw new InputError(
      "bad_value",
      `variant "${variant.name}" has no measured throughput at batch ${batch}. ` +
        `Add throughput_rps to its profile, or use reproduction.capacity "mean".`,
    );
  }
  return throughput;
}

/** The least replicas that carry `load` items per second: ⌈load/rate⌉, at least 1. */
export function leastReplicas(load: number, rate: number): number {
  // A load that is a multiple of the capacity but for rounding must not cost one more replica.
  return Math.max(1, Math.ceil(load / rate - 1e-9));
}

/** Utilisations from here on count as full. */
const FULL = 1 - 1e-9;

/** The least replicas that carry `load` and leave some capacity idle. */
export function leastIdling(load: number, rate: number): number {
  const least = leastReplicas(load, rate);
  return load / (least * rate) < FULL ? least : least + 1;
}
