import type { Variant } from "./pipeline.ts";

/** Within how many seconds replicas of a variant are expected to be ready: nine in ten, where that is known. */
export function startUpOf({ startUp: { mean, p90 = mean } }: Variant): number {
  return p90;
}
