import type { ReplicaCount } from "./cluster.ts";
import type { StagePlan } from "./plan.ts";

/** What a stage runs while it changes over. */
export interface StageRollout {
  /** Takes the requests now. */
  readonly serving: StagePlan;
  /** Replicas to have of each variant; what is not named goes. */
  readonly targets: readonly { readonly variant: string; readonly replicas: number }[];
}

/**
 * Make before break, for one stage: another variant takes over only when all of its replicas are
 * ready; until then the old one serves alone, unscaled.
 */
export function rollOut(wanted: StagePlan, serving: StagePlan, replicas: readonly ReplicaCount[]): StageRollout {
  const target = { variant: wanted.variant, replicas: wanted.replicas };
  if (wanted.variant === serving.variant) return { serving: wanted, targets: [target] };
  const ready = replicas.find((count) => count.variant === wanted.variant)?.ready ?? 0;
  if (ready >= wanted.replicas) return { serving: wanted, targets: [target] };
  return { serving, targets: [{ variant: serving.variant, replicas: serving.replicas }, target] };
}
