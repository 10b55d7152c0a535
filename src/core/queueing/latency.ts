/**
 * What one option adds to the latency of a path. The three sums over a path's stages are all that
 * `composeLatency` needs, so an engine can search without knowing any queueing.
 */
export interface LatencyTerms {
  /** Adds up, seconds. */
  readonly mean: number;
  /** Excess over the mean that adds up across stages, because batches stay together; seconds. */
  readonly forming: number;
  /** Square of the excess that is independent between stages; seconds². */
  readonly excessSquared: number;
}

/** Latency of a path, seconds, from the sums of its stages' terms. */
export function composeLatency(sums: LatencyTerms): number {
  return sums.mean + Math.sqrt(sums.forming * sums.forming + sums.excessSquared);
}

/** Adds terms in stage order; every engine and every check adds them so. */
export function addTerms(terms: readonly LatencyTerms[]): LatencyTerms {
  return terms.reduce(
    (sum, term) => ({
      mean: sum.mean + term.mean,
      forming: sum.forming + term.forming,
      excessSquared: sum.excessSquared + term.excessSquared,
    }),
    { mean: 0, forming: 0, excessSquared: 0 },
  );
}

/** One stage as a queue, margins already applied. */
export interface Queue {
  /** Items per second that enter. */
  readonly rate: number;
  readonly batch: number;
  readonly replicas: number;
  /** Items per second that one replica carries. */
  readonly capacity: number;
  /** Service time of a full batch that the model counts with, seconds, and the σ of its lognormal noise. */
  readonly service: number;
  readonly sigma: number;
  /** The share of requests that is to keep the latency. */
  readonly quantile: number;
  /** Items that an item entering the stage becomes, and items per request that the stage serves. */
  readonly fanOut: number;
  readonly items: number;
  /** Paths on which a request may be late, for each that leads through the stage. */
  readonly paths: number;
}

export interface QueueingModel {
  readonly terms: (queue: Queue) => LatencyTerms;
  /** Whether more replicas than carry the load buy a shorter latency. */
  readonly replicasMatter: boolean;
  readonly describes: string;
}
