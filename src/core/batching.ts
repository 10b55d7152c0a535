/** Longest wait of a batch's oldest request for the batch to fill at `rate` items per second, seconds. */
export function batchTimeout(batch: number, rate: number): number {
  return batch === 1 ? 0 : (batch - 1) / rate;
}

/** The instant at which the oldest waiting request makes even a partial batch leave. */
export function timesOutAt(oldestArrival: number, timeout: number): number {
  return oldestArrival + timeout;
}

/** Whether a request that entered the pipeline at `arrival` is too old to be served. */
export function tooOld(now: number, arrival: number, maxAge: number): boolean {
  return now - arrival > maxAge;
}
