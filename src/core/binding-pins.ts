import { formulate, type Formulation } from "./formulate.ts";
import { unpinned } from "./pins.ts";
import type { Pins, Pipeline, Stage, Variant } from "./pipeline.ts";
import type { Plan } from "./plan.ts";
import type { Outcome, Solver } from "./problem.ts";
import { improves, pinsBind } from "./relax.ts";

/** One thing that a stage pins, forbids or bounds, by its place in the stage. */
export interface Pin {
  readonly stage: string;
  readonly pin:
    | "pin.variants"
    | "pin.batches"
    | "pin.replicas"
    | "forbid.variants"
    | "forbid.batches"
    | "minReplicas"
    | "maxReplicas";
  /** What alone may run; of a forbid the one that may not; else a number of replicas. */
  readonly value: readonly (string | number)[] | string | number;
  /** Whose replicas are bounded; null of all else. */
  readonly variant: string | null;
}

/** One that keeps a better plan, or any, away. */
export interface BindingPin extends Pin {
  /** Whether it does so by itself; else only together with the others that are not alone. */
  readonly alone: boolean;
}

/**
 * Of what the stages pin, forbid and bound that which costs something: each by itself, or else all of each stage that does, or
 * else all. Found by solving again.
 */
export function bindingPins(
  from: Formulation,
  planned: number,
  running: Plan,
  outcome: Outcome,
  solver: Solver,
): readonly BindingPin[] {
  const { pipeline } = from;
  if (!pinsBind(from, planned, running, outcome, solver)) return [];
  const binds = (eased: Stage): boolean =>
    improves(formulate({ ...from, pipeline: withStage(pipeline, eased) }, planned, running), outcome, solver);
  const all = pipeline.stages.map(easingsOf);
  const alone = all.flat().filter(({ eased }) => binds(eased));
  if (alone.length > 0) return alone.map(({ pin }) => ({ ...pin, alone: true }));
  const ofStages = unpinned(pipeline).stages.flatMap((stage, s) => (binds(stage) ? [all[s] ?? []] : []));
  return (ofStages.length > 0 ? ofStages : all).flat().map(({ pin }) => ({ ...pin, alone: false }));
}

/** A pin, and its stage without it. */
interface Easing {
  readonly pin: Pin;
  readonly eased: Stage;
}

function easingsOf(stage: Stage): readonly Easing[] {
  const { name, variants, pin = {}, forbid = {} } = stage;
  const keys = ["variants", "batches", "replicas"] as const;
  return [
    ...keys.flatMap((key): readonly Easing[] => {
      const value = pin[key];
      if (value === undefined) return [];
      return [
        { pin: { stage: name, pin: `pin.${key}`, value, variant: null }, eased: { ...stage, pin: omit(pin, key) } },
      ];
    }),
    ...[...new Set(forbid.variants)].map((value): Easing => ({
      pin: { stage: name, pin: "forbid.variants", value, variant: null },
      eased: {
        ...stage,
        forbid: { ...forbid, variants: (forbid.variants ?? []).filter((one) => one !== value) },
        variants: variants.map((one) => (one.name === value && isBarred(one) ? withoutBounds(one) : one)),
      },
    })),
    ...[...new Set(forbid.batches)].map((value): Easing => ({
      pin: { stage: name, pin: "forbid.batches", value, variant: null },
      eased: { ...stage, forbid: { ...forbid, batches: (forbid.batches ?? []).filter((one) => one !== value) } },
    })),
    ...variants.flatMap((variant) =>
      (["minReplicas", "maxReplicas"] as const).flatMap((bound): readonly Easing[] => {
        const { [bound]: value, ...rest } = variant;
        // That not one may run is a forbid.
        if (value === undefined || (isBarred(variant) && forbid.variants?.includes(variant.name))) return [];
        return [
          {
            pin: { stage: name, pin: bound, value, variant: variant.name },
            eased: { ...stage, variants: variants.map((one) => (one === variant ? rest : one)) },
          },
        ];
      }),
    ),
  ];
}

function isBarred({ maxReplicas }: Variant): boolean {
  return maxReplicas === 0;
}

function withoutBounds({ minReplicas: _min, maxReplicas: _max, ...variant }: Variant): Variant {
  return variant;
}

function omit(pin: Pins, key: keyof Pins): Pins {
  const { [key]: _omitted, ...rest } = pin;
  return rest;
}

function withStage(pipeline: Pipeline, eased: Stage): Pipeline {
  return { ...pipeline, stages: pipeline.stages.map((stage) => (stage.name === eased.name ? eased : stage)) };
}
