/**
 * Logs are cut: the kubelet begins a new file every 10 MiB, and shows only that. A planner's line is printed again after so many
 * characters, or seconds, so that what is left of a log explains its decisions.
 */
const AGAIN_AFTER = { characters: 2 ** 22, seconds: 3600 };

/** Whose planners' lines are near enough to the end of what was printed. */
export interface PrintedPlanners {
  readonly stillThere: (now: number) => Set<string>;
  /** A decision of a planner was printed, in so many characters, its planner's line among them if that was not there. */
  readonly add: (planner: string, characters: number, now: number) => void;
}

export function printedPlanners(): PrintedPlanners {
  /** By planner, in the order of their printing: where its line begins, and when it was printed. */
  const lines = new Map<string, { readonly from: number; readonly at: number }>();
  let printed = 0;
  return {
    stillThere: (now) => {
      for (const [planner, { from, at }] of lines) {
        if (printed - from < AGAIN_AFTER.characters && now - at < AGAIN_AFTER.seconds) break;
        lines.delete(planner);
      }
      return new Set(lines.keys());
    },
    add: (planner, characters, now) => {
      if (!lines.has(planner)) lines.set(planner, { from: printed, at: now });
      printed += characters;
    },
  };
}
