// The paper's headline: how much more accurate is IPA than a rival, at a cost that exceeds the rival's by little?

/** Means of one system in one setting. */
export interface Outcome {
  readonly version: string;
  readonly pipeline: string;
  readonly workload: string;
  readonly system: string;
  readonly cost: number;
  readonly accuracy: number;
}

export interface Gain {
  /** A_IPA/A_rival − 1. */
  readonly gain: number;
  readonly rival: Outcome;
  readonly extraCost: number;
}

/**
 * max over settings and rivals of A_IPA/A_rival − 1 where cost_IPA ≤ (1 + allowance)·cost_rival; null if IPA is nowhere that cheap. Rivals whose
 * accuracy is 0, as that of the lowest ranks, have no ratio and are left out.
 */
export function greatestGain(outcomes: readonly Outcome[], allowance: number): Gain | null {
  let best: Gain | null = null;
  for (const gain of gainsOf(outcomes)) {
    if (gain.extraCost <= allowance + 1e-9 && (best === null || gain.gain > best.gain)) best = gain;
  }
  return best;
}

function gainsOf(outcomes: readonly Outcome[]): readonly Gain[] {
  const settingOf = ({ version, pipeline, workload }: Outcome): string => [version, pipeline, workload].join();
  const ipa = new Map(outcomes.filter(({ system }) => system === "IPA").map((one) => [settingOf(one), one]));
  return outcomes.flatMap((rival): Gain[] => {
    const own = ipa.get(settingOf(rival));
    if (own === undefined || rival === own || rival.accuracy === 0) return [];
    return [{ gain: own.accuracy / rival.accuracy - 1, rival, extraCost: own.cost / rival.cost - 1 }];
  });
}

/** Allowances of 0 to 50 %. */
export const allowances = Array.from({ length: 51 }, (_, i) => i / 100);
