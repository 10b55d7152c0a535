import type { LoadProblem } from "../../core/counters.ts";

const loadProblems = [
  "Absent",
  "Stale",
  "NotANumber",
  "SeriesVanished",
  "ResolutionTooCoarse",
  "Unreachable",
] as const satisfies readonly LoadProblem[];

/** All reasons that a condition may have: `Ready` also those of the conditions that make it false. docs/control.md says what they mean. */
export const conditionReasons = {
  Ready: ["Ready", "Invalid", "Paused", "GatewayMissing", "Overloaded"],
  TargetResolved: ["Resolved", "NotNamed", "NotFound", "NotScalable", "Forbidden", "NotKnown"],
  MetricsAvailable: ["Fresh", ...loadProblems, "NotKnown"],
  ProfilesReady: ["Ready", "NotFound", "Invalid", "ResourcesDiffer", "ProfileDiffers", "NotKnown"],
  Feasible: ["Feasible", "BestEffort", "Held", "NotDecided", "NotProved", "NotKnown"],
  Applied: [
    "Applied",
    "Switching",
    "Applying",
    "NotActing",
    "Paused",
    "TargetContested",
    "TargetPinned",
    "ResourcesDiffer",
    "ServiceContested",
    "NoCores",
    "WriteFailed",
    "WatchesStale",
    "NotDecided",
    "NotKnown",
  ],
} as const;

export type ConditionType = keyof typeof conditionReasons;
export type ConditionReason = (typeof conditionReasons)[ConditionType][number];

const known: ReadonlySet<string> = new Set(Object.values(conditionReasons).flat());

/** A status may have been written by another version. */
export function isConditionReason(text: string): text is ConditionReason {
  return known.has(text);
}
