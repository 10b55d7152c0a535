import type { Pins, Pipeline, Stage, Variant } from "./pipeline.ts";

/** What the world leaves a decision of a stage; what is not said is free. */
export interface Restriction {
  readonly stage: string;
  readonly variants?: readonly string[];
  readonly batches?: readonly number[];
  /** By variant; fewest = most is a fixed count. */
  readonly replicas?: Readonly<Record<string, ReplicaBounds>>;
}

export interface ReplicaBounds {
  readonly fewest?: number;
  readonly most?: number;
}

/**
 * The pipeline as the world leaves it, said in what a pipeline can say of itself, so that all that reads one keeps to it.
 * Itself where nothing is restricted. A fixed count stands above the bounds of the file.
 */
export function restrict(pipeline: Pipeline, restrictions: readonly Restriction[]): Pipeline {
  if (restrictions.length === 0) return pipeline;
  const { replicas: limit } = pipeline.limits;
  const stages = pipeline.stages.map((stage) =>
    restrictions.reduce((left, one) => (one.stage === stage.name ? restrictStage(left, one) : left), stage),
  );
  const fixed = restrictions.flatMap(({ replicas = {} }) => Object.values(replicas).filter(isFixed));
  const highest = Math.max(limit, ...fixed.map(({ most }) => most));
  if (highest === limit) return { ...pipeline, stages };
  const mayExceed = (stage: Stage, { name }: Variant): boolean =>
    restrictions.some(({ stage: of, replicas }) => of === stage.name && isFixed(boundsOf(replicas, name)));
  return {
    ...pipeline,
    limits: { ...pipeline.limits, replicas: highest },
    // Whatever is not fixed keeps to the limit of the file.
    stages: stages.map((stage) => ({
      ...stage,
      variants: stage.variants.map((variant) =>
        mayExceed(stage, variant) ? variant : bounded(variant, { most: limit }),
      ),
    })),
  };
}

/** Whether a restriction of its stage leaves a variant. */
export function mayRun({ variants, replicas }: Restriction, variant: string): boolean {
  return (variants?.includes(variant) ?? true) && (boundsOf(replicas, variant).most ?? Infinity) >= 1;
}

/** Whether a restriction of its stage says that there are no replicas of a variant, and can be none. */
export function isFixedAtNone({ replicas }: Restriction, variant: string): boolean {
  const bounds = boundsOf(replicas, variant);
  return isFixed(bounds) && bounds.most === 0;
}

function restrictStage(stage: Stage, restriction: Restriction): Stage {
  const { batches, replicas } = restriction;
  const barred = stage.variants.flatMap(({ name }) => (mayRun(restriction, name) ? [] : name));
  const fixes = stage.variants.some(({ name }) => isFixed(boundsOf(replicas, name)));
  const { replicas: pinned, ...pin } = stage.pin ?? {};
  // A number that the stage pins is for those that are not fixed.
  const ofOthers = fixes && pinned !== undefined ? { fewest: pinned, most: pinned } : {};
  return {
    ...stage,
    forbid: { ...stage.forbid, variants: [...(stage.forbid?.variants ?? []), ...barred] },
    pin: {
      ...pin,
      ...(fixes || pinned === undefined ? {} : { replicas: pinned }),
      ...onlyBatches(pin, batches),
    },
    variants: stage.variants.map((variant) => {
      const bounds = boundsOf(replicas, variant.name);
      return isFixed(bounds) ? { ...variant, ...fixedAt(bounds.most) } : bounded(bounded(variant, ofOthers), bounds);
    }),
  };
}

function onlyBatches(pin: Pins, batches: readonly number[] | undefined): Pick<Pins, "batches"> {
  if (batches === undefined) return {};
  return { batches: batches.filter((batch) => pin.batches?.includes(batch) ?? true) };
}

/** Names are keys that may be of any object. */
function boundsOf(replicas: Restriction["replicas"] = {}, variant: string): ReplicaBounds {
  return (Object.hasOwn(replicas, variant) ? replicas[variant] : undefined) ?? {};
}

/** So many are up, whether they serve or not: as if they stood by, they hold their cores, and cost a plan nothing more. */
function fixedAt(count: number): Partial<Variant> {
  return { minReplicas: count, maxReplicas: count, standby: count };
}

function isFixed(bounds: ReplicaBounds): bounds is Required<ReplicaBounds> {
  return bounds.fewest !== undefined && bounds.fewest === bounds.most;
}

/** The narrower of a variant's own bounds and these. */
function bounded(variant: Variant, { fewest, most }: ReplicaBounds): Variant {
  const { minReplicas = fewest, maxReplicas = most } = variant;
  return {
    ...variant,
    ...(minReplicas === undefined ? {} : { minReplicas: Math.max(minReplicas, fewest ?? 0) }),
    ...(maxReplicas === undefined ? {} : { maxReplicas: Math.min(maxReplicas, most ?? Infinity) }),
  };
}
