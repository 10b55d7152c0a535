import type { Plan } from "../../core/plan.ts";
import type { TargetView } from "../see/targets.ts";

/** A number of replicas for an HPA or KEDA to set. */
export interface Signal {
  readonly stage: string;
  readonly variant: string;
  readonly replicas: number;
}

/** What others are to set: the numbers of what serves alone, of which nothing goes down where `mayGoDown` is false. */
export function signalsOf(plan: Plan, views: readonly TargetView[], mayGoDown: boolean): readonly Signal[] {
  return plan.map(({ stage, variant, replicas }) => {
    const now = views.find((view) => view.stage === stage && view.variant.name === variant)?.scale.replicas ?? 0;
    return { stage, variant, replicas: mayGoDown ? replicas : Math.max(replicas, now) };
  });
}
