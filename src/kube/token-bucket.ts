import type { Clock } from "./clock.ts";

/** Sums of fractions may never quite make a whole, however long one sleeps. */
const ONE = 1 - 1e-9;

/** In this order: writes, what keeps copies fresh, and all that can wait. */
const urgencies = ["urgent", "prompt", "patient"] as const;
export type Urgency = (typeof urgencies)[number];

/**
 * Lets calls through at `rate` per second, up to `burst` at once after a pause. Of two that are as urgent, whoever came first goes
 * first; one that gave up in the queue takes no token.
 */
export function tokenBucket(
  rate: number,
  burst: number,
  clock: Clock,
): (urgency: Urgency, signal?: AbortSignal) => Promise<void> {
  const waiting: Readonly<Record<Urgency, Set<() => void>>> = {
    urgent: new Set(),
    prompt: new Set(),
    patient: new Set(),
  };
  let tokens = burst;
  let filledAt = clock.now();
  let isServing = false;

  const fill = (): void => {
    const now = clock.now();
    tokens = Math.min(burst, tokens + (now - filledAt) * rate);
    filledAt = now;
  };
  const next = (): readonly [Set<() => void>, () => void] | null => {
    for (const urgency of urgencies) for (const pass of waiting[urgency]) return [waiting[urgency], pass];
    return null;
  };
  const serve = async (): Promise<void> => {
    isServing = true;
    for (let first = next(); first !== null; first = next()) {
      fill();
      if (tokens < ONE) {
        // A timer may end a little early, and who is first then is seen then.
        await clock.sleep((1 - tokens) / rate);
        continue;
      }
      const [queue, pass] = first;
      queue.delete(pass);
      tokens -= 1;
      pass();
    }
    isServing = false;
  };

  return (urgency, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted === true) {
        reject(signal.reason as Error);
        return;
      }
      const queue = waiting[urgency];
      const pass = (): void => {
        signal?.removeEventListener("abort", abort);
        resolve();
      };
      const abort = (): void => {
        queue.delete(pass);
        reject(signal?.reason as Error);
      };
      signal?.addEventListener("abort", abort, { once: true });
      queue.add(pass);
      if (!isServing) void serve();
    });
}
