import { decide, type Decided, type Planner } from "../core/decide.ts";
import { formulate } from "../core/formulate.ts";
import { bindingRows, pinsBind, relaxations, type Relaxation } from "../core/relax.ts";
import type { RowName } from "../core/problem.ts";
import { shortfalls, type Shortfall } from "../core/shortfall.ts";

/** A decision with what it took and what stands in its way. */
export interface Explanation {
  readonly decision: Decided;
  /** Measured by the clock that was given. */
  readonly solveSeconds: number;
  /** Limits, and the stages' pins, that cost something. Of a plan that is not proved best: none. */
  readonly binding: readonly (RowName | "pins")[];
  /** Of an infeasible problem: the least change of each row alone; else empty. */
  readonly relaxations: readonly Relaxation[];
  /** Of an infeasible problem: the stages whose replicas are too few, whatever else gives way; else empty. */
  readonly shortfalls: readonly Shortfall[];
}

/** Decides for a load (requests per second, before the margin) with nothing running, and finds out why. `clock`: seconds. */
export function explain(planner: Planner, load: number, clock: () => number): Explanation {
  const from = clock();
  const decision = decide(planner, load, []);
  const solveSeconds = clock() - from;
  const { outcome, planned } = decision;
  const infeasible = outcome?.status === "infeasible";
  // Of a search that was stopped nothing is known but a bound.
  const binding =
    outcome !== null && planned !== null && (infeasible || outcome.status === "optimal")
      ? [
          ...bindingRows(formulate(planner, planned, []), outcome, planner.solver),
          ...(pinsBind(planner, planned, [], outcome, planner.solver) ? (["pins"] as const) : []),
        ]
      : [];
  return {
    decision,
    solveSeconds,
    binding,
    relaxations: infeasible ? relaxations(planner, load, [], planner.solver) : [],
    shortfalls: infeasible && planned !== null ? shortfalls(planner, planned) : [],
  };
}
