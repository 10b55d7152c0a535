/** The ⌈pN⌉-th smallest of ascending values; null if there are none. */
export function percentile(ascending: Float64Array, p: number): number | null {
  // The slack keeps a product such as 0.07·100, a hair above 7 in floating point, from asking for the 8th.
  return ascending[Math.max(0, Math.ceil(p * ascending.length - 1e-9) - 1)] ?? null;
}
