// How long decisions are waited for, so that those that take too long do not keep the others waiting. Seconds.

/** The longest that a pipeline waits for others: after that it has missed a turn, and its plan is held. */
export function longestWait(timeout: number, interval: number): number {
  return timeout + interval;
}

/** So many times in a row may be chance, or a busy machine. */
const FREE = 3;
/** Pauses after more, in multiples of the time-out: the first, which doubles each time, and the longest. */
const FIRST = 10;
const LONGEST = 300;

/** How long a planner is not asked, in which so many threads in a row were lost. */
export function pauseAfter(inARow: number, timeout: number): number {
  return inARow < FREE ? 0 : timeout * Math.min(LONGEST, FIRST * 2 ** (inARow - FREE));
}

/** Which planners, by their digests, are asked, and which not yet again. The time is that of any clock. */
export interface Patience {
  readonly mayAsk: (digest: string, now: number) => boolean;
  /** It took too long, or its thread crashed. */
  readonly lost: (digest: string, now: number) => void;
  readonly inTime: (digest: string) => void;
}

/** What was lost longer ago than `idle` is forgotten. */
export function patience(timeout: number, idle: number): Patience {
  const late = new Map<string, { readonly inARow: number; readonly until: number }>();
  return {
    mayAsk: (digest, now) => now >= (late.get(digest)?.until ?? -Infinity),
    lost: (digest, now) => {
      for (const [other, { until }] of late) if (now - until > idle) late.delete(other);
      const inARow = (late.get(digest)?.inARow ?? 0) + 1;
      late.set(digest, { inARow, until: now + pauseAfter(inARow, timeout) });
    },
    inTime: (digest) => void late.delete(digest),
  };
}
