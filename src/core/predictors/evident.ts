import { measured, type Predictor } from "./predictor.ts";

/** So many standard deviations of requests at random are taken off what was counted in a span. */
const DOUBT = 2;

/**
 * The greatest load that is evident: of all spans of what was seen, the greatest mean less what random arrivals may
 * have put on top; at least the mean of all. The maximum grows with the number of windows that are looked at, though the load
 * be constant; this does not.
 */
export const evident: Predictor = (load) => {
  const known = measured(load);
  if (known === null) return null;
  let greatest = known.reduce((a, b) => a + b, 0) / known.length;
  load.rates.forEach((_, first) => {
    let sum = 0;
    for (let last = first; last < load.rates.length; last++) {
      const rate = load.rates[last] ?? null;
      if (rate === null) break;
      sum += rate;
      const mean = sum / (last - first + 1);
      // The mean rate of a Poisson process over t seconds has the variance rate / t.
      const deviation = Math.sqrt(mean / (load.step * (last - first + 1)));
      greatest = Math.max(greatest, mean - DOUBT * deviation);
    }
  });
  return greatest;
};
