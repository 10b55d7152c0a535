import type { Limits, Pins, Pipeline, Stage, Variant } from "./pipeline.ts";

/** One variant and batch size that a stage may run, and in how many replicas: from `fewest` to `most`. */
export interface Allowed {
  readonly variant: Variant;
  readonly batch: number;
  readonly fewest: number;
  readonly most: number;
}

/** What limits, the stage's own pins and those of a policy leave to a stage: variants in file order, batches ascending. */
export function allowedOf(limits: Limits, stage: Stage, policy: Pins | undefined): readonly Allowed[] {
  const pinned = pinnedReplicas(stage, policy);
  return stage.variants.flatMap((variant) => {
    const most = Math.min(limits.replicas, variant.maxReplicas ?? Infinity, ...pinned);
    // What stands by may as well serve.
    const fewest = Math.max(variant.minReplicas ?? 1, Math.min(most, variant.standby ?? 1), ...pinned);
    if (fewest > most) return [];
    return batchesOf(stage, variant)
      .filter(
        (batch) =>
          batch <= limits.batch &&
          pinsAllow(stage, policy, variant.name, batch) &&
          !forbids(stage, variant.name, batch),
      )
      .map((batch) => ({ variant, batch, fewest, most }));
  });
}

function batchesOf(stage: Stage, variant: Variant): readonly number[] {
  const measured = variant.profile.map((point) => point.batch);
  if (stage.batches === undefined) return measured;
  const [least, most] = [Math.min(...measured), Math.max(...measured)];
  return stage.batches.filter((batch) => batch >= least && batch <= most);
}

/** Whether the stage's pins and the policy's have both the variant and the batch size. */
export function pinsAllow(stage: Stage, policy: Pins | undefined, variant: string, batch: number): boolean {
  return [stage.pin, policy].every(
    (pins) => (pins?.variants?.includes(variant) ?? true) && (pins?.batches?.includes(batch) ?? true),
  );
}

/** The replicas that the stage's pins and the policy's fix: two that differ leave none. */
export function pinnedReplicas(stage: Stage, policy: Pins | undefined): readonly number[] {
  return [stage.pin, policy].flatMap((pins) => pins?.replicas ?? []);
}

/** Whether a stage forbids the variant or the batch size. */
export function forbids({ forbid }: Stage, variant: string, batch: number): boolean {
  return (forbid?.variants?.includes(variant) ?? false) || (forbid?.batches?.includes(batch) ?? false);
}

/**
 * What leaves a stage nothing of what a policy pins, although it could run without the policy: places of the file, each alone
 * if any is. None if it could run with the policy, or not without it either.
 */
export function against(limits: Limits, stage: Stage, policy: Pins | undefined): readonly string[] {
  const runs = (of: Stage, within: Limits): boolean => allowedOf(within, of, policy).length > 0;
  if (runs(stage, limits) || allowedOf(limits, stage, undefined).length === 0) return [];
  const boundless = { replicas: Infinity, batch: Infinity };
  const eased: readonly (readonly [place: string, of: Stage, within: Limits])[] = [
    ["its own pin", withoutPin(stage), limits],
    ["its own forbid", withoutForbid(stage), limits],
    ["the minReplicas and maxReplicas of its variants", withoutBounds(stage), limits],
    ["limits", stage, boundless],
  ];
  const alone = eased.filter(([, of, within]) => runs(of, within));
  if (alone.length > 0) return alone.map(([place]) => place);
  const free = withoutPin(withoutForbid(withoutBounds(stage)));
  return runs(free, boundless)
    ? ["its own pin, forbid and bounds of replicas together with limits"]
    : ["the batches that these variants offer"];
}

const withoutPin = ({ pin: _pin, ...stage }: Stage): Stage => stage;
const withoutForbid = ({ forbid: _forbid, ...stage }: Stage): Stage => stage;
const withoutBounds = (stage: Stage): Stage => ({
  ...stage,
  variants: stage.variants.map(({ minReplicas: _min, maxReplicas: _max, ...variant }) => variant),
});

/** A pipeline without what its stages pin, forbid and bound, whatever policies pin; itself if there is nothing of the kind. */
export function unpinned(pipeline: Pipeline): Pipeline {
  const bounded = ({ minReplicas, maxReplicas }: Variant): boolean => (minReplicas ?? maxReplicas) !== undefined;
  const pinned = ({ pin, forbid, variants }: Stage): boolean => (pin ?? forbid) !== undefined || variants.some(bounded);
  if (!pipeline.stages.some(pinned)) return pipeline;
  return { ...pipeline, stages: pipeline.stages.map((stage) => withoutPin(withoutForbid(withoutBounds(stage)))) };
}
