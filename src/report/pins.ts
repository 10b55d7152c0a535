import type { PolicyByStage } from "../core/pipeline.ts";
import { list } from "./findings.ts";
import type { Leaver, PinReport } from "./plan.ts";

/** What a policy fixes, in words: "detect: variant small, replicas 3; read: replicas 2". */
export function pinsText(pins: PolicyByStage): string {
  const stages = Object.entries(pins).flatMap(([stage, { variants, batches, replicas, utilization }]) => {
    const fixed = [
      ...(variants === undefined ? [] : [`variant ${list(variants)}`]),
      ...(batches === undefined ? [] : [`batch ${list(batches.map(String))}`]),
      ...(replicas === undefined ? [] : [`replicas ${replicas}`]),
      ...(utilization === undefined ? [] : [`utilization ${utilization}`]),
    ];
    return fixed.length === 0 ? [] : `${stage}: ${fixed.join(", ")}`;
  });
  return stages.length === 0 ? "none" : stages.join("; ");
}

/** What keeps a better plan away, in words: "detect: only batches of 1 (pin.batches)". */
export function bindingPinText(of: PinReport): string {
  return `${of.stage}: ${whatOf(of)} (${whyOf(of)})`;
}

function whatOf({ pin, value, variant }: PinReport): string {
  const values = list([value].flat().map(String));
  switch (pin) {
    case "pin.variants":
      return `only ${values}`;
    case "pin.batches":
      return `only batches of ${values}`;
    case "pin.replicas":
      return `no other number of replicas than ${values}`;
    case "forbid.variants":
      return `not ${values}`;
    case "forbid.batches":
      return `no batches of ${values}`;
    case "minReplicas":
      return `at least ${values} of ${variant}`;
    case "maxReplicas":
      return `at most ${values} of ${variant}`;
  }
}

function whyOf({ pin, by }: PinReport): string {
  return by === "pipeline" ? `${pin} of the pipeline` : leaverText(by);
}

/** What leaves no more than it does. */
export function leaverText(by: Leaver): string {
  switch (by) {
    case "cluster":
      return "what the cluster leaves: status.pinnedKnobs says why";
    case "setback":
      return "more did not come up, and are tried again later";
    case "switch":
      return "a switch of its variant is under way";
  }
}
