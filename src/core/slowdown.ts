import type { Adaptation, Pipeline, Stage, Variant } from "./pipeline.ts";
import type { Plan } from "./plan.ts";
import { serviceRatio, type ServedBatches } from "./service-time.ts";

// What is learnt of service times that are longer than the profile's, and how plans take it into account. Never shorter ones: what is
// faster than profiled now may not stay so.

/** How much longer than its profile says a variant's batches take. */
export interface Slowdown {
  readonly variant: string;
  /** Service times over the profile's, at least 1. */
  readonly factor: number;
  /** Mean of the profile's least batch, seconds: of another profile nothing is known. */
  readonly profiled: number;
  /** How often in a row it was found slow. */
  readonly times: number;
  /** When that is forgotten, seconds; absent while it serves. */
  readonly until?: number;
  /** Which way what is measured differs from the factor, since when. */
  readonly trend?: { readonly up: boolean; readonly since: number };
}

/** By stage; those of which there is something to remember. */
export type Slowdowns = Readonly<Record<string, readonly Slowdown[]>>;

/** So much longer, as a fraction, counts as the profile's. */
const DEAD_BAND = 0.05;
/** A factor falls only if it is too high by this, as a fraction; or if what is measured is within this of the profile. */
const TOO_HIGH = 0.1;
const AS_PROFILED = 0.025;
/** Factors are multiples of 1 over this. */
const STEPS = 20;
/** Of a step, by which sums of samples are not exact. */
const ROUNDING = 1e-3;
/** What takes longer than so many times the profile's is not believed: the counters are of something else, or in another unit. */
export const MOST_FACTOR = 10;
/** Turns, less a half, in which a factor must be seen to be too low. */
const TURNS = 1.5;
/** How long a variant that no longer serves is taken for slow, seconds: the first time, which each time doubles; the longest; and how long times count. */
const KEPT = 3600;
export const LONGEST_KEPT = 86_400;
const FORGET = 86_400;

/** What is known of all stages, once more batches were served. */
export function learn(
  { stages, adaptation }: Pipeline,
  before: Slowdowns | undefined,
  served: readonly ServedBatches[],
  now: number,
): Slowdowns {
  if (before === undefined && served.length === 0) return {};
  return Object.fromEntries(
    stages.flatMap((stage) => {
      const known = (before?.[stage.name] ?? []).filter(({ until }) => until === undefined || now < until + FORGET);
      const measured = served.find((one) => one.stage === stage.name);
      // What was seen before times in which nothing is measured does not go on through them.
      const learnt =
        measured === undefined ? known.map(withoutTrend) : learnOf(stage, adaptation, known, measured, now);
      const some = learnt.some((one) => one.factor > 1 && isKept(one, now));
      // That a variant is as profiled tells something only beside one that is not.
      const told = learnt.filter((one) => one.factor > 1 || one.trend !== undefined || (some && isKept(one, now)));
      return told.length === 0 ? [] : [[stage.name, told]];
    }),
  );
}

function learnOf(
  { variants }: Stage,
  adaptation: Adaptation,
  known: readonly Slowdown[],
  measured: ServedBatches,
  now: number,
): readonly Slowdown[] {
  const assumed = assumedOf(known, now);
  return variants.flatMap((variant): readonly Slowdown[] => {
    const before = known.find((one) => one.variant === variant.name);
    if (variant.name === measured.variant) return judge(variant, before, assumed, measured, adaptation, now);
    return before === undefined ? [] : [left(before, now)];
  });
}

/** Of a variant that serves. */
function judge(
  { name, profile }: Variant,
  before: Slowdown | undefined,
  assumed: number,
  measured: ServedBatches,
  { interval, movement: { stabilization } }: Adaptation,
  now: number,
): readonly Slowdown[] {
  const isActive = before !== undefined && isKept(before, now);
  const factor = isActive ? before.factor : assumed;
  const times = before?.times ?? 0;
  const known = { variant: name, profiled: profile[0]?.mean ?? 0 };
  // How often something was found that is over is forgotten only in time.
  const isOver = before !== undefined && !isActive && factor === 1;
  const same = isOver ? withoutTrend(before) : { ...known, factor, times };
  const found = serviceRatio(profile, measured);
  if (found === null || found.ratio > MOST_FACTOR) return [same];
  const { ratio, error } = found;
  const up = ratio * (1 - error) > (factor > 1 ? factor : 1 + DEAD_BAND);
  const down = factor > 1 && ratio * (1 + error) < Math.max(factor / (1 + TOO_HIGH), 1 + AS_PROFILED);
  if (!up && !down) return [same];
  const trend = before?.trend?.up === up ? before.trend : { up, since: now };
  const persists = now - trend.since >= Math.max(TURNS * interval, up ? 0 : stabilization);
  if (!persists) return [{ ...same, trend }];
  const next = ratio > 1 + DEAD_BAND ? Math.ceil(ratio * STEPS - ROUNDING) / STEPS : 1;
  return [{ ...known, factor: next, times: factor === 1 ? times + 1 : times, ...(up ? { trend } : {}) }];
}

/** Of one that no longer serves: what was known of it holds for a while. */
function left(slowdown: Slowdown, now: number): Slowdown {
  const one = withoutTrend(slowdown);
  if (one.until !== undefined) return one;
  return { ...one, until: now + Math.min(LONGEST_KEPT, KEPT * 2 ** Math.max(0, one.times - 1)) };
}

function withoutTrend({ trend: _trend, ...one }: Slowdown): Slowdown {
  return one;
}

function isKept({ until }: Slowdown, now: number): boolean {
  return until === undefined || now < until;
}

/**
 * Of a variant of which nothing is known: as the least slow of those of which something is. If that is slow too, it may be
 * the machines; and plans would go from one variant to the next, each unknown.
 */
function assumedOf(known: readonly Slowdown[], now: number): number {
  const factors = known.filter((one) => isKept(one, now)).map(({ factor }) => factor);
  return factors.length === 0 ? 1 : Math.min(...factors);
}

/** A factor for a stage's variant, as plans are made. */
export function slowdownOf(slowdowns: Slowdowns, stage: string, variant: string, now: number): number {
  const known = slowdowns[stage] ?? [];
  const own = known.find((one) => one.variant === variant && isKept(one, now));
  return own?.factor ?? assumedOf(known, now);
}

/** Whether something that runs was found to be slower than was known. */
export function foundSlower(running: Plan, before: Slowdowns | undefined, found: Slowdowns, now: number): boolean {
  return running.some(
    ({ stage, variant }) => slowdownOf(found, stage, variant, now) > slowdownOf(before ?? {}, stage, variant, now),
  );
}

/**
 * The pipeline with the service times that were learnt; itself where none are longer. The margin of service times is for
 * just this, and is not taken twice.
 */
export function slowed(pipeline: Pipeline, slowdowns: Slowdowns, now: number): Pipeline {
  const margin = 1 + pipeline.margins.serviceTime;
  let isSlowed = false;
  const stages = pipeline.stages.map((stage): Stage => {
    const factors = stage.variants.map(({ name }) => slowdownOf(slowdowns, stage.name, name, now) / margin);
    if (factors.every((factor) => factor <= 1)) return stage;
    isSlowed = true;
    return {
      ...stage,
      variants: stage.variants.map((variant, v) => slowedBy(variant, Math.max(1, factors[v] ?? 1))),
    };
  });
  return isSlowed ? { ...pipeline, stages } : pipeline;
}

/** A variant that takes so many times as long. */
export function slowedBy(variant: Variant, factor: number): Variant {
  return {
    ...variant,
    profile: variant.profile.map(({ throughput, ...point }) => ({
      ...point,
      mean: point.mean * factor,
      p99: point.p99 * factor,
      ...(throughput === undefined ? {} : { throughput: throughput / factor }),
    })),
  };
}
