import type { Pipeline } from "../../core/pipeline.ts";
import type { Plan } from "../../core/plan.ts";
import type { TargetView } from "../see/targets.ts";

// What `limits.cores` leaves for more replicas, beside all that is asked for now of what a plan may set, whether this one wants it or not.

/** What is summed up in another order may differ in the last digits. */
const ROUNDING = 1e-9;

/** More replicas of a target. */
export interface Growth {
  readonly now: number;
  readonly wanted: number;
  readonly coresPerReplica: number;
}

/** Cores that nothing asks for; negative where more is asked for than may be. */
export function freeCores(
  { limits: { cores: limit }, stages }: Pipeline,
  plan: Plan,
  views: readonly TargetView[],
): number {
  if (limit === undefined) return Infinity;
  const seen = views.reduce((sum, { variant, scale }) => sum + variant.coresPerReplica * scale.replicas, 0);
  // What is planned and cannot be looked at is taken to run.
  const unseen = plan
    .filter(({ stage, variant }) => !views.some((view) => view.stage === stage && view.variant.name === variant))
    .reduce((sum, { stage, variant, replicas }) => sum + replicas * coresOf(stages, stage, variant), 0);
  return limit - seen - unseen;
}

/** Whether there are cores for all of them. */
export function fit(growths: readonly Growth[], free: number): boolean {
  const needed = growths.reduce((sum, { now, wanted, coresPerReplica }) => sum + (wanted - now) * coresPerReplica, 0);
  return needed <= free + ROUNDING;
}

/** As many replicas of each as there are cores for: one after the other to the one that has least of what it wants. */
export function fitting(growths: readonly Growth[], free: number): readonly number[] {
  if (fit(growths, free)) return growths.map(({ wanted }) => wanted);
  const given = growths.map(({ now }) => now);
  let left = free + ROUNDING;
  for (;;) {
    const [next] = growths
      .map(({ wanted, coresPerReplica }, i) => ({ i, share: (given[i] ?? 0) / wanted, coresPerReplica }))
      .filter(({ share, coresPerReplica }) => share < 1 && coresPerReplica <= left)
      .toSorted((a, b) => a.share - b.share);
    if (next === undefined) return given;
    given[next.i] = (given[next.i] ?? 0) + 1;
    left -= next.coresPerReplica;
  }
}

function coresOf(stages: Pipeline["stages"], stage: string, variant: string): number {
  const variants = stages.find(({ name }) => name === stage)?.variants ?? [];
  return variants.find(({ name }) => name === variant)?.coresPerReplica ?? 0;
}
