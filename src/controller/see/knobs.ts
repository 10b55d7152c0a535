import type { Control, Mode, StageControl } from "../../core/control.ts";
import type { Fixed } from "./fixed.ts";

/** What of a stage a plan may choose. */
export type Knob = "variant" | "batch" | "replicas";

const leftBy: Readonly<Record<StageControl["dataPlane"], readonly Knob[]>> = {
  None: ["variant", "batch"],
  Service: ["batch"],
  Gateway: [],
};

/** What of a stage nothing can carry out, and so a plan may not choose. Whoever follows a signal sets replicas alone. */
export function pinnedBy(mode: Mode, dataPlane: StageControl["dataPlane"]): readonly Knob[] {
  return mode === "Signal" ? leftBy.None : leftBy[dataPlane];
}

/** Which knobs of which stages a plan may not turn, and why: for people. */
export function pinnedKnobs(
  { stages }: Control,
  mode: Mode,
  fixed: readonly Fixed[],
): readonly { readonly stage: string; readonly knobs: readonly Knob[]; readonly why: string }[] {
  return stages.flatMap(({ stage, dataPlane }) => {
    const held = fixed.filter((one) => one.stage === stage);
    const pinned = pinnedBy(mode, dataPlane);
    const knobs = [...pinned, ...(held.length === 0 ? [] : (["replicas"] as const))];
    const why = [
      ...(pinned.length === 0 ? [] : [mode === "Signal" ? "mode Signal" : `dataPlane ${dataPlane}`]),
      ...held.map(({ variant, by, reason }) =>
        reason === "ResourcesDiffer" ? `${reason}: ${by}` : `${reason}: ${variant}, by ${by}`,
      ),
    ];
    return knobs.length === 0 ? [] : [{ stage, knobs, why: why.join("; ") }];
  });
}
