import { decimals } from "../src/report/numbers.ts";

/** What a call gives, and how long it took, milliseconds. */
export function timed<T>(call: () => T): { readonly result: T; readonly ms: number } {
  const start = performance.now();
  const result = call();
  return { result, ms: performance.now() - start };
}

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

/** Milliseconds to two digits or three. */
export function milliseconds(ms: number): string {
  return decimals(ms, ms < 0.1 ? 3 : ms < 10 ? 2 : 0);
}
