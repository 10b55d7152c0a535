import type { Exposition } from "../control-plane/exposition.ts";

/** Requests that come at a rate, as a counter shows them. */
export interface Traffic {
  /** Requests per second from now on. */
  readonly at: (rate: number) => void;
}

/**
 * Counts requests from a rate of 0 on. `gap` is the time from one to the next at a rate of 1, seconds: always 1 unless said,
 * so that they come evenly.
 */
export function startTraffic(exposition: Exposition, series: string, gap: () => number = () => 1): Traffic {
  let rate = 0;
  let count = 0;
  let due = gap();
  let last = Date.now() / 1000;
  const countAt = (now: number): number => {
    due -= rate * (now - last);
    last = now;
    for (; due <= 0; due += gap()) count++;
    return count;
  };
  exposition.set(series, countAt);
  return {
    at: (next) => {
      countAt(Date.now() / 1000);
      rate = next;
    },
  };
}
