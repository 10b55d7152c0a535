import { normalQuantile } from "../core/normal.ts";
import type { StartUp, Variant } from "../core/pipeline.ts";
import { keyedSource } from "./keyed.ts";
import { exponential } from "./streams.ts";

export type ServiceLaw = "lognormal" | "deterministic" | "exponential";

/** The factor X of a batch's service time, of mean 1; keyed by the batch's first request and item (S5). */
export type ServiceFactor = (request: number, item: number, sigma: number) => number;

/** X of one stage. Lognormal of mean 1: exp(σ·z − σ²/2). */
export function serviceFactor(law: ServiceLaw, seed: number, stage: string): ServiceFactor {
  if (law === "deterministic") return () => 1;
  const source = keyedSource(seed, "service", stage);
  if (law === "exponential") {
    const draw = exponential(source.next);
    return (request, item) => {
      source.rekey(request, item);
      return draw();
    };
  }
  return (request, item, sigma) => {
    if (sigma === 0) return 1;
    source.rekey(request, item);
    // By inversion: one number a key, where the polar method would draw a few, and slowly.
    return Math.exp(sigma * normalQuantile(source.next()) - (sigma * sigma) / 2);
  };
}

/** z of the 90th percentile of the standard normal distribution. */
const Z_90 = 1.2815515655446004;

/** σ of a lognormal time whose mean and 90th percentile are given; 0 for a constant one. */
export function startUpSigma({ mean, p90 }: StartUp): number {
  if (p90 === undefined || p90 <= mean) return 0;
  return Z_90 - Math.sqrt(Math.max(0, Z_90 * Z_90 - 2 * Math.log(p90 / mean)));
}

/** The start-up time of a replica, seconds; keyed by stage and the replica's ordinal (S5, S10). */
export type StartUpTime = (ordinal: number, variant: Variant) => number;

export function startUpTime(seed: number, stage: string): StartUpTime {
  const factor = serviceFactor("lognormal", seed, `start-up ${stage}`);
  return (ordinal, { startUp }) => startUp.mean * factor(ordinal, 0, startUpSigma(startUp));
}
