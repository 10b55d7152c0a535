import { assess } from "./assess.ts";
import type { Planning } from "./cluster.ts";
import type { Formulation } from "./formulate.ts";
import { plannedLoad } from "./load.ts";
import { planCores, samePlan, type Plan } from "./plan.ts";

/**
 * Why a plan is in force, and how people and the objects of a cluster write it. `drifted`: what runs, or the pipeline, changed under the plan. `rule`: the
 * policy's own rule changed it. `standby`: replicas that stood by carry the load until others have started. `limited`: a plan would be feasible, but not within
 * one step of what runs. `service-slower`: services take longer than was known. `setback`: replicas that were wanted did not come up. `held-timeout`: no decision
 * was made in time.
 */
export const reasonNames = {
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
} as const;

export type Reason = keyof typeof reasonNames;

/** Why a feasible plan takes the place of what runs, as far as can be said of one load alone: `drifted` is that what runs breaks a row. */
export function reasonAtLoad(from: Formulation, planned: number, running: Plan, plan: Plan): Reason {
  if (running.length === 0) return "first";
  if (samePlan(running, plan)) return "unchanged";
  return breaksRow(from, planned, running) ? "drifted" : "better-plan";
}

/** What is known beside the load of a decision. */
export interface Since {
  /** The load that it is for, before the margin, requests per second. */
  readonly load: number;
  readonly running: Plan;
  /** Of the last plan; absent where none is remembered. */
  readonly planning: Planning | undefined;
  /** Whether what runs was found to be slower than was known. */
  readonly slower: boolean;
}

/**
 * The same by what has changed since the last plan. The load is the reason where what runs breaks a row at this load, and would not at the
 * last plan's; or where it is less, and fewer cores do.
 */
export function reasonSince(
  from: Formulation,
  { reason, plan }: { readonly reason: Reason; readonly plan: Plan },
  { load, running, planning, slower }: Since,
): Reason {
  if (reason !== "drifted" && reason !== "better-plan") return reason;
  if (planning === undefined) return "first";
  if (reason === "drifted") {
    if (slower) return "service-slower";
    if (!breaksRow(from, plannedLoad(from.pipeline, planning.load), running)) {
      return load > planning.load ? "load-rose" : "load-fell";
    }
    // What was only the nearest to a plan was never one that keeps all rows.
    if (planning.nearest !== true) return "drifted";
  }
  const cheaper = planCores(from.pipeline, plan) < planCores(from.pipeline, running);
  return load < planning.load && cheaper ? "load-fell" : "better-plan";
}

/** The same where replicas that were wanted did not come up, or may no longer be wanted: what no other reason asked for. */
export function reasonAfterSetback(reason: Reason): Reason {
  const others: readonly Reason[] = ["unchanged", "better-plan", "drifted", "load-fell"];
  return others.includes(reason) ? "setback" : reason;
}

function breaksRow(from: Formulation, planned: number, plan: Plan): boolean {
  return assess(from, planned, plan).violations.length > 0;
}
