import type { ReplicaCount } from "./cluster.ts";
import type { StagePlan } from "./plan.ts";
import { countOf, type Switch } from "./switch.ts";

/** How far the replicas that are wanted have come. */
export interface Progress {
  readonly variant: string;
  /** Wanted. */
  readonly replicas: number;
  /** The most that were ready at once. */
  readonly ready: number;
  readonly since: number;
}

/** A variant that did not get up as was wanted. */
export interface Setback {
  readonly variant: string;
  /** Most replicas to ask for … */
  readonly most: number;
  /** … until then, seconds. */
  readonly until: number;
  /** How often in a row. */
  readonly failures: number;
}

/** The first back-off, seconds, which each failure doubles; the longest; and how long after the last one failures count. */
const BACK_OFF = 60;
export const LONGEST_BACK_OFF = 3600;
const FORGET = 86_400;

/** Whether what a plan wants of a stage comes up. */
export interface Coming {
  /** Absent where all are ready, and enough. */
  readonly progress?: Progress;
  readonly setbacks: readonly Setback[];
  /** Whether it is given up now. */
  readonly failed: boolean;
}

/** Without those that ended too long ago to count. */
export function lasting(setbacks: readonly Setback[], now: number): readonly Setback[] {
  return setbacks.filter(({ until }) => now < until + FORGET);
}

/**
 * Looks at the replicas of a stage's plan. They are given up when nothing has moved for the deadline (seconds), or when they
 * are refused at a later instant than the one that asked for them. While a switch is `Preparing`, those that are ready are too few to take over,
 * be they all, and not one is asked for once they are given up; else as many as are ready or were not refused.
 */
export function judge(
  plan: StagePlan,
  before: { readonly progress?: Progress; readonly setbacks: readonly Setback[] },
  counts: readonly ReplicaCount[],
  {
    now,
    deadline,
    phase,
  }: { readonly now: number; readonly deadline: number; readonly phase: Switch["phase"] | undefined },
): Coming {
  const { variant, replicas } = plan;
  const { ready, refused, coming = 0 } = countOf(counts, variant);
  const setbacks = lasting(before.setbacks, now);
  const isPreparing = phase === "Preparing";
  if (ready >= replicas && !isPreparing) {
    // It has come up with more than it was held to, for good once a switch to it is over.
    const isHeld = (one: Setback): boolean => one.variant !== variant || replicas <= one.most || phase !== undefined;
    return { setbacks: setbacks.filter(isHeld), failed: false };
  }
  const progress = progressOf(plan, ready, before.progress, now);
  // What was not watched since is not known to have been refused since.
  const isWatched = before.progress !== undefined && before.progress.since < now;
  const refusedSince = refused !== undefined && isWatched && isOf(before.progress, plan);
  if (now - progress.since < deadline && !refusedSince) return { progress, setbacks, failed: false };
  const most = isPreparing ? 0 : ready + (refusedSince ? coming : 0);
  return { setbacks: withSetback(setbacks, variant, most, now), failed: true };
}

/** The setbacks with one more of a variant: fewer replicas are asked for, or none, for longer the more often it happens. */
export function withSetback(
  setbacks: readonly Setback[],
  variant: string,
  most: number,
  now: number,
): readonly Setback[] {
  const before = setbacks.find((one) => one.variant === variant);
  return [...setbacks.filter((one) => one !== before), fail(variant, most, before, now)];
}

function fail(variant: string, most: number, before: Setback | undefined, now: number): Setback {
  // Nothing was tried again yet.
  if (before !== undefined && now < before.until) return { ...before, most: Math.min(before.most, most) };
  const failures = (before?.failures ?? 0) + 1;
  return { variant, most, until: now + Math.min(LONGEST_BACK_OFF, BACK_OFF * 2 ** (failures - 1)), failures };
}

/**
 * Since when nothing has moved: not more are ready than ever were, though fewer than wanted. To want another number moves nothing: else
 * what never gets ready would be waited for as long as the load changes.
 */
export function progressOf(plan: StagePlan, ready: number, before: Progress | undefined, now: number): Progress {
  const { variant, replicas } = plan;
  if (before === undefined || before.variant !== variant || ready > before.ready) {
    return { variant, replicas, ready, since: now };
  }
  return before.replicas === replicas ? before : { ...before, replicas };
}

function isOf(progress: Progress, { variant, replicas }: StagePlan): boolean {
  return progress.variant === variant && progress.replicas === replicas;
}
