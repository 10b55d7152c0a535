import type { LoopState, Observation, Planning } from "./cluster.ts";
import type { Pipeline, Stage } from "./pipeline.ts";
import type { Rollouts, StageRollout } from "./rollout.ts";
import { LONGEST_BACK_OFF, type Progress, type Setback } from "./setback.ts";
import { LONGEST_KEPT, MOST_FACTOR, type Slowdown, type Slowdowns } from "./slowdown.ts";
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
  { planning, scaling, switching, rollouts, slowdowns }: LoopState,
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
    ...(slowdowns === undefined ? {} : { slowdowns: credibleSlowdowns(pipeline, slowdowns, now) }),
  };
}

/** Of each stage what was found of the profiles that it has. */
function credibleSlowdowns({ stages }: Pipeline, slowdowns: unknown, now: number): Slowdowns {
  return Object.fromEntries(
    stages.flatMap(({ name, variants }) => {
      const isSlowdown = (one: unknown): one is Slowdown => {
        const [factor, until, trend] = ["factor", "until", "trend"].map((part) => partOf(one, part));
        return (
          variants.some(
            (variant) =>
              variant.name === partOf(one, "variant") && variant.profile[0]?.mean === partOf(one, "profiled"),
          ) &&
          typeof factor === "number" &&
          factor >= 1 &&
          factor <= MOST_FACTOR &&
          isCount(partOf(one, "times")) &&
          (until === undefined || Number(until) <= now + LONGEST_KEPT) &&
          (trend === undefined || Number(partOf(trend, "since")) <= now)
        );
      };
      const found = partOf(slowdowns, name);
      const good = Array.isArray(found) ? found.filter(isSlowdown) : [];
      return good.length === 0 ? [] : [[name, good]];
    }),
  );
}

/** Of each stage what can be of it; they may have been written by hand. */
function credibleRollouts(pipeline: Pipeline, rollouts: unknown, now: number): Rollouts {
  return Object.fromEntries(
    pipeline.stages.flatMap((stage) => {
      const rollout = partOf(rollouts, stage.name);
      return rollout === undefined ? [] : [[stage.name, ofStage(stage, rollout, now)]];
    }),
  );
}

function ofStage(stage: Stage, rollout: unknown, now: number): StageRollout {
  const has = (variant: unknown): boolean => stage.variants.some(({ name }) => name === variant);
  const past = (instant: unknown): boolean => typeof instant === "number" && instant <= now;
  const isSwitch = (one: unknown): one is Switch => {
    const from = partOf(one, "from");
    return (
      partOf(from, "stage") === stage.name &&
      has(partOf(from, "variant")) &&
      isCount(partOf(from, "batch")) &&
      isCount(partOf(from, "replicas")) &&
      switchPhases.some((phase) => phase === partOf(one, "phase")) &&
      past(partOf(one, "since")) &&
      [undefined, true].some((lost) => lost === partOf(one, "lost"))
    );
  };
  const isProgress = (one: unknown): one is Progress =>
    has(partOf(one, "variant")) &&
    isCount(partOf(one, "replicas")) &&
    isCount(partOf(one, "ready")) &&
    past(partOf(one, "since"));
  // What is barred is so in the future, but not for longer than anything is.
  const isSetback = (one: unknown): one is Setback =>
    has(partOf(one, "variant")) &&
    isCount(partOf(one, "most")) &&
    isCount(partOf(one, "failures")) &&
    past(Number(partOf(one, "until")) - LONGEST_BACK_OFF);
  const [switching, progress, setbacks] = ["switching", "progress", "setbacks"].map((part) => partOf(rollout, part));
  return {
    ...(isSwitch(switching) ? { switching } : {}),
    ...(isProgress(progress) ? { progress } : {}),
    setbacks: Array.isArray(setbacks) ? setbacks.filter(isSetback) : [],
  };
}

function partOf(whole: unknown, name: string): unknown {
  return typeof whole === "object" && whole !== null && Object.hasOwn(whole, name)
    ? Reflect.get(whole, name)
    : undefined;
}

function isCount(number: unknown): boolean {
  return Number.isInteger(number) && Number(number) >= 0;
}

/** Of states that were written by hand, or by another version. */
function isMemory({ load, asked, switchedAt }: Partial<Planning>): boolean {
  return Number.isFinite(load) && Array.isArray(asked) && typeof switchedAt === "object";
}

function ofPast({ load, asked, switchedAt, nearest }: Planning, now: number): Planning {
  return {
    load,
    asked: asked.filter((one) => one.at <= now && Number.isFinite(one.load)),
    switchedAt: Object.fromEntries(Object.entries(switchedAt).filter(([, at]) => at <= now)),
    ...(nearest === true ? { nearest } : {}),
  };
}

function pastOr(instant: number | null, now: number): number | null {
  return instant === null || instant > now ? null : instant;
}
