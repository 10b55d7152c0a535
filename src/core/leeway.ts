import type { Planning } from "./cluster.ts";
import type { Allowed } from "./pins.ts";
import type { Pipeline, StepLimit } from "./pipeline.ts";
import type { Plan } from "./plan.ts";

/** Replicas that a variant may run with. */
export interface Bounds {
  readonly fewest: number;
  readonly most: number;
}

/** What one decision may choose of a stage: bounds by variant. A variant that is not named may not run. */
export type StageLeeway = Readonly<Record<string, Bounds>>;

/** By stage, in the pipeline's order; empty where nothing is held back. */
export type Leeway = readonly StageLeeway[];

/** What step limits and the least time between switches leave to a decision at an instant (seconds). */
export function leewayOf(pipeline: Pipeline, running: Plan, before: Planning | undefined, now: number): Leeway {
  const { scaleUp, scaleDown, switchInterval } = pipeline.adaptation.movement;
  const leeway = running.map((runs, s): StageLeeway => {
    const most = scaleUp === undefined ? Infinity : runs.replicas + step(scaleUp, runs.replicas);
    const fewest = scaleDown === undefined ? 1 : Math.max(1, runs.replicas - step(scaleDown, runs.replicas));
    const switched = before?.switchedAt[runs.stage] ?? -Infinity;
    const maySwitch = now - switched >= switchInterval;
    const others = maySwitch ? (pipeline.stages[s]?.variants ?? []) : [];
    return {
      ...Object.fromEntries(others.map((variant) => [variant.name, { fewest: 1, most: Infinity }])),
      [runs.variant]: { fewest, most },
    };
  });
  const free = scaleUp === undefined && scaleDown === undefined && switchInterval === 0;
  return free ? [] : leeway;
}

/** What of the allowed a leeway has; all where there is none. */
export function within(leeway: StageLeeway | undefined, allowed: readonly Allowed[]): readonly Allowed[] {
  if (leeway === undefined) return allowed;
  return allowed.flatMap((one) => {
    const bounds = leeway[one.variant.name];
    if (bounds === undefined) return [];
    const fewest = Math.max(one.fewest, bounds.fewest);
    const most = Math.min(one.most, bounds.most);
    return fewest > most ? [] : [{ ...one, fewest, most }];
  });
}

function step({ replicas, share }: StepLimit, from: number): number {
  return Math.max(replicas, Math.ceil(share * from - 1e-9));
}

/** The same without fewest numbers, which must not stand in the way of a plan that fits. */
export function withoutFewest(leeway: Leeway): Leeway {
  return leeway.map((stage) =>
    Object.fromEntries(Object.entries(stage).map(([variant, { most }]) => [variant, { fewest: 1, most }])),
  );
}

/** What two leave together. */
export function both(one: Leeway, other: Leeway): Leeway {
  if (one.length === 0) return other;
  return one.map((stage, s) =>
    Object.fromEntries(
      Object.entries(stage).flatMap(([variant, a]) => {
        const b = other[s]?.[variant];
        if (b === undefined) return [];
        return [[variant, { fewest: Math.max(a.fewest, b.fewest), most: Math.min(a.most, b.most) }]];
      }),
    ),
  );
}
