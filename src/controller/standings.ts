import type { MeasuredLoad } from "../core/counters.ts";
import { bad, good, unknown, type Standing } from "./conditions.ts";
import type { Answer } from "./context.ts";
import type { TargetView } from "./targets.ts";

// What a turn found, as conditions say it.

export function standingOfLoad(measured: MeasuredLoad, assumed: boolean): Standing {
  if ("load" in measured) return good("Fresh");
  return bad(measured.problem, `${measured.message}${assumed ? " (planning for spec.load.fallback)" : ""}`);
}

export function standingOfProfiles(views: readonly TargetView[]): Standing {
  const differing = views.flatMap(({ differs }) => differs ?? []);
  if (differing.length === 0) return good("Ready");
  return bad("ResourcesDiffer", `${differing.join("; ")}. Make requests, cores and profile agree.`);
}

export function standingOfPlan({ decision: { outcome, reason }, promised }: Answer): Standing {
  switch (outcome?.status) {
    case "optimal":
    case "feasible":
      return good("Feasible");
    case undefined:
      return unknown("NotDecided", "no plan could be made, and the one in force is held");
    case "unknown":
      return unknown("NotProved", "the search ended before it found a plan");
    case "infeasible": {
      const latency = promised === null ? "" : latencyPromised(promised.latency);
      const what = reason === "held-infeasible" ? "the plan in force is held" : "the nearest plan is in force";
      return bad(reason === "held-infeasible" ? "Held" : "BestEffort", `no plan keeps every limit; ${what}${latency}`);
    }
  }
}

function latencyPromised(seconds: number): string {
  return Number.isFinite(seconds)
    ? `, which promises ${Number(seconds.toPrecision(3))} s`
    : ", and its queues grow without end";
}
