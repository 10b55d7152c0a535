import { isDeepStrictEqual } from "node:util";
import type { PipelineStatus } from "../../formats/status-schema.ts";

// What of a status is worth a write.

/** Whether it says something else than before, which is told at once. */
export function saysAnother(now: PipelineStatus, before: PipelineStatus): boolean {
  return !isDeepStrictEqual(essence(now), essence(before));
}

/** Whether its numbers, or what it says in words, are no longer what they were. */
export function hasDrifted(now: PipelineStatus, before: PipelineStatus): boolean {
  const [is, was] = [numbers(now), numbers(before)];
  return (
    !isDeepStrictEqual(messages(now), messages(before)) ||
    // As told it moves only where what is measured is far from it.
    !isDeepStrictEqual(now.observed, before.observed) ||
    !isDeepStrictEqual(now.rollouts, before.rollouts) ||
    // Who leads next counts for how long replicas were waited for by when somebody last looked.
    (isComing(now) && now.load?.at !== before.load?.at) ||
    is.some((text, index) => isFar(text, was[index] ?? undefined))
  );
}

function isComing({ rollouts = [] }: PipelineStatus): boolean {
  return rollouts.some(({ progress }) => progress !== undefined);
}

type Stages = NonNullable<PipelineStatus["plan"]>["stages"];

export function isSamePlan(now: Stages, before: Stages): boolean {
  return isDeepStrictEqual(settings(now), settings(before));
}

/** What makes plans differ: the time-out follows the load. */
function settings(stages: Stages) {
  return stages.map(({ batchTimeoutSeconds: _follows, ...setting }) => setting);
}

function essence({
  mode,
  plan,
  rollouts,
  slowdowns,
  pinnedKnobs: knobs,
  takenOver,
  heldTargets,
  resumed,
  conditions,
}: PipelineStatus) {
  return {
    mode,
    feasible: plan?.feasible,
    stages: plan === undefined ? undefined : settings(plan.stages),
    rollouts: rollouts?.map(({ stage, switching, progress, setbacks }) => ({
      stage,
      phase: switching?.phase,
      lost: switching?.lost,
      // How far they have come is told with the rest; that they are on their way, or no longer, at once.
      coming: progress === undefined ? undefined : { variant: progress.variant, replicas: progress.replicas },
      setbacks,
    })),
    slowdowns,
    knobs,
    takenOver,
    heldTargets,
    resumed,
    conditions: conditions?.map(({ lastTransitionTime: _time, message: _text, ...rest }) => rest),
  };
}

function numbers({ plan, load, loop }: PipelineStatus): readonly (string | undefined)[] {
  return [
    plan?.loadRps,
    plan?.plannedLoadRps,
    plan?.objective,
    plan?.accuracy,
    plan?.cores,
    plan?.latencySeconds,
    // One window of a load is seldom like the one before: what it is taken for counts, where there is such a thing.
    load?.predictedRps ?? load?.observedRps,
    loop?.loadRps,
  ];
}

function messages({ conditions }: PipelineStatus): readonly string[] | undefined {
  return conditions?.map(({ message }) => message);
}

/** A number that is measured never stays quite the same: it is far from what was written from this share of the larger one on. */
const FAR = 0.05;

function isFar(is: string | undefined, was: string | undefined): boolean {
  if (is === undefined || was === undefined) return is !== was;
  const [a, b] = [Number(is), Number(was)];
  return Math.abs(a - b) > FAR * Math.max(Math.abs(a), Math.abs(b));
}
