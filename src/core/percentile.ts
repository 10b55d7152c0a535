/** The place, from 0, of the ⌈pN⌉-th smallest of N values. */
export function percentilePlace(count: number, p: number): number {
  // The slack keeps a product such as 0.07·100, a hair above 7 in floating point, from asking for the 8th.
  return Math.max(0, Math.ceil(p * count - 1e-9) - 1);
}

/** The ⌈pN⌉-th smallest of ascending values; null if there are none. */
export function percentile(ascending: Float64Array, p: number): number | null {
  return ascending[percentilePlace(ascending.length, p)] ?? null;
}
