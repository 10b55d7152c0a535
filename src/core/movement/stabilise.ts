import type { Planning } from "../cluster.ts";
import type { Adaptation, Movement } from "../pipeline.ts";

/** So many standard deviations of a constant load, in its windows, are no change of the load: within the stabilisation, … */
const DEVIATIONS = 3.5;
/** … and within so many times as long, in which chance has shown what it can do. */
const LONG = 12;
const LONG_DEVIATIONS = 2;

/** How far back what was asked for still counts, seconds. */
export function reach({ stabilization }: Pick<Movement, "stabilization">): number {
  return LONG * stabilization;
}

/**
 * The load to plan for, requests per second before the margin, when `load` is asked for. It rises at once. It falls
 * to the greatest that was asked for within the stabilisation, if that is lower by more than the tolerance, and
 * than random arrivals make it; of a much longer time a smaller fall is believed.
 * So a load that hovers settles where the plan stays.
 */
export function stabilise(
  { loadWindow, movement }: Pick<Adaptation, "loadWindow" | "movement">,
  state: Planning | undefined,
  now: number,
  load: number,
): Pick<Planning, "load" | "asked"> {
  const { stabilization, tolerance } = movement;
  // What is from the future is of another clock.
  const before = (state?.asked ?? []).filter(({ at }) => at > now - reach(movement) && at <= now);
  // A later and greater load stands in for the earlier one, for longer.
  const asked = [...before.filter((one) => one.load > load), { at: now, load }];
  const held = state?.load ?? load;
  const fallenTo = [fallen(stabilization, DEVIATIONS), fallen(reach(movement), LONG_DEVIATIONS)];
  return { load: Math.max(load, fallenTo.find((lower) => lower < held) ?? held), asked };

  /** The greatest of so many seconds, if it is lower than what was held by more than the band; else that. */
  function fallen(seconds: number, deviations: number): number {
    const greatest = asked.find(({ at }) => at > now - seconds)?.load ?? load;
    // A window of w seconds of requests at random, at the rate λ, has the deviation √(λ/w).
    const noise = deviations * Math.sqrt(greatest / loadWindow);
    const band = tolerance === 0 ? 0 : Math.max(tolerance * greatest, noise);
    return greatest + band < held ? greatest : held;
  }
}
