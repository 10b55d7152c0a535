import type { BindingPin, Pin } from "../core/binding-pins.ts";
import type { LoopState, Observation } from "../core/cluster.ts";
import type { Decision, Planner } from "../core/decide.ts";
import type { Limits, Pipeline, Stage } from "../core/pipeline.ts";
import { mayRun, type Restriction } from "../core/restrict.ts";
import { sourceOf, type Shortfall } from "../core/shortfall.ts";

/** A pin of a decision's pipeline, and by what it is there. */
export interface FixedPin extends BindingPin {
  /**
   * `pipeline`: its file says so. `cluster`: nothing could carry out anything else, or somebody holds a number. `setback`: more did not come up. `switch`: the
   * stage goes over to a variant.
   */
  readonly by: "pipeline" | "cluster" | "setback" | "switch";
}

/** Too few replicas, and who says so, where that is not the file. A switch leaves no fewer. */
export interface FixedShortfall extends Omit<Shortfall, "by"> {
  readonly by: Shortfall["by"] | Exclude<FixedPin["by"], "pipeline" | "switch">;
}

type World = Pick<Observation, "restrictions" | "now">;

/** Tells of what a decision's pipeline says by what it is there. */
export interface Fixers {
  readonly pin: (one: BindingPin) => FixedPin;
  readonly shortfall: (one: Shortfall) => FixedShortfall;
}

/** `planner`: that of the file. */
export function fixersOf(planner: Planner, seen: World, { state }: Pick<Decision, "state">): Fixers {
  return {
    pin: (one) => ({ ...one, by: fixerOf(planner.pipeline, seen, state, one) }),
    shortfall: (one) => fixedShortfall(planner, seen, one),
  };
}

/** A number that neither somebody holds nor the file or the policy says is of what did not come up. */
function fixedShortfall(planner: Planner, seen: World, one: Shortfall): FixedShortfall {
  const stage = planner.pipeline.stages.find(({ name }) => name === one.stage);
  if (one.needs === null || stage === undefined) return one;
  const { variant } = one.needs;
  if (isHeld(seen, one.stage, variant)) return { ...one, by: "cluster", pinned: false };
  const source = sourceOf(planner, stage, one.replicas);
  const own = stage.variants.find(({ name }) => name === variant)?.maxReplicas;
  return { ...one, ...source, ...(source.by === "variant" && own !== one.replicas ? { by: "setback" } : {}) };
}

function fixerOf({ stages, limits }: Pipeline, seen: World, state: LoopState | null, pin: Pin): FixedPin["by"] {
  const { restrictions = [], now } = seen;
  if (pin.variant !== null && isHeld(seen, pin.stage, pin.variant)) return "cluster";
  const stage = stages.find(({ name }) => name === pin.stage);
  if (stage !== undefined && isOfFile(limits, stage, pin)) return "pipeline";
  if (restrictions.some((one) => one.stage === pin.stage && leaves(one, pin))) return "cluster";
  const setbacks = state?.rollouts?.[pin.stage]?.setbacks ?? [];
  const isBarred = setbacks.some(({ variant, until }) => now < until && [pin.variant, pin.value].includes(variant));
  return isBarred ? "setback" : "switch";
}

/** Whether the world fixes the replicas of a variant, which stands above whatever its file says. */
function isHeld({ restrictions = [] }: World, stage: string, variant: string): boolean {
  return restrictions.some((one) => one.stage === stage && Object.hasOwn(one.replicas ?? {}, variant));
}

/** A number that the stage pins, or a limit, is a bound of each variant where another is held. */
function isOfFile(
  limits: Limits,
  { pin: pins = {}, forbid = {}, variants }: Stage,
  { pin, value, variant }: Pin,
): boolean {
  const own = variants.find(({ name }) => name === variant);
  switch (pin) {
    case "pin.variants":
      return pins.variants !== undefined;
    case "pin.batches":
      return JSON.stringify(pins.batches) === JSON.stringify(value);
    case "pin.replicas":
      return pins.replicas !== undefined;
    case "forbid.variants":
      return forbid.variants?.some((one) => one === value) ?? false;
    case "forbid.batches":
      return forbid.batches?.some((one) => one === value) ?? false;
    case "minReplicas":
      return [own?.minReplicas, pins.replicas].includes(Number(value));
    case "maxReplicas":
      return [own?.maxReplicas, pins.replicas, limits.replicas].includes(Number(value));
  }
}

/** Whether a restriction of its stage is what a pin says. */
function leaves(restriction: Restriction, { pin, value }: Pin): boolean {
  if (pin === "pin.batches") return restriction.batches !== undefined;
  return pin === "forbid.variants" && !mayRun(restriction, String(value));
}
