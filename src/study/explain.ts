import { decide, type Decided, type Planner } from "../core/decide.ts";
import { formulate } from "../core/formulate.ts";
import { bindingPins, type BindingPin } from "../core/binding-pins.ts";
import type { RowName } from "../core/problem.ts";
import { bindingRows, relaxations, type Relaxation } from "../core/relax.ts";
import { shortfalls, type Shortfall } from "../core/shortfall.ts";

/** A decision with what it took and what stands in its way. */
export interface Explanation {
  readonly decision: Decided;
  /** Measured by the clock that was given. */
  readonly solveSeconds: number;
  /** Limits, and the stages' pins, that cost something. Of a plan that is not proved best: none. */
  readonly binding: readonly (RowName | "pins")[];
  /** Where pins do: which. */
  readonly pins: readonly BindingPin[];
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
  const known = outcome !== null && planned !== null && (infeasible || outcome.status === "optimal");
  const rows = known ? bindingRows(formulate(planner, planned, []), outcome, planner.solver) : [];
  const pins = known ? bindingPins(planner, planned, [], outcome, planner.solver) : [];
  return {
    decision,
    solveSeconds,
    binding: [...rows, ...(pins.length > 0 ? (["pins"] as const) : [])],
    pins,
    relaxations: infeasible ? relaxations(planner, load, [], planner.solver) : [],
    shortfalls: infeasible && planned !== null ? shortfalls(planner, planned) : [],
  };
}
