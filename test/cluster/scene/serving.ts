import type { Exposition } from "../control-plane/exposition.ts";

/** Batches of one request each that a stage's replicas serve, as counters and a histogram show them. */
export interface Serving {
  /** So many a second from now on, each of which takes so many seconds. */
  readonly at: (rate: number, seconds: number) => void;
  readonly stop: () => void;
}

const EVERY_MS = 20;
/** Upper bounds of the histogram, seconds. */
const BOUNDS = [0.1, 0.2, 0.4];

/** Counts whole batches, from none on. `labels`: what tells these from others, without braces. */
export function startServing(exposition: Exposition, labels: string): Serving {
  let [rate, seconds] = [0, 0];
  let [count, counted, sum] = [0, 0, 0];
  const within = [...BOUNDS, Infinity].map((bound) => ({ bound, count: 0 }));
  let last = performance.now();
  const show = (): void => {
    const now = performance.now();
    count += (rate * (now - last)) / 1000;
    last = now;
    const ended = Math.floor(count) - counted;
    counted += ended;
    sum += ended * seconds;
    exposition.set(`batch_seconds_sum{${labels}}`, sum);
    exposition.set(`batch_seconds_count{${labels}}`, counted);
    for (const bucket of within) {
      if (seconds <= bucket.bound) bucket.count += ended;
      const le = bucket.bound === Infinity ? "+Inf" : String(bucket.bound);
      exposition.set(`batch_seconds_bucket{${labels},le="${le}"}`, bucket.count);
    }
  };
  show();
  const timer = setInterval(show, EVERY_MS);
  timer.unref();
  return {
    at: (nextRate, nextSeconds) => {
      show();
      [rate, seconds] = [nextRate, nextSeconds];
    },
    stop: () => clearInterval(timer),
  };
}
