import type { LoadSeries, Planning } from "../cluster.ts";
import type { Adaptation, Movement } from "../pipeline.ts";

/** So many standard deviations of a constant load, in its windows, are no change of the load: within the stabilisation, … */
const DEVIATIONS = 3.5;
/** … and within so many times as long, in which chance has shown what it can do. */
const LONG = 12;
const LONG_DEVIATIONS = 2;

/** So many intervals after a load was asked for, more than one decision has passed without one. */
const GAP = 2.5;

type Asked = Planning["asked"];

/** How far back what was asked for still counts, seconds. */
export function reach({ stabilization }: Pick<Movement, "stabilization">): number {
  return LONG * stabilization;
}

/**
 * The load to plan for, requests per second before the margin, when `load` is asked for. It rises at once. It falls
 * to the greatest that was asked for within the stabilisation, if that is lower by more than the tolerance, and
 * than random arrivals make it; of a much longer time a smaller fall is believed.
 * So a load that hovers settles where the plan stays. `windows`: the load as it was seen.
 */
export function stabilise(
  { interval, loadWindow, movement }: Pick<Adaptation, "interval" | "loadWindow" | "movement">,
  state: Planning | undefined,
  now: number,
  load: number,
  windows: LoadSeries,
): Pick<Planning, "load" | "asked"> {
  const { stabilization, tolerance } = movement;
  // What is from the future is of another clock.
  const before = (state?.asked ?? []).filter(({ at }) => at <= now);
  const held = state?.load ?? load;
  const last = before.at(-1)?.at ?? now;
  const meanwhile = greatestSince(windows, last) ?? held;
  const asked = remember({ interval, movement }, before, { last, meanwhile }, now, load);
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

/** The greatest load since an instant; null if it was not measured all the time. */
function greatestSince({ end, step, rates, assumed }: LoadSeries, instant: number): number | null {
  if (assumed) return null;
  const since = rates.slice(-Math.max(1, Math.ceil((end - instant) / step)));
  const known = since.filter((rate) => rate !== null);
  return end - since.length * step > instant || known.length < since.length ? null : Math.max(...known);
}

/**
 * The loads that were asked for, once `load` is: oldest first, those that no later one exceeds. `last`: when one was before; if that is too
 * long ago, `meanwhile` would have been asked for.
 */
export function remember(
  { interval, movement }: Pick<Adaptation, "interval" | "movement">,
  asked: Asked,
  { last, meanwhile }: { readonly last: number; readonly meanwhile: number },
  now: number,
  load: number,
): Asked {
  const since = now - last > GAP * interval ? [meanwhile, load] : [load];
  return since.reduce<Asked>(
    // A later and greater load stands in for the earlier one, for longer.
    (before, later) => [...before.filter((one) => one.load > later), { at: now, load: later }],
    asked.filter(({ at }) => at > now - reach(movement)),
  );
}
