import type { Reason } from "../core/reason.ts";

/** Why a plan is in force, as a cluster's objects write it. */
export const decisionReasons = {
  first: "First",
  "load-rose": "LoadRose",
  "load-fell": "LoadFell",
  "service-slower": "ServiceSlower",
  drifted: "Drifted",
  "better-plan": "BetterPlan",
  unchanged: "Unchanged",
  rule: "Rule",
  standby: "Standby",
  limited: "Limited",
  setback: "Setback",
  "best-effort": "BestEffort",
  "held-no-data": "HeldNoData",
  "held-infeasible": "HeldInfeasible",
  "held-unknown": "HeldUnknown",
  "held-timeout": "HeldTimeout",
} as const satisfies Readonly<Record<Reason, string>>;
