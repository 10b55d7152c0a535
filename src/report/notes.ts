import type { PolicyRuns } from "./findings.ts";

/** So many may be on their way when a run ends. */
const FEW = 0.01;

/** What a reader must know before trusting the numbers; nothing if all went as it should. */
export function notesOf(policies: readonly PolicyRuns[]): readonly string[] {
  return policies.flatMap(({ summary, runs }) => [
    ...(runs.some((run) => run.intervals[0]?.feasible === false)
      ? [`policy ${summary.policy}: no plan keeps all limits at the start load; the nearest to one is in force from 0.`]
      : []),
    ...(summary.decisions === 0
      ? [
          `policy ${summary.policy}: nothing was decided: the trace ends with the first interval, so the plan of time 0 stayed.`,
        ]
      : []),
    ...(summary.requests.in_flight > FEW * summary.requests.offered
      ? [
          `policy ${summary.policy}: ${Math.round(summary.requests.in_flight)} of ${Math.round(summary.requests.offered)} requests still waited at the end, neither served nor dropped: some stage had too few replicas, or none.`,
        ]
      : []),
    ...(summary.blocked > 0
      ? [
          `policy ${summary.policy}: the cluster had no room for some of the variants that plans asked for; what ran before went on.`,
        ]
      : []),
  ]);
}
