import type { Exposition } from "../control-plane/exposition.ts";

/** Requests that come at a rate, as a counter shows them. */
export interface Traffic {
  /** Requests per second from now on. */
  readonly at: (rate: number) => void;
  readonly stop: () => void;
}

const EVERY_MS = 20;

/**
 * Counts requests from a rate of 0 on. `gap` is the time from one to the next at a rate of 1, seconds: always 1 unless said,
 * so that they come evenly.
 */
export function startTraffic(exposition: Exposition, series: string, gap: () => number = () => 1): Traffic {
  let rate = 0;
  let count = 0;
  let due = gap();
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    due -= (rate * (now - last)) / 1000;
    last = now;
    for (; due <= 0; due += gap()) count++;
    exposition.set(series, count);
  }, EVERY_MS);
  timer.unref();
  exposition.set(series, 0);
  return { at: (next) => void (rate = next), stop: () => clearInterval(timer) };
}
