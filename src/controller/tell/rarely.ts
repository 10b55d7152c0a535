/** Tells whether to say something again that may be said over and over. */
export interface Rarely {
  /**
   * How often it was meant to be said since it last was, this time included; null: it is not said now. `isDue`: it is still to be said,
   * and counts already.
   */
  readonly say: (text: string, now: number, isDue?: boolean) => number | null;
}

/** Seconds of silence after something was said; twice as long each time. */
const SILENCE = { first: 10, most: 3600 };

interface Said {
  /** Not again before. */
  quietUntil: number;
  silence: number;
  unsaid: number;
}

/** Says what is new at once, and what is repeated ever more rarely. What was not meant to be said for long is new again. */
export function rarely(): Rarely {
  const known = new Map<string, Said>();
  return {
    say: (text, now, isDue = false) => {
      for (const [one, { quietUntil, silence }] of known) if (now > quietUntil + silence) known.delete(one);
      const said = known.get(text);
      if (said === undefined) {
        known.set(text, { quietUntil: now + SILENCE.first, silence: SILENCE.first, unsaid: 0 });
        return 1;
      }
      if (!isDue) said.unsaid += 1;
      if (now < said.quietUntil) return null;
      const times = said.unsaid;
      said.silence = Math.min(SILENCE.most, 2 * said.silence);
      said.quietUntil = now + said.silence;
      said.unsaid = 0;
      return times;
    },
  };
}
