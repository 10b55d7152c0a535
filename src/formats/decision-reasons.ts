import type { Reason } from "../core/decide.ts";

/** Why a plan is in force, as a cluster's objects write it. */
export const decisionReasons = {
  first: "First",
  "load-rose": "LoadRose",
  "load-fell": "LoadFell",
  "better-plan": "BetterPlan",
  unchanged: "Unchanged",
  rule: "Rule",
  standby: "Standby",
  limited: "Limited",
  "best-effort": "BestEffort",
  "held-no-data": "HeldNoData",
  "held-infeasible": "HeldInfeasible",
  "held-unknown": "HeldUnknown",
} as const satisfies Readonly<Record<Reason, string>>;

/** Why a controller held a plan without asking for a decision: it took too long, people froze the pipeline, or its setup is wrong. */
export const holdingReasons = ["HeldTimeout", "HeldPaused", "HeldInvalid"] as const;

export type DecisionReason = (typeof decisionReasons)[Reason] | (typeof holdingReasons)[number];

export function decisionReason(reason: Reason): DecisionReason {
  return decisionReasons[reason];
}
