import { setTimeout as pause } from "node:timers/promises";

/** Time that only ever goes forward, in seconds from no particular moment. */
export interface Clock {
  readonly now: () => number;
  /** Rejects with the signal's reason when that comes first. */
  readonly sleep: (seconds: number, signal?: AbortSignal) => Promise<void>;
}

export const systemClock: Clock = {
  now: () => performance.now() / 1000,
  sleep: async (seconds, signal) => {
    try {
      await pause(seconds * 1000, undefined, signal === undefined ? {} : { signal });
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    }
  },
};
