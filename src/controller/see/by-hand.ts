import type { Control, Mode } from "../../core/control.ts";
import type { Plan } from "../../core/plan.ts";
import { isOf, type Ledger } from "../act/ledger.ts";
import { canSwitch } from "./held.ts";
import type { TargetView } from "./targets.ts";

// Of stages whose traffic people move: which variant is in force.

/** The variant that most replicas run, or are to run; the first in the file where none does. */
export function mostOf(views: readonly TargetView[]): TargetView {
  const [first, ...others] = views;
  if (first === undefined) throw new RangeError("a stage has no variant");
  return others.reduce((most, view) => (runsMore(view, most) ? view : most), first);
}

/** What is about to go does not count. */
function runsMore(one: TargetView, other: TargetView): boolean {
  const [a, b] = [one, other].map(({ ready, scale }) => Math.min(ready, scale.replicas));
  return a === b ? one.scale.replicas > other.scale.replicas : (a ?? 0) > (b ?? 0);
}

/**
 * What people have gone over from: variants of the plan in force whose replicas they set, to none or as their own, so that another one runs
 * more. However few there are by plan, they stay in force; and what something else scales, nobody has set. `rivalOf`: what else scales one.
 */
export function leftByHand(
  { stages }: Control,
  mode: Mode,
  plan: Plan,
  views: readonly TargetView[],
  { pinned }: Pick<Ledger, "pinned">,
  rivalOf: (view: TargetView) => string | null,
): readonly TargetView[] {
  return views.filter((view) => {
    const ofStage = views.filter(({ stage }) => stage === view.stage);
    return (
      plan.some((one) => one.stage === view.stage && one.variant === view.variant.name) &&
      !canSwitch(
        stages.find(({ stage }) => stage === view.stage),
        mode,
      ) &&
      (view.scale.replicas === 0 || pinned.some((one) => isOf(one, view.target))) &&
      runsMore(mostOf(ofStage), view) &&
      rivalOf(view) === null
    );
  });
}
