import { leastReplicas } from "./capacity.ts";
import type { Formulation } from "./formulate.ts";
import { settingsOf, type Setting } from "./options.ts";
import { pinnedReplicas } from "./pins.ts";
import type { Stage } from "./pipeline.ts";
import { visitsOf } from "./visits.ts";

/** A stage that cannot carry the planned load with the replicas that it may have, whatever its variant and batch. */
export interface Shortfall {
  readonly stage: string;
  /** Most replicas that it may have: of the variant that it needs, where they differ. */
  readonly replicas: number;
  /** Whether a pin fixes that number. */
  readonly pinned: boolean;
  /** Who says so: the pipeline's limits, the policy's pin, the stage's pin, or the variant's maximum. */
  readonly by: "limits" | "policy" | "stage" | "variant";
  /**
   * Least replicas that would carry the load, and the variant and batch that do with so few (of several variants' maxima
   * the one that is missed by least); null if pins leave it neither.
   */
  readonly needs: { readonly replicas: number; readonly variant: string; readonly batch: number } | null;
}

/** The stages whose replicas cannot carry a planned load (margins already in it), requests per second. */
export function shortfalls(from: Formulation, planned: number): readonly Shortfall[] {
  const { pipeline, policy } = from;
  return visitsOf(pipeline.stages).flatMap(({ stage, items }): Shortfall[] => {
    const pins = policy.pins[stage.name];
    const missing = (setting: Setting): number => leastReplicas(items * planned, setting.capacity.rate) - setting.most;
    const [first, ...others] = settingsOf(pipeline, stage, pins);
    const pinned = pinnedReplicas(stage, pins);
    if (first === undefined) {
      const replicas = Math.min(pipeline.limits.replicas, ...pinned);
      return [{ stage: stage.name, replicas, ...sourceOf(from, stage, replicas), needs: null }];
    }
    const nearest = others.reduce((best, one) => (missing(one) < missing(best) ? one : best), first);
    if (missing(nearest) <= 0) return [];
    const { variant, batch, most } = nearest;
    const replicas = leastReplicas(items * planned, nearest.capacity.rate);
    const needs = { replicas, variant: variant.name, batch };
    return [{ stage: stage.name, replicas: most, ...sourceOf(from, stage, most), needs }];
  });
}

/** Who says that there are no more replicas than these, where none but a pipeline and a policy do. */
export function sourceOf(
  { pipeline, policy }: Pick<Formulation, "pipeline" | "policy">,
  stage: Stage,
  replicas: number,
): Pick<Shortfall, "pinned" | "by"> {
  if (policy.pins[stage.name]?.replicas !== undefined) return { pinned: true, by: "policy" };
  if (stage.pin?.replicas !== undefined) return { pinned: true, by: "stage" };
  return { pinned: false, by: replicas < pipeline.limits.replicas ? "variant" : "limits" };
}
