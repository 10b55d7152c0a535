import type { LoadSeries, Observation } from "./cluster.ts";
import { decide, type Decision, type Planner } from "./decide.ts";

/**
 * One turn of the loop: are the data fit to act on, predict, decide, or hold, and why. Pure and
 * synchronous: the simulator, a controller, and a replay of its journal all call this.
 * `make` may be a remembering `decide`.
 */
export function tick(planner: Planner, seen: Observation, make: typeof decide = decide): Decision {
  const { loadWindow, horizon } = planner.pipeline.adaptation;
  const load = planner.predictor(windowed(seen.load, loadWindow), horizon);
  if (load === null || !Number.isFinite(load)) {
    return { at: seen.now, load: null, planned: null, plan: seen.running, outcome: null, reason: "held-no-data" };
  }
  return { at: seen.now, ...make(planner, load, seen.running) };
}

/**
 * Means over windows of `seconds`, counted back from the end; what is left over at the old end is
 * dropped, unless it is all there is. A window with a missing value is missing. A series coarser than
 * the window cannot be predicted from: all of it is missing.
 */
export function windowed(load: LoadSeries, seconds: number): LoadSeries {
  if (load.step > seconds * (1 + 1e-9)) return { ...load, rates: load.rates.map(() => null) };
  const size = Math.round(seconds / load.step);
  if (size === 1) return load;
  const windows: (number | null)[] = [];
  for (let end = load.rates.length; end >= size || (end > 0 && windows.length === 0); end -= size) {
    windows.push(meanOf(load.rates, Math.max(0, end - size), end));
  }
  windows.reverse();
  return { end: load.end, step: seconds, rates: windows };
}

/** Null if a value is missing. */
function meanOf(rates: readonly (number | null)[], from: number, to: number): number | null {
  let sum = 0;
  for (let i = from; i < to; i++) {
    const rate = rates[i] ?? null;
    if (rate === null) return null;
    sum += rate;
  }
  return sum / (to - from);
}
