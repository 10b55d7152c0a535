import type { LoadSeries } from "../cluster.ts";
import { measured, type Predictor } from "./predictor.ts";

/**
 * An ARIMA(1,0,0), fitted anew to each series: a load is constant + slope · the one before, plus noise. Predicts the
 * greatest of the means that it expects in the horizon.
 */
export const arima: Predictor = (load, horizon) => {
  const newest = measured(load)?.at(-1);
  if (newest === undefined) return null;
  const { constant, slope } = autoregression(load.rates);
  let [expected, greatest] = [newest, 0];
  for (let steps = Math.max(1, Math.ceil(horizon / load.step)); steps > 0; steps--) {
    expected = constant + slope * expected;
    greatest = Math.max(greatest, expected);
  }
  return greatest;
};

/** Below 1, so that the expected loads go back to the mean and do not run away. */
const MOST_SLOPE = 0.99;

/** Least squares over the neighbours that are both known. Loads that do not change, or have no neighbours, go on. */
export function autoregression(rates: LoadSeries["rates"]): { readonly constant: number; readonly slope: number } {
  const pairs: (readonly [before: number, now: number])[] = [];
  for (const [i, now] of rates.entries()) {
    const before = rates[i - 1] ?? null;
    if (before !== null && now !== null) pairs.push([before, now]);
  }
  const meanBefore = pairs.reduce((sum, [before]) => sum + before, 0) / pairs.length;
  const meanNow = pairs.reduce((sum, [, now]) => sum + now, 0) / pairs.length;
  const covariance = pairs.reduce((sum, [before, now]) => sum + (before - meanBefore) * (now - meanNow), 0);
  const variance = pairs.reduce((sum, [before]) => sum + (before - meanBefore) ** 2, 0);
  if (!(variance > 0)) return { constant: 0, slope: 1 };
  const slope = Math.max(-MOST_SLOPE, Math.min(MOST_SLOPE, covariance / variance));
  return { constant: meanNow - slope * meanBefore, slope };
}
