import type { Target } from "../core/control.ts";
import type { KubeObject } from "../kube/objects.ts";
import { autoscalerOf, olderPipelineOf } from "./contest.ts";
import { isOf, type Ledger } from "./ledger.ts";
import type { Fixed } from "./observe.ts";
import type { TargetView } from "./targets.ts";
import type { World } from "./world.ts";

/** The targets whose numbers are others' to set: those that somebody took back, and those that something else scales. */
export function fixedBy(own: KubeObject, world: World, views: readonly TargetView[], ledger: Ledger): readonly Fixed[] {
  return views.flatMap(({ stage, variant, target, scale }): readonly Fixed[] => {
    const of = { stage, variant: variant.name, target, replicas: scale.replicas };
    const rival = autoscalerOf(target, world.autoscalers) ?? olderPipelineOf(target, own, world.claims);
    if (rival !== null) return [{ ...of, reason: "TargetContested", by: rival }];
    const pinned = ledger.pinned.find((one) => isOf(one, target));
    return pinned === undefined ? [] : [{ ...of, reason: "TargetPinned", by: pinned.by }];
  });
}

/** Those that something else scales. */
export function contestedOf(fixed: readonly Fixed[]): readonly Target[] {
  return fixed.filter(({ reason }) => reason === "TargetContested").map(({ target }) => target);
}
