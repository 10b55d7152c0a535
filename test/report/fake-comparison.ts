import type { PolicyRuns } from "../../src/report/findings.ts";
import { summarise } from "../../src/report/summary.ts";
import { context, plausibleRun } from "./fake-runs.ts";

const characters = {
  ipa: { cores: 12, accuracy: 0.74, latency: 0.4 },
  "fa2-low": { cores: 8, accuracy: 0.58, latency: 0.3 },
  "fa2-high": { cores: 23, accuracy: 0.83, latency: 0.55 },
};

/** Three policies under the same load. */
export function fakeComparison(seeds: readonly number[] = [1]): PolicyRuns[] {
  return Object.entries(characters).map(([policy, character]) => {
    const runs = seeds.map((seed) => plausibleRun({ ...character, cores: character.cores + seed / 10, seed }));
    return { runs, summary: summarise(runs, { ...context, policy, seeds }) };
  });
}
