import type { Columns, Places } from "./columns.ts";

/**
 * The latency of a path as a linear row that every plan within the limit keeps: √(F² + ΣE²) ≥ w₀·F + Σ w_s·E_s for
 * any unit vector w (Cauchy–Schwarz), with equality for the plan along which w points. By place; 0 off the path.
 * Without a plan, or where it has no excess, the sum of means.
 */
export function tangent(columns: Columns, path: readonly number[], along: Int32Array | null): Float64Array {
  const { first, mean, forming, excessSquared } = columns;
  let ofForming = 0;
  let squared = 0;
  for (const s of along === null ? [] : path) {
    const place = along![s]!;
    ofForming += forming[place]!;
    squared += excessSquared[place]!;
  }
  const length = Math.sqrt(ofForming * ofForming + squared);
  if (length === 0 && path.length === first.length - 1) return mean;
  const latency = new Float64Array(mean.length);
  for (const s of path) {
    const weight = length === 0 ? 0 : Math.sqrt(excessSquared[along![s]!]!) / length;
    const ofForm = length === 0 ? 0 : ofForming / length;
    for (let place = first[s]!; place < first[s + 1]!; place++) {
      latency[place] = mean[place]! + ofForm * forming[place]! + weight * Math.sqrt(excessSquared[place]!);
    }
  }
  return latency;
}

/** By stage the place whose own latency is least. */
export function quickest({ mean, forming, excessSquared }: Columns, { first, at }: Places): Int32Array {
  const plan = new Int32Array(first.length - 1);
  for (let s = 0; s < plan.length; s++) {
    let least = Infinity;
    for (let i = first[s]!; i < first[s + 1]!; i++) {
      const place = at[i]!;
      const own = mean[place]! + Math.sqrt(forming[place]! * forming[place]! + excessSquared[place]!);
      if (!(own < least)) continue;
      least = own;
      plan[s] = place;
    }
  }
  return plan;
}

/** The latency of a plan on a path, summed in the order in which `holds` adds. */
export function latencyOn(
  { mean, forming, excessSquared }: Columns,
  path: readonly number[],
  plan: Int32Array,
): number {
  let [ofMean, ofForming, squared] = [0, 0, 0];
  for (const s of path) {
    const place = plan[s]!;
    ofMean += mean[place]!;
    ofForming += forming[place]!;
    squared += excessSquared[place]!;
  }
  return ofMean + Math.sqrt(ofForming * ofForming + squared);
}
