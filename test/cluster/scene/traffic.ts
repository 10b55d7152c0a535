import type { Exposition } from "../control-plane/exposition.ts";

/** Requests that come at a rate, as a counter shows them. */
export interface Traffic {
  /** Requests per second from now on. */
  readonly at: (rate: number) => void;
  readonly stop: () => void;
}

const EVERY_MS = 20;

/** Counts requests evenly, whole ones only, from a rate of 0 on. */
export function startTraffic(exposition: Exposition, series: string): Traffic {
  let rate = 0;
  let count = 0;
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    count += (rate * (now - last)) / 1000;
    last = now;
    exposition.set(series, Math.floor(count));
  }, EVERY_MS);
  timer.unref();
  exposition.set(series, 0);
  return { at: (next) => void (rate = next), stop: () => clearInterval(timer) };
}
