// A verdict depends on profiles that are guessed in part: so each is made again with other guesses.
import type { Verdict } from "../findings/experiment.ts";

/** Factors on the speed of whatever is inferred or modelled in the profiles; the first leaves it as it is. */
export const GUESSES = [1, 0.8, 1.25] as const;

/** What the runs with one set of guesses say of a claim. */
export interface Judgement {
  readonly guesses: number;
  readonly holds: boolean;
  readonly because: string;
}

/** The first judgement, unless the others disagree: then the data do not determine it. */
export function judged(claim: string, judgements: readonly Judgement[]): Verdict {
  const [first] = judgements;
  if (first === undefined) return { claim, verdict: "cannot be shown", because: "nothing was run" };
  const flips = judgements.some(({ holds }) => holds !== first.holds);
  return {
    claim,
    verdict: flips ? "not determined by the data" : first.holds ? "holds" : "does not hold",
    because: flips
      ? judgements.map(({ guesses, because }) => `guesses × ${guesses}: ${because}`).join("; ")
      : first.because,
  };
}
