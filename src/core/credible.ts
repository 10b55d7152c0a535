import type { LoopState, Observation, Planning } from "./cluster.ts";
import type { Pipeline, Stage } from "./pipeline.ts";
import type { Rollouts, StageRollout } from "./rollout.ts";
import { LONGEST_BACK_OFF } from "./setback.ts";
import { switchPhases, type Switch } from "./switch.ts";

/**
 * An observation without what cannot be of this pipeline and this clock: a running plan that it does not have is
 * none, and so is a memory of the future, or of what is no number. Pipelines change while they run, and clocks are set back.
 */
export function credible(pipeline: Pipeline, seen: Observation): Observation {
  const { running, state, now } = seen;
  return {
    ...seen,
    running: isOf(pipeline, running) ? running : [],
    state: state === null ? null : credibleState(pipeline, state, now),
  };
}

function isOf({ stages }: Pipeline, plan: Observation["running"]): boolean {
  return (
    plan.length === stages.length &&
    stages.every(({ name, variants }, s) => {
      const runs = plan[s];
      return runs?.stage === name && variants.some((variant) => variant.name === runs.variant);
    })
  );
}

function credibleState(
  pipeline: Pipeline,
  { planning, scaling, switching, rollouts }: LoopState,
  now: number,
): LoopState {
  const past = ({ at }: { readonly at: number }): boolean => at <= now;
  return {
    ...(planning === undefined || !isMemory(planning) ? {} : { planning: ofPast(planning, now) }),
    ...(scaling === undefined
      ? {}
      : { scaling: Object.fromEntries(Object.entries(scaling).map(([stage, all]) => [stage, all.filter(past)])) }),
    ...(switching === undefined || !Number.isFinite(switching.cores)
      ? {}
      : { switching: { ...switching, shortSince: pastOr(switching.shortSince, now) } }),
    ...(rollouts === undefined ? {} : { rollouts: credibleRollouts(pipeline, rollouts, now) }),
  };
}

function credibleRollouts(pipeline: Pipeline, rollouts: Rollouts, now: number): Rollouts {
  return Object.fromEntries(
    pipeline.stages.flatMap((stage) => {
      const { name } = stage;
      const rollout = Object.hasOwn(rollouts, name) ? rollouts[name] : undefined;
      return rollout === undefined ? [] : [[name, ofStage(stage, rollout, now)]];
    }),
  );
}

/** Setbacks are of the past, though what they bar is of the future. */
function ofStage(stage: Stage, { switching, progress, setbacks }: StageRollout, now: number): StageRollout {
  const has = (variant: string): boolean => stage.variants.some(({ name }) => name === variant);
  const knows = ({ from, phase, since }: Switch): boolean =>
    has(from.variant) &&
    from.stage === stage.name &&
    isCount(from.replicas) &&
    switchPhases.includes(phase) &&
    since <= now;
  return {
    ...(switching !== undefined && knows(switching) ? { switching } : {}),
    ...(progress !== undefined && has(progress.variant) && progress.since <= now ? { progress } : {}),
    setbacks: Array.isArray(setbacks)
      ? setbacks.filter(
          (one) =>
            has(one.variant) && isCount(one.most) && isCount(one.failures) && one.until <= now + LONGEST_BACK_OFF,
        )
      : [],
  };
}

function isCount(number: number): boolean {
  return Number.isInteger(number) && number >= 0;
}

/** Of states that were written by hand, or by another version. */
function isMemory({ load, asked, switchedAt }: Partial<Planning>): boolean {
  return Number.isFinite(load) && Array.isArray(asked) && typeof switchedAt === "object";
}

function ofPast({ load, asked, switchedAt }: Planning, now: number): Planning {
  return {
    load,
    asked: asked.filter((one) => one.at <= now && Number.isFinite(one.load)),
    switchedAt: Object.fromEntries(Object.entries(switchedAt).filter(([, at]) => at <= now)),
  };
}

function pastOr(instant: number | null, now: number): number | null {
  return instant === null || instant > now ? null : instant;
}
