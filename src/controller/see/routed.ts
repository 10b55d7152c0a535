import type { LoopState } from "../../core/cluster.ts";
import type { StageControl } from "../../core/control.ts";
import type { Plan } from "../../core/plan.ts";
import { isRouted } from "../../core/switch.ts";
import { selectorOf, servedBy } from "../act/services.ts";
import type { Sight } from "./sight.ts";
import type { World } from "../world.ts";

/** Where the Service of a stage sends its requests. */
export interface Routed {
  /** Null without a Service, or one that selects nothing that is known. */
  readonly variant: string | null;
  /** Ready Pods that it selects although their target is not there. */
  readonly orphans: number;
}

/** Pods may outlive their target: while some are ready, a Service that selects nothing else selects what it was led to last. */
export function routedTo(
  { stage, service }: StageControl,
  { service: serviceOf, pods }: Pick<World, "service" | "pods">,
  { views, unresolved }: Pick<Sight, "views" | "unresolved">,
  plan: Plan,
  state: LoopState | null,
): Routed {
  const object = service === null ? undefined : serviceOf(service.name);
  const ofStage = views.filter((view) => view.stage === stage);
  const variant = object === undefined ? null : servedBy(object, ofStage);
  if (object === undefined || variant !== null) return { variant, orphans: 0 };
  const switching = state?.rollouts?.[stage]?.switching;
  const planned = plan.find((one) => one.stage === stage)?.variant;
  const led = switching === undefined || isRouted(switching) ? planned : switching.from.variant;
  const gone = [led, switching?.from.variant, planned].find((name) =>
    unresolved.some((one) => one.stage === stage && one.variant === name),
  );
  const orphans = gone === undefined ? 0 : pods.matching(selectorOf(object)).filter(({ ready }) => ready).length;
  return { variant: orphans > 0 && gone !== undefined ? gone : null, orphans };
}
