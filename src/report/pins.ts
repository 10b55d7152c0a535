import type { PolicyByStage } from "../core/pipeline.ts";
import { list } from "./findings.ts";

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
