import type { Exposition } from "../control-plane/exposition.ts";

/** Batches of one request each that a stage's replicas serve, as counters and a histogram show them. */
export interface Serving {
  /** So many a second from now on, each of which takes so many seconds. */
  readonly at: (rate: number, seconds: number) => void;
}

/** Upper bounds of the histogram, seconds. */
const BOUNDS = [0.1, 0.2, 0.4, Infinity];

/** Counts whole batches, from none on. `labels`: what tells these from others, without braces. */
export function startServing(exposition: Exposition, labels: string): Serving {
  let [rate, seconds] = [0, 0];
  let [begun, ended, sum] = [0, 0, 0];
  const within = BOUNDS.map((bound) => ({ bound, count: 0 }));
  let last = Date.now() / 1000;
  const serveUntil = (now: number): void => {
    begun += rate * (now - last);
    last = now;
    const more = Math.floor(begun) - ended;
    ended += more;
    sum += more * seconds;
    for (const bucket of within) if (seconds <= bucket.bound) bucket.count += more;
  };
  const show = (series: string, value: () => number): void =>
    exposition.set(series, (now) => {
      serveUntil(now);
      return value();
    });
  show(`batch_seconds_sum{${labels}}`, () => sum);
  show(`batch_seconds_count{${labels}}`, () => ended);
  for (const bucket of within) {
    const le = bucket.bound === Infinity ? "+Inf" : String(bucket.bound);
    show(`batch_seconds_bucket{${labels},le="${le}"}`, () => bucket.count);
  }
  return {
    at: (nextRate, nextSeconds) => {
      serveUntil(Date.now() / 1000);
      [rate, seconds] = [nextRate, nextSeconds];
    },
  };
}
