import type { Observation } from "../core/cluster.ts";
import { countOf, servingVariant } from "../core/switch.ts";

/** A stage whose requests another variant takes than that of the plan in force. */
export interface Serving {
  readonly stage: string;
  readonly variant: string;
  /** That take requests. */
  readonly replicas: number;
  /** Of the variant in force: how many are ready; null where nothing is counted. */
  readonly ready: number | null;
}

/** Where a switch has not gone so far that the plan in force serves: what does. */
export function servingInstead({ running, replicas, state }: Observation): readonly Serving[] {
  return running.flatMap((plan): readonly Serving[] => {
    const { stage } = plan;
    const switching = state?.rollouts?.[stage]?.switching;
    const counts = replicas.filter((count) => count.stage === stage);
    const variant = servingVariant(plan, switching, counts);
    if (variant === plan.variant) return [];
    const { serving } = countOf(counts, variant);
    return [
      {
        stage,
        variant,
        replicas: counts.length === 0 ? (switching?.from.replicas ?? 0) : serving,
        ready: counts.length === 0 ? null : countOf(counts, plan.variant).ready,
      },
    ];
  });
}
