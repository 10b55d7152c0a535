import type { LoopState, Observation, Planning } from "./cluster.ts";
import type { Pipeline } from "./pipeline.ts";

/**
 * An observation without what cannot be of this pipeline and this clock: a running plan that it does not have is
 * none, and so is a memory of the future, or of what is no number. Pipelines change while they run, and clocks are set back.
 */
export function credible(pipeline: Pipeline, seen: Observation): Observation {
  const { running, state, now } = seen;
  return {
    ...seen,
    running: isOf(pipeline, running) ? running : [],
    state: state === null ? null : credibleState(state, now),
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

function credibleState({ planning, scaling, switching }: LoopState, now: number): LoopState {
  const past = ({ at }: { readonly at: number }): boolean => at <= now;
  return {
    ...(planning === undefined || !isMemory(planning) ? {} : { planning: ofPast(planning, now) }),
    ...(scaling === undefined
      ? {}
      : { scaling: Object.fromEntries(Object.entries(scaling).map(([stage, all]) => [stage, all.filter(past)])) }),
    ...(switching === undefined || !Number.isFinite(switching.cores)
      ? {}
      : { switching: { ...switching, shortSince: pastOr(switching.shortSince, now) } }),
  };
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
