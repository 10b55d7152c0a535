import { measured, type Predictor } from "./predictor.ts";

/** How many standard deviations of arrivals at random, at the mean load seen, are no surge. */
const NOISE = 3;
/** How many times what came on top of that is expected to come again. */
const MORE = 3;

/**
 * The greatest load seen comes again; and where the newest is above the mean by more than chance explains, the load is
 * surging: it will rise further, by a multiple of that excess, which ends by itself as the mean follows. Both numbers were
 * chosen on the first 14 days of the Twitter trace (docs/experiments.md).
 */
export const surge: Predictor = (load) => {
  const rates = measured(load);
  const newest = rates?.at(-1);
  if (rates === null || newest === undefined) return null;
  const mean = rates.reduce((a, b) => a + b, 0) / rates.length;
  // The mean rate of a Poisson process over `step` seconds has the variance rate / step.
  const excess = newest - mean - NOISE * Math.sqrt(mean / load.step);
  return Math.max(...rates) + MORE * Math.max(0, excess);
};
