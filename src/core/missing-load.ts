import type { LoadSeries } from "./cluster.ts";
import { windowed } from "./loop.ts";

/** What is missing of a load series, as predictors see it. */
export interface MissingLoad {
  /** Length of a window, seconds. */
  readonly window: number;
  readonly windows: number;
  readonly missing: number;
  /** Whether the newest window is one of them. */
  readonly newest: boolean;
  /** Stretches that are missing, oldest first, seconds. */
  readonly spans: readonly { readonly from: number; readonly to: number }[];
  /** Whether the series is too coarse for such windows, so that all are missing. */
  readonly coarse: boolean;
}

export function missingLoad(load: LoadSeries, window: number): MissingLoad {
  const { end, step, rates } = windowed(load, window);
  const spans: { from: number; to: number }[] = [];
  rates.forEach((rate, i) => {
    if (rate !== null) return;
    const from = end - (rates.length - i) * step;
    const last = spans.at(-1);
    if (rates[i - 1] === null && last !== undefined) last.to = from + step;
    else spans.push({ from, to: from + step });
  });
  return {
    window,
    windows: rates.length,
    missing: rates.filter((rate) => rate === null).length,
    newest: rates.at(-1) === null,
    spans,
    coarse: step > window * (1 + 1e-9),
  };
}
