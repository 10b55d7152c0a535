import { normalQuantile } from "./normal.ts";

/** One profiled batch size of a variant. */
export interface ProfilePoint {
  /** Requests served together; a positive integer. */
  readonly batch: number;
  /** Mean time one replica takes to serve the whole batch, seconds. */
  readonly mean: number;
  /** 99th percentile of the same, seconds. */
  readonly p99: number;
  /** Throughput as its profiler measured it, requests per second. For reproduction only. */
  readonly throughput?: number;
}

/** Profiled points of one variant, ascending by batch; never empty. */
export type Profile = readonly ProfilePoint[];

/** z of the 99th percentile of the standard normal distribution. */
export const Z_99 = normalQuantile(0.99);

/**
 * Service time of `batch` requests, seconds: the measured point where there is one, else the fit
 * (see `fitQuadratic`) inside the measured range; below the least measured batch, that batch's.
 * Between two measured batches the fit is made monotone (a running maximum from the measured
 * neighbour below) and never exceeds the measured neighbour above.
 */
export function serviceTime(profile: Profile, batch: number): { readonly mean: number; readonly p99: number } {
  const above = profile.find((point) => point.batch >= batch);
  if (above === undefined) {
    throw new RangeError(`batch ${batch} is beyond the largest profiled batch`);
  }
  const below = profile.findLast((point) => point.batch < batch);
  if (above.batch === batch || below === undefined) return { mean: above.mean, p99: above.p99 };
  return {
    mean: between(profile, below, above, batch, (point) => point.mean),
    p99: between(profile, below, above, batch, (point) => point.p99),
  };
}

function between(
  profile: Profile,
  below: ProfilePoint,
  above: ProfilePoint,
  batch: number,
  of: (point: ProfilePoint) => number,
): number {
  const fit = fitQuadratic(profile.map((point) => [point.batch, of(point)] as const));
  let running = of(below);
  for (let b = below.batch + 1; b <= batch; b++) running = Math.max(running, fit(b));
  return Math.min(running, of(above));
}

/** Least-squares quadratic through all points; a line through two, a constant through one. */
export function fitQuadratic(points: readonly (readonly [x: number, y: number])[]): (x: number) => number {
  const degree = Math.min(2, points.length - 1);
  // Batches are scaled to [0, 1], so that the normal equations stay well conditioned.
  const scale = Math.max(...points.map(([x]) => x));
  const size = degree + 1;
  const rows = Array.from({ length: size }, (_, i) => [
    ...Array.from({ length: size }, (_, j) => sum(points, ([x]) => (x / scale) ** (i + j))),
    sum(points, ([x, y]) => y * (x / scale) ** i),
  ]);
  const coefficients = solveLinear(rows);
  return (x) => coefficients.reduceRight((value, c) => value * (x / scale) + c, 0);
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}

/** Gaussian elimination with partial pivoting on an augmented matrix (rows × (rows + 1)). */
function solveLinear(matrix: number[][]): number[] {
  const rows = matrix.map((row) => [...row]);
  const at = (r: number, c: number): number => rows[r]?.[c] ?? 0;
  const size = rows.length;
  for (let pivot = 0; pivot < size; pivot++) {
    let best = pivot;
    for (let r = pivot + 1; r < size; r++) if (Math.abs(at(r, pivot)) > Math.abs(at(best, pivot))) best = r;
    [rows[pivot], rows[best]] = [rows[best] ?? [], rows[pivot] ?? []];
    for (let r = pivot + 1; r < size; r++) {
      const factor = at(r, pivot) / at(pivot, pivot);
      rows[r] = (rows[r] ?? []).map((value, c) => value - factor * at(pivot, c));
    }
  }
  const solution = Array<number>(size).fill(0);
  for (let r = size - 1; r >= 0; r--) {
    let rest = at(r, size);
    for (let c = r + 1; c < size; c++) rest -= at(r, c) * (solution[c] ?? 0);
    solution[r] = rest / at(r, r);
  }
  return solution;
}

/**
 * σ of the lognormal service factor X (mean 1) whose 99th percentile is p99/mean:
 * exp(z·σ − σ²/2) = p99/mean, the smaller root. 0 if p99 ≤ mean.
 */
export function serviceSigma(point: { readonly mean: number; readonly p99: number }): number {
  if (point.p99 <= point.mean) return 0;
  return Z_99 - Math.sqrt(Z_99 * Z_99 - 2 * Math.log(point.p99 / point.mean));
}

/** The greatest p99/mean that a lognormal of any σ can have is e^(z²/2), about 14.97; inputs are held to 14. */
export const MAX_P99_OVER_MEAN = 14;

/** The service factor's σ for a batch of m: that of the measured batch at or next above m. */
export function batchSigma(profile: Profile, batch: number): number {
  const above = profile.find((point) => point.batch >= batch);
  if (above === undefined) {
    throw new RangeError(`batch ${batch} is beyond the largest profiled batch`);
  }
  return serviceSigma(above);
}
