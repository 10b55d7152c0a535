/** Longest time that `Retry-After` is obeyed, seconds. */
const PATIENCE = 60;

/**
 * Seconds to wait after so many failures in a row: `first`, then twice as long each time up to `most`, and never less
 * than the server asked for. There is no jitter: at most two replicas of the controller call at once, one of which
 * only keeps caches.
 */
export function backOff(
  failures: number,
  retryAfter: number | null,
  { first, most }: { readonly first: number; readonly most: number },
): number {
  return Math.max(Math.min(most, first * 2 ** (failures - 1)), Math.min(PATIENCE, retryAfter ?? 0));
}
