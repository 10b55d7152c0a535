import type { Clock } from "./clock.ts";

/** Sums of fractions may never quite make a whole, however long one sleeps. */
const ONE = 1 - 1e-9;

/**
 * Lets calls through at `rate` per second, up to `burst` at once after a pause. Whoever comes first goes first; one
 * that gave up in the queue takes no token.
 */
export function tokenBucket(rate: number, burst: number, clock: Clock): (signal?: AbortSignal) => Promise<void> {
  let tokens = burst;
  let filledAt = clock.now();
  let queue: Promise<void> = Promise.resolve();

  const fill = (): void => {
    const now = clock.now();
    tokens = Math.min(burst, tokens + (now - filledAt) * rate);
    filledAt = now;
  };
  const passOne = async (signal: AbortSignal | undefined): Promise<void> => {
    // A timer may end a little early, so that one sleep is not always enough.
    for (fill(); tokens < ONE && signal?.aborted !== true; fill()) await sleepQuietly((1 - tokens) / rate, signal);
    if (signal?.aborted !== true) tokens -= 1;
  };
  const sleepQuietly = (seconds: number, signal: AbortSignal | undefined): Promise<void> =>
    clock.sleep(seconds, signal).catch((error: unknown) => {
      if (signal?.aborted !== true) throw error;
    });

  return (signal) => {
    const turn = queue.then(() => passOne(signal));
    queue = turn;
    return signal === undefined ? turn : orAborted(turn, signal);
  };
}

/** Those behind others learn at once that they need wait no longer. */
async function orAborted(turn: Promise<void>, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  let abort = (): void => {};
  const aborted = new Promise<never>((_resolve, reject) => {
    abort = () => reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
  });
  try {
    await Promise.race([turn, aborted]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
  signal.throwIfAborted();
}
