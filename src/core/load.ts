import type { Pipeline } from "./pipeline.ts";

/**
 * The load that is planned for, requests per second: the given one with the load margin, at least
 * `minLoad`, rounded up to `loadStep` (for reproduction: to the nearest whole rate).
 */
export function plannedLoad(pipeline: Pipeline, load: number): number {
  const { minLoad, loadStep } = pipeline.adaptation;
  const withMargin = Math.max(minLoad, load * (1 + pipeline.margins.load));
  if (pipeline.reproduction.roundLoad) return Math.max(minLoad, Math.round(withMargin));
  return loadStep > 0 ? Math.ceil(withMargin / loadStep - 1e-9) * loadStep : withMargin;
}

/** So many standard deviations of random arrivals are taken off a load, before it counts as more than there is room for. */
const DOUBT = 2;

/** What a load that was measured over some seconds is at least, but for chance; requests per second. */
export function surelyAtLeast(load: number, seconds: number): number {
  return load - DOUBT * Math.sqrt(load / seconds);
}
