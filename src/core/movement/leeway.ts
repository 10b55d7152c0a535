import type { Planning } from "../cluster.ts";
import type { Formulation } from "../formulate.ts";
import { allowedOf, type Allowed } from "../pins.ts";
import type { StepLimit } from "../pipeline.ts";
import type { Plan } from "../plan.ts";

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
export function leewayOf(
  { pipeline, policy }: Pick<Formulation, "pipeline" | "policy">,
  running: Plan,
  state: Planning | undefined,
  now: number,
): Leeway {
  const { scaleUp, scaleDown, switchInterval } = pipeline.adaptation.movement;
  if (scaleUp === undefined && scaleDown === undefined && switchInterval === 0) return [];
  if (running.length === 0) return [];
  return pipeline.stages.map((stage, s): StageLeeway => {
    const from = running[s];
    if (from === undefined) return {};
    const up = scaleUp === undefined ? Infinity : from.replicas + step(scaleUp, from.replicas);
    const down = scaleDown === undefined ? 1 : Math.max(1, from.replicas - step(scaleDown, from.replicas));
    // What runs outside of what it may by now is taken there at once.
    const allowed = allowedOf(pipeline.limits, stage, policy.pins[stage.name]).find(
      ({ variant }) => variant.name === from.variant,
    );
    const fewest = Math.min(down, allowed?.most ?? Infinity);
    const most = Math.max(up, allowed?.fewest ?? 1);
    const isDue = now - (state?.switchedAt[stage.name] ?? -Infinity) >= switchInterval;
    // What may not run any more does not stay for the sake of the time between two switches.
    const maySwitch = isDue || allowed === undefined;
    return {
      ...Object.fromEntries(maySwitch ? stage.variants.map(({ name }) => [name, { fewest: 1, most: Infinity }]) : []),
      [from.variant]: { fewest, most },
    };
  });
}

/** What of the allowed a leeway has; all where there is none. */
export function within(leeway: StageLeeway | undefined, allowed: readonly Allowed[]): readonly Allowed[] {
  if (leeway === undefined) return allowed;
  return allowed.flatMap((one) => {
    const { name } = one.variant;
    const bounds = Object.hasOwn(leeway, name) ? leeway[name] : undefined;
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
export function intersection(one: Leeway, other: Leeway): Leeway {
  if (one.length === 0) return other;
  return one.map((stage, s) =>
    Object.fromEntries(
      Object.entries(stage).flatMap(([variant, a]) => {
        const b = Object.entries(other[s] ?? {}).find(([name]) => name === variant)?.[1];
        if (b === undefined) return [];
        return [[variant, { fewest: Math.max(a.fewest, b.fewest), most: Math.min(a.most, b.most) }]];
      }),
    ),
  );
}
