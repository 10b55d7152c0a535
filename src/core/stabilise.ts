import type { Planning } from "./cluster.ts";
import type { Adaptation } from "./pipeline.ts";

/** So many standard deviations of a constant load, in its windows, are no change of the load. */
const DEVIATIONS = 3.5;

/**
 * The load to plan for, requests per second before the margin, when `load` is asked for. It rises at once. It falls
 * to the greatest that was asked for within the stabilisation, and only if that is lower by more than the tolerance,
 * and than random arrivals make it: so a load that hovers settles where the plan stays.
 */
export function stabilise(
  { loadWindow, movement: { stabilization, tolerance } }: Pick<Adaptation, "loadWindow" | "movement">,
  before: Planning | undefined,
  now: number,
  load: number,
): Pick<Planning, "load" | "asked"> {
  // A later and greater load stands in for the earlier one, for longer.
  const asked = [
    ...(before?.asked ?? []).filter((one) => one.at > now - stabilization && one.load > load),
    { at: now, load },
  ];
  const greatest = asked[0]?.load ?? load;
  // A window of w seconds of requests at random, at the rate λ, has the deviation √(λ/w).
  const noise = DEVIATIONS * Math.sqrt(greatest / loadWindow);
  const band = tolerance === 0 ? 0 : Math.max(tolerance * greatest, noise);
  const held = before?.load ?? load;
  return { load: Math.max(load, greatest + band < held ? greatest : held), asked };
}
