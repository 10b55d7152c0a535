import type { LoopState } from "../../core/cluster.ts";
import type { Control, Mode, StageControl } from "../../core/control.ts";
import type { Plan, StagePlan } from "../../core/plan.ts";
import { isRouted } from "../../core/switch.ts";
import { pinnedBy } from "./knobs.ts";
import type { Sight } from "./sight.ts";

/**
 * A variant that runs, by the plan, and whose target cannot be looked at: others depend on it, and its Pods may well serve. It counts with the
 * replicas of the plan, and nothing of it is written.
 */
export interface Held {
  readonly stage: string;
  readonly variant: string;
  readonly replicas: number;
}

type HeldFrom = Pick<Sight, "mode" | "unresolved" | "routed" | "plan" | "state">;

/** What is held: what may not be scaled, say; and what is not there, where no plan may choose another variant, as its requests come there. */
export function heldBy({ stages }: Control, { mode, unresolved, routed, plan, state }: HeldFrom): readonly Held[] {
  return stages.flatMap(({ stage, dataPlane }, s) => {
    const runs = inForceOf(stage, routed[s] ?? null, plan, state);
    const lost = unresolved.find((one) => one.stage === stage && one.variant === runs?.variant);
    if (runs === undefined || lost === undefined) return [];
    if (lost.reason === "NotFound" && canSwitch({ dataPlane }, mode)) return [];
    return [{ stage, variant: runs.variant, replicas: runs.replicas }];
  });
}

/** Whether a plan may choose the variant of a stage. */
export function canSwitch(control: Pick<StageControl, "dataPlane"> | undefined, mode: Mode): boolean {
  return !pinnedBy(mode, control?.dataPlane ?? "None").includes("variant");
}

/** What serves, as it was planned: by its Service, or else, until a switch is routed, what that comes from. */
function inForceOf(stage: string, routed: string | null, plan: Plan, state: LoopState | null): StagePlan | undefined {
  const switching = state?.rollouts?.[stage]?.switching;
  const planned = plan.find((one) => one.stage === stage);
  if (routed !== null) return [planned, switching?.from].find((one) => one?.variant === routed);
  return switching !== undefined && !isRouted(switching) ? switching.from : planned;
}

/** Whether a variant has no target any more, and is not held. */
export function isGone({ unresolved }: Sight, held: readonly Held[], stage: string, variant: string): boolean {
  const isIt = (one: Pick<Held, "stage" | "variant">): boolean => one.stage === stage && one.variant === variant;
  return unresolved.some(isIt) && !held.some(isIt);
}
