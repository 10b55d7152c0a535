// The loads that the paper's controller would have predicted.
import { lstm } from "../../src/core/predictors/lstm.ts";
import type { Predictor } from "../../src/core/predictors/predictor.ts";
import { loadLstm } from "../../src/formats/files.ts";

/** Seconds between decisions, what a predictor sees, and what it foretells the greatest rate of. */
const EVERY = 10;
const HISTORY = 120;
const HORIZON = 20;

/** The paper's LSTM, as trained from a seed; by default the shipped one. */
export async function trainedLstm(seed?: number): Promise<Predictor> {
  return lstm({ lstm: await loadLstm(seed) });
}

/**
 * What a predictor says at 10, 20, … s of a workload's rates per second, requests per second; it sees the two minutes up
 * to `lag` seconds after. At most `count` of them; by default as many as fit before the end.
 */
export function predictedLoads(
  predictor: Predictor,
  rates: Float64Array,
  { lag = 0, count = Math.ceil(rates.length / EVERY) - 1 } = {},
): readonly number[] {
  return Array.from({ length: count }, (_, i) => {
    const end = EVERY * (i + 1) + lag;
    const seen = Array.from(rates.subarray(Math.max(0, end - HISTORY), end));
    return predictor({ end: Math.min(end, rates.length), step: 1, rates: seen }, HORIZON) ?? 0;
  });
}
