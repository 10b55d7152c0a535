import { setTimeout as pause } from "node:timers/promises";

/**
 * Asks again and again until the answer is neither null nor false, and gives it back. An exception counts as "not yet";
 * the last one becomes the cause of the error at the deadline. That is far off: after a fall the load planned for may
 * stay above by as much as chance would make of it, until twelve times the stabilisation has passed, which is a minute in scenarios.
 */
export async function until<T>(
  what: string,
  probe: () => Promise<T | null | false> | T | null | false,
  seconds = 90,
): Promise<T> {
  const deadline = performance.now() + seconds * 1000;
  let cause: unknown;
  let wait = 20;
  while (performance.now() < deadline) {
    try {
      const answer = await probe();
      if (answer !== null && answer !== false) return answer;
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    await pause(wait);
    // To ask often is dear where a program is started for it.
    wait = Math.min(250, 1.5 * wait);
  }
  throw new Error(`waited ${seconds} s in vain for ${what}`, { cause });
}
