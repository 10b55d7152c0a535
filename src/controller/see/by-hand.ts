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

function runsMore(one: TargetView, other: TargetView): boolean {
  const [a, b] = [runs(one), runs(other)];
  return a === b ? one.scale.replicas > other.scale.replicas : a > b;
}

/** What is about to go does not count. */
function runs({ ready, scale }: TargetView): number {
  return Math.min(ready, scale.replicas);
}

/** Of a plan that others carry out: what is found of the variants that it is for. Nothing else of it is in force. */
export function foundOf(plan: Plan, views: readonly TargetView[]): Plan {
  return plan.flatMap((one) => {
    const view = views.find(({ stage, variant }) => stage === one.stage && variant.name === one.variant);
    return view === undefined ? [] : [{ ...one, replicas: view.scale.replicas }];
  });
}

/**
 * What people have gone over from: variants of the plan in force whose replicas they set, to none or as their own, where another one runs
 * more than that, ready or not. However few there are by plan, they stay in force; and what something else scales, nobody has set. `rivalOf`: what else scales one.
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
      ofStage.some((other) => runs(other) > view.scale.replicas && other !== view) &&
      rivalOf(view) === null
    );
  });
}
