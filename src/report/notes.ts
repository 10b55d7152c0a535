import type { PolicyRuns } from "./findings.ts";

/** What a reader must know before trusting the numbers; nothing if all went as it should. */
export function notesOf(policies: readonly PolicyRuns[]): readonly string[] {
  return policies.flatMap(({ summary, runs }) => [
    ...(runs.some((run) => run.intervals[0]?.feasible === false)
      ? [`${summary.policy}: no plan keeps all limits at the start load; the nearest to one is in force from 0.`]
      : []),
    ...(summary.decisions === 0
      ? [
          `${summary.policy}: nothing was decided: the trace ends with the first interval, so the plan of time 0 stayed.`,
        ]
      : []),
    ...(summary.blocked > 0
      ? [
          `${summary.policy}: the cluster had no room for some of the variants that plans asked for; what ran before went on.`,
        ]
      : []),
  ]);
}
