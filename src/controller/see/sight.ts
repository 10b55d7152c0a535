import type { LoadSeries, LoopState } from "../../core/cluster.ts";
import type { Mode } from "../../core/control.ts";
import type { Plan } from "../../core/plan.ts";
import type { TargetView, Unresolved } from "./targets.ts";

/** What is known of a cluster at an instant. */
export interface Sight {
  readonly mode: Mode;
  readonly now: number;
  readonly load: LoadSeries;
  readonly views: readonly TargetView[];
  readonly unresolved: readonly Pick<Unresolved, "stage" | "variant" | "reason">[];
  /** By stage: the variant that its Service selects; null without one. */
  readonly routed: readonly (string | null)[];
  /** By stage: ready Pods of what its Service selects that have no target any more. */
  readonly orphans: readonly number[];
  /** Stages whose requests could not be sent elsewhere. */
  readonly unroutable: readonly string[];
  /** That is carried out; empty before the first. */
  readonly plan: Plan;
  readonly state: LoopState | null;
}
