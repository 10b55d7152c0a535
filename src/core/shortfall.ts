import { leastReplicas } from "./capacity.ts";
import type { Formulation } from "./formulate.ts";
import { settingsOf } from "./options.ts";
import { visitsOf } from "./visits.ts";

/** A stage that cannot carry the planned load with the replicas that it may have, whatever its variant and batch. */
export interface Shortfall {
  readonly stage: string;
  /** Most replicas that it may have, and whether the policy pins that number. */
  readonly replicas: number;
  readonly pinned: boolean;
  /** Least replicas that would carry the load, and the variant and batch that do with so few; null if pins leave it neither. */
  readonly needs: { readonly replicas: number; readonly variant: string; readonly batch: number } | null;
}

/** The stages whose replicas cannot carry a planned load (margins already in it), requests per second. */
export function shortfalls(from: Formulation, planned: number): readonly Shortfall[] {
  const { pipeline, policy } = from;
  return visitsOf(pipeline.stages).flatMap(({ stage, items }): Shortfall[] => {
    const pinned = policy.pins[stage.name]?.replicas;
    const replicas = Math.min(pinned ?? Infinity, pipeline.limits.replicas);
    const needs = settingsOf(pipeline, stage, policy.pins[stage.name])
      .map(({ variant, batch, capacity }) => ({
        replicas: leastReplicas(items * planned, capacity.rate),
        variant: variant.name,
        batch,
      }))
      .reduce<Shortfall["needs"]>((best, one) => (best === null || one.replicas < best.replicas ? one : best), null);
    if (needs !== null && needs.replicas <= replicas) return [];
    return [{ stage: stage.name, replicas, pinned: pinned !== undefined, needs }];
  });
}
