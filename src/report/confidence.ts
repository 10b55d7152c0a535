/**
 * The quantile t with P(T ≤ t) = 0.975 of Student's distribution, so that mean ± t·s/√n covers 95 %.
 * Degrees of freedom are a positive integer. From the closed form of P(|T| ≤ t) in Abramowitz & Stegun,
 * Handbook of Mathematical Functions, 26.7.3 (odd) and 26.7.4 (even), by bisection in the angle atan(t/√ν).
 */
export function studentQuantile975(degreesOfFreedom: number): number {
  if (!Number.isInteger(degreesOfFreedom) || degreesOfFreedom < 1) {
    throw new RangeError(`degrees of freedom must be a positive integer, not ${degreesOfFreedom}`);
  }
  let [low, high] = [0, Math.PI / 2];
  // Each step halves the angle's error; after 60 nothing changes any more.
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (probabilityWithin(middle, degreesOfFreedom) < 0.95) low = middle;
    else high = middle;
  }
  return Math.sqrt(degreesOfFreedom) * Math.tan((low + high) / 2);
}

/** P(|T| ≤ √ν·tan θ). */
function probabilityWithin(angle: number, degreesOfFreedom: number): number {
  const squaredCosine = Math.cos(angle) ** 2;
  const odd = degreesOfFreedom % 2 === 1;
  // Terms cosθ, (2/3)cos³θ, … where ν is odd; 1, (1/2)cos²θ, … where it is even.
  let term = odd ? Math.cos(angle) : 1;
  let sum = 0;
  for (let power = odd ? 1 : 0; power <= degreesOfFreedom - 2; power += 2) {
    sum += term;
    term *= squaredCosine * ((power + 1) / (power + 2));
  }
  return odd ? (2 / Math.PI) * (angle + Math.sin(angle) * sum) : Math.sin(angle) * sum;
}

/** The mean of the values that there are; null if there are none. */
export function meanOf(values: readonly (number | null)[]): number | null {
  const known = finite(values);
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length;
}

/** Half the width of the 95 % interval of the mean, by Student's t; null with fewer than two values. */
export function halfWidth95(values: readonly (number | null)[]): number | null {
  const known = finite(values);
  const mean = meanOf(known);
  if (mean === null || known.length < 2) return null;
  const squares = known.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const standardError = Math.sqrt(squares / (known.length - 1) / known.length);
  return studentQuantile975(known.length - 1) * standardError;
}

/** A mean and the ends of its 95 % interval; null where there are too few values to say. */
export interface Interval {
  readonly mean: number | null;
  readonly low: number | null;
  readonly high: number | null;
}

/**
 * The mean of a − b over pairs made with the same seed, with its 95 % interval by Student's t.
 * Pairs share arrivals and noise, so this is far narrower than comparing two intervals.
 */
export function pairedInterval(a: readonly number[], b: readonly number[]): Interval {
  if (a.length !== b.length) throw new RangeError(`paired values differ in number: ${a.length} and ${b.length}`);
  const differences = a.map((value, i) => value - (b[i] ?? NaN));
  const [mean, half] = [meanOf(differences), halfWidth95(differences)];
  const known = mean !== null && half !== null;
  return { mean, low: known ? mean - half : null, high: known ? mean + half : null };
}

function finite(values: readonly (number | null)[]): number[] {
  return values.filter((value): value is number => value !== null && Number.isFinite(value));
}
