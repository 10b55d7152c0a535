import type { Clock } from "../../src/kube/clock.ts";

export interface FakeClock extends Clock {
  /** Goes forward; whoever sleeps until then is woken in the order of their times, and does what it does next. */
  readonly advance: (seconds: number) => Promise<void>;
}

interface Sleeper {
  readonly until: number;
  readonly wake: () => void;
}

export function fakeClock(): FakeClock {
  let now = 0;
  const sleepers = new Set<Sleeper>();
  return {
    now: () => now,
    sleep: (seconds, signal) =>
      new Promise((resolve, reject) => {
        const sleeper = { until: now + seconds, wake: resolve };
        sleepers.add(sleeper);
        signal?.addEventListener("abort", () => {
          sleepers.delete(sleeper);
          reject(signal.reason);
        });
      }),
    advance: async (seconds) => {
      const end = now + seconds;
      for (;;) {
        // What was woken may sleep again before the end.
        await new Promise((resolve) => setImmediate(resolve));
        const [next] = [...sleepers].toSorted((a, b) => a.until - b.until);
        if (next === undefined || next.until > end) break;
        sleepers.delete(next);
        now = Math.max(now, next.until);
        next.wake();
      }
      now = end;
    },
  };
}
