import type { Planning } from "../core/cluster.ts";
import type { Plan, StagePlan } from "../core/plan.ts";
import type { StageRollout } from "../core/rollout.ts";
import type { Slowdowns } from "../core/slowdown.ts";
import type { Switch } from "../core/switch.ts";
import type { PipelineStatus } from "./status-schema.ts";

// What the loop must know again after a restart, to and from the status of its pipeline: exactly, so that it goes on as if
// nothing had been.

/** A number as a status holds it; the same bits come back. */
export function numberText(value: number): string {
  if (!Number.isFinite(value)) throw new RangeError(`${value} is no number that a status can hold`);
  return Object.is(value, -0) ? "0" : String(value);
}

/**
 * An instant in seconds since 1970, as a status holds it (RFC 3339); the same bits come back from the first microsecond on.
 */
export function instantText(seconds: number): string {
  const [whole = "", fraction] = numberText(seconds).split(".");
  const date = new Date(Number(whole) * 1000).toISOString().slice(0, "2000-01-01T00:00:00".length);
  return fraction === undefined ? `${date}Z` : `${date}.${fraction}Z`;
}

/** Seconds since 1970. */
export function instantOf(text: string): number {
  const [whole = "", fraction] = text.replace(/Z$/, "").split(".");
  return Number([Date.parse(`${whole}Z`) / 1000, ...(fraction === undefined ? [] : [fraction])].join("."));
}

type PlanStatus = NonNullable<PipelineStatus["plan"]>;
type StageStatus = Omit<PlanStatus["stages"][number], "name">;

export function planStages(plan: Plan): PlanStatus["stages"] {
  return plan.map((stage) => ({ name: stage.stage, ...stageStatus(stage) }));
}

export function planOfStatus({ stages }: PlanStatus): Plan {
  return stages.map(({ name, ...stage }) => stagePlanOf(name, stage));
}

function stageStatus({ variant, batch, batchTimeout, replicas }: StagePlan): StageStatus {
  return { variant, batch, batchTimeoutSeconds: numberText(batchTimeout), replicas };
}

function stagePlanOf(stage: string, { batchTimeoutSeconds, ...rest }: StageStatus): StagePlan {
  return { stage, ...rest, batchTimeout: Number(batchTimeoutSeconds) };
}

type LoopStatus = NonNullable<PipelineStatus["loop"]>;

export function loopStatus({ load, switchedAt }: Planning): LoopStatus {
  const switches = Object.entries(switchedAt).map(([stage, at]) => ({ stage, at: instantText(at) }));
  return { loadRps: numberText(load), ...(switches.length === 0 ? {} : { switches }) };
}

/**
 * What was asked for before is not known; so that nothing falls too early, it was the load of the last plan until now. `feasible`: whether
 * that plan kept all limits.
 */
export function planningOf({ loadRps, switches = [] }: LoopStatus, now: number, feasible: boolean): Planning {
  const load = Number(loadRps);
  return {
    load,
    asked: [{ at: now, load }],
    switchedAt: Object.fromEntries(switches.map(({ stage, at }) => [stage, instantOf(at)])),
    ...(feasible ? {} : { nearest: true }),
  };
}

type Rollouts = NonNullable<PipelineStatus["rollouts"]>;

export function rolloutsStatus(rollouts: Readonly<Record<string, StageRollout>>): Rollouts {
  return Object.entries(rollouts).map(([stage, { switching, progress, setbacks }]) => ({
    stage,
    ...(switching === undefined ? {} : { switching: switchStatus(switching) }),
    ...(progress === undefined ? {} : { progress: { ...progress, since: instantText(progress.since) } }),
    ...(setbacks.length === 0
      ? {}
      : { setbacks: setbacks.map((setback) => ({ ...setback, until: instantText(setback.until) })) }),
  }));
}

export function rolloutsOf(status: Rollouts): Readonly<Record<string, StageRollout>> {
  return Object.fromEntries(
    status.map(({ stage, switching, progress, setbacks = [] }): [string, StageRollout] => [
      stage,
      {
        ...(switching === undefined ? {} : { switching: switchOfStatus(stage, switching) }),
        ...(progress === undefined ? {} : { progress: { ...progress, since: instantOf(progress.since) } }),
        setbacks: setbacks.map((setback) => ({ ...setback, until: instantOf(setback.until) })),
      },
    ]),
  );
}

type SwitchStatus = NonNullable<Rollouts[number]["switching"]>;

function switchStatus({ from, phase, since, ...rest }: Switch): SwitchStatus {
  return {
    from: stageStatus(from),
    phase,
    since: instantText(since),
    ...rest,
  };
}

function switchOfStatus(stage: string, { from, phase, since, lost }: SwitchStatus): Switch {
  return {
    from: stagePlanOf(stage, from),
    phase,
    since: instantOf(since),
    ...(lost === true ? { lost } : {}),
  };
}

type SlowdownStatus = NonNullable<PipelineStatus["slowdowns"]>;

/** Of the stages where something is slower than profiled; which way that goes is found out again. */
export function slowdownsStatus(slowdowns: Slowdowns): SlowdownStatus {
  return Object.entries(slowdowns).flatMap(([stage, all]) =>
    all.some(({ factor }) => factor > 1)
      ? all.map(({ variant, factor, profiled, times, until }) => ({
          stage,
          variant,
          factor: numberText(factor),
          profileSeconds: numberText(profiled),
          times,
          ...(until === undefined ? {} : { until: instantText(until) }),
        }))
      : [],
  );
}

export function slowdownsOf(status: SlowdownStatus): Slowdowns {
  return Object.fromEntries(
    [...Map.groupBy(status, ({ stage }) => stage)].map(([stage, all]) => [
      stage,
      all.map(({ variant, factor, profileSeconds, times, until }) => ({
        variant,
        factor: Number(factor),
        profiled: Number(profileSeconds),
        times,
        ...(until === undefined ? {} : { until: instantOf(until) }),
      })),
    ]),
  );
}
