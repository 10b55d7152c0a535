import type { LoadSeries } from "../cluster.ts";
import type { LstmWeights } from "./lstm.ts";

/**
 * The load of the horizon (seconds from the series' end), requests per second; null if the series
 * does not say enough to act on.
 */
export type Predictor = (load: LoadSeries, horizon: number) => number | null;

/** The greatest load of [from, to), requests per second, of a workload that is known beforehand. */
export type FutureLoad = (from: number, to: number) => number;

/** What a predictor may know besides the load that it sees. */
export interface Knowledge {
  /** Where one is known, as in a simulation. */
  readonly future?: FutureLoad;
  readonly lstm?: LstmWeights;
}

/** A way to predict. `make` throws an InputError if it is not given what it needs. */
export interface PredictorKind {
  readonly make: (given: Knowledge) => Predictor;
  readonly describes: string;
}

/** The measured values of a series, or null where the newest or more than half of them are missing. */
export function measured(load: LoadSeries): readonly number[] | null {
  const known = load.rates.filter((rate) => rate !== null);
  const newest = load.rates.at(-1);
  if (newest === undefined || newest === null) return null;
  return known.length < leastKnown(load.rates.length) ? null : known;
}

/** How many of so many values must be known. */
export function leastKnown(values: number): number {
  return Math.ceil(values / 2);
}
