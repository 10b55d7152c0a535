import type { Mode, Target } from "../../core/control.ts";
import type { Plan } from "../../core/plan.ts";
import type { KubeObject } from "../../kube/objects.ts";
import { autoscalerOf, olderPipelineOf } from "./contest.ts";
import { isOf, type Ledger } from "../act/ledger.ts";
import type { TargetView } from "./targets.ts";
import type { World } from "../world.ts";

/** A number of replicas that a decision must take as it is, and why. */
export interface Fixed {
  readonly stage: string;
  readonly variant: string;
  readonly target: Target;
  readonly replicas: number;
  readonly reason: "TargetPinned" | "TargetContested" | "ResourcesDiffer";
  /** Who set it, or what is wrong with it. */
  readonly by: string;
}

/**
 * The targets whose numbers are not ours to set: those that somebody took back, those that something else scales, and those that serve
 * with other cores than they were profiled with, of which nobody knows how many there should be. Whoever gets a signal scales for us.
 */
export function fixedBy(
  own: KubeObject,
  mode: Mode,
  world: World,
  {
    views,
    running,
    ledger,
  }: { readonly views: readonly TargetView[]; readonly running: Plan; readonly ledger: Ledger },
): readonly Fixed[] {
  return views.flatMap(({ stage, variant, target, scale, differs }): readonly Fixed[] => {
    const of = { stage, variant: variant.name, target, replicas: scale.replicas };
    const rival = rivalOf(target, own, mode, world);
    if (rival !== null) return [{ ...of, reason: "TargetContested", by: rival }];
    const pinned = ledger.pinned.find((one) => isOf(one, target));
    if (pinned !== undefined) return [{ ...of, reason: "TargetPinned", by: pinned.by }];
    const serves = running.some((one) => one.stage === stage && one.variant === variant.name);
    return differs !== null && serves ? [{ ...of, reason: "ResourcesDiffer", by: differs }] : [];
  });
}

/** What else scales a target, in words; null if nothing does. */
export function rivalOf(
  target: Target,
  own: KubeObject,
  mode: Mode,
  { autoscalers, claims }: Pick<World, "autoscalers" | "claims">,
): string | null {
  return (mode === "Act" ? autoscalerOf(target, autoscalers) : null) ?? olderPipelineOf(target, own, claims);
}

/** Those that something else scales. */
export function contestedOf(fixed: readonly Fixed[]): readonly Target[] {
  return fixed.filter(({ reason }) => reason === "TargetContested").map(({ target }) => target);
}
