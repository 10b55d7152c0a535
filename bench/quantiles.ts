/** Median, 99th percentile and maximum of measured times. */
export interface Quantiles {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

export function quantiles(times: readonly number[]): Quantiles {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (p: number): number => sorted[Math.ceil(p * sorted.length) - 1] ?? NaN;
  return { p50: at(0.5), p99: at(0.99), max: at(1) };
}
