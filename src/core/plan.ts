import { InputError, unknownName } from "./errors.ts";
import type { Pipeline, Stage, Variant } from "./pipeline.ts";

/** The setting of one stage, as it is applied, journalled and observed. */
export interface StagePlan {
  readonly stage: string;
  readonly variant: string;
  readonly batch: number;
  /** Longest time that the oldest request waits for its batch to fill, seconds. */
  readonly batchTimeout: number;
  readonly replicas: number;
}

/** One setting per stage, in the pipeline's stage order. */
export type Plan = readonly StagePlan[];

/** The chosen variant of each stage; an InputError if the plan is not one of this pipeline. */
export function planVariants(pipeline: Pipeline, plan: Plan): readonly Variant[] {
  if (plan.length !== pipeline.stages.length) {
    throw new InputError(
      "bad_value",
      `a plan of "${pipeline.name}" needs ${pipeline.stages.length} stages, this one has ${plan.length}`,
    );
  }
  return pipeline.stages.map((stage, s) => {
    const name = plan[s]?.variant ?? "";
    const found = stage.variants.find((variant) => variant.name === name);
    return (
      found ??
      unknownName(
        `variant of stage "${stage.name}"`,
        name,
        stage.variants.map((v) => v.name),
      )
    );
  });
}

/** Cores that a plan reserves, those of replicas that stand by included. */
export function planCores(pipeline: Pipeline, plan: Plan): number {
  const variants = planVariants(pipeline, plan);
  return pipeline.stages.reduce((cores, stage, s) => {
    const [variant, setting] = [variants[s], plan[s]];
    if (variant === undefined || setting === undefined) return cores;
    return cores + coresWith(standbyCores(stage), variant, setting.replicas);
  }, 0);
}

/** Cores of all that stands by at a stage. */
export function standbyCores({ variants }: Stage): number {
  return variants.reduce((cores, { standby = 0, coresPerReplica }) => cores + standby * coresPerReplica, 0);
}

/** Cores that a stage reserves where a variant serves, and those that stand by hold `aside`. */
export function coresWith(aside: number, { standby = 0, coresPerReplica }: Variant, replicas: number): number {
  return aside + coresPerReplica * Math.max(0, replicas - standby);
}

/** Of replicas of a variant that are up, those that do not stand by anyway. */
export function replicasAside({ variants }: Stage, variant: string, replicas: number): number {
  return Math.max(0, replicas - (variants.find(({ name }) => name === variant)?.standby ?? 0));
}

/** Cores that the running variant of a stage holds beside another one that is to take over, and beside what stands by. */
export function coresBeside(stage: Stage, { name }: Variant, running: Plan): number {
  const from = running.find((one) => one.stage === stage.name);
  const variant = stage.variants.find((one) => one.name === from?.variant);
  if (from === undefined || variant === undefined || variant.name === name) return 0;
  return variant.coresPerReplica * replicasAside(stage, variant.name, from.replicas);
}

/** Replicas that a stage reserves with a setting and that do not serve. */
export interface Spare {
  readonly variant: Variant;
  readonly replicas: number;
}

/** By variant, in file order; those that have some. */
export function sparesOf({ variants }: Stage, { variant: serves, replicas: serving }: StagePlan): readonly Spare[] {
  return variants.flatMap((variant) => {
    const replicas = (variant.standby ?? 0) - (variant.name === serves ? serving : 0);
    return replicas > 0 ? { variant, replicas } : [];
  });
}

/** Whether two plans apply the same variants, batches and replicas; the batch time-out follows the load and does not count. */
export function samePlan(a: Plan, b: Plan): boolean {
  return (
    a.length === b.length &&
    a.every((one, s) => {
      const other = b[s];
      return (
        one.stage === other?.stage &&
        one.variant === other.variant &&
        one.batch === other.batch &&
        one.replicas === other.replicas
      );
    })
  );
}
