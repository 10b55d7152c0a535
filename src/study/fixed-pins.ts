import type { BindingPin, Pin } from "../core/binding-pins.ts";
import type { Observation } from "../core/cluster.ts";
import type { Decision } from "../core/decide.ts";
import type { Pipeline, Stage } from "../core/pipeline.ts";
import { mayRun, type Restriction } from "../core/restrict.ts";
import type { Shortfall } from "../core/shortfall.ts";

/** A pin of a decision's pipeline, and by what it is there. */
export interface FixedPin extends BindingPin {
  /**
   * `pipeline`: its file says so. `cluster`: nothing could carry out anything else, or somebody holds a number. `setback`: more did not come up. `switch`: the
   * stage goes over to a variant.
   */
  readonly by: "pipeline" | "cluster" | "setback" | "switch";
}

/** Too few replicas, and who says so, where that is not the file. */
export interface FixedShortfall extends Omit<Shortfall, "by"> {
  readonly by: Shortfall["by"] | Exclude<FixedPin["by"], "pipeline">;
}

/** What keeps a variant's replicas to fewer than its file says is not its maxReplicas. */
export function fixedShortfall(one: Shortfall, fixer: (pin: Pin) => FixedPin["by"]): FixedShortfall {
  if (one.by !== "variant" || one.needs === null) return one;
  const { variant } = one.needs;
  const by = fixer({ stage: one.stage, pin: "maxReplicas", value: one.replicas, variant });
  return by === "pipeline" ? one : { ...one, by };
}

/** By what each pin of a decision is there; `pipeline` is that of the file. */
export function fixerOf(
  pipeline: Pipeline,
  { restrictions = [], now }: Pick<Observation, "restrictions" | "now">,
  { state }: Pick<Decision, "state">,
): (pin: Pin) => FixedPin["by"] {
  return (pin) => {
    const stage = pipeline.stages.find(({ name }) => name === pin.stage);
    if (stage !== undefined && isOfFile(stage, pin)) return "pipeline";
    if (restrictions.some((one) => one.stage === pin.stage && leaves(one, pin))) return "cluster";
    const setbacks = state?.rollouts?.[pin.stage]?.setbacks ?? [];
    const isBarred = setbacks.some(({ variant, until }) => now < until && [pin.variant, pin.value].includes(variant));
    return isBarred ? "setback" : "switch";
  };
}

function isOfFile({ pin: pins = {}, forbid = {}, variants }: Stage, { pin, value, variant }: Pin): boolean {
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
    case "maxReplicas":
      return own?.[pin] === value;
  }
}

/** Whether a restriction of its stage is what a pin says. */
function leaves(restriction: Restriction, { pin, value, variant }: Pin): boolean {
  if (pin === "pin.batches") return restriction.batches !== undefined;
  if (pin === "forbid.variants") return !mayRun(restriction, String(value));
  return variant !== null && Object.hasOwn(restriction.replicas ?? {}, variant);
}
