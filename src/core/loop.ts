import type { LoadSeries, Observation, Planning } from "./cluster.ts";
import { credible } from "./credible.ts";
import { decide, type Decision, type Planner } from "./decide.ts";
import { leewayOf } from "./movement/leeway.ts";
import type { Pipeline } from "./pipeline.ts";
import type { Plan } from "./plan.ts";
import { stabilise } from "./movement/stabilise.ts";
import { standIn } from "./movement/stand-in.ts";

/**
 * One turn of the loop: are the data fit to act on, predict, decide, or hold, and why. Pure and
 * synchronous: the simulator, a controller, and a replay of its journal all call this. A policy with a rule decides by that.
 * `make` may be a remembering `decide`.
 */
export function tick(planner: Planner, observed: Observation, make: typeof decide = decide): Decision {
  const { pipeline, policy, predictor } = planner;
  const seen = credible(pipeline, observed);
  const { now: at, running, state } = seen;
  // A rule changes what runs; the first plan is the planner's.
  if (policy.rule !== undefined && running.length > 0) {
    return { at, load: null, planned: null, change: 0, outcome: null, ...policy.rule(planner, seen) };
  }
  const windows = windowed(seen.load, pipeline.adaptation.loadWindow);
  const predicted = predictor(windows, horizonOf(pipeline));
  if (predicted === null || !Number.isFinite(predicted)) {
    const plan = observed.running;
    return { at, load: null, planned: null, plan, change: 0, outcome: null, reason: "held-no-data", state };
  }
  const { load, asked } = stabilise(pipeline.adaptation, state?.planning, at, predicted);
  const leeway = leewayOf(planner, running, state?.planning, at);
  const wanted = make(planner, load, running, leeway);
  const made = standIn(planner, seen, windows, { wanted, leeway }, make) ?? wanted;
  return {
    ...made,
    at,
    load: predicted,
    state: { ...state, planning: { load, asked, switchedAt: switchesOf(seen, made.plan) } },
  };
}

/**
 * How far ahead the load is predicted, seconds: as the pipeline says, and at least until what starts now is
 * ready when the next decision could be.
 */
export function horizonOf({ stages, adaptation: { interval, horizon } }: Pipeline): number {
  const startUps = stages.flatMap(({ variants }) => variants.map(({ startUp: { mean, p90 = mean } }) => p90));
  return Math.max(horizon, interval + Math.max(...startUps));
}

/** When each stage's variant was last switched, once a plan is in force. */
function switchesOf({ now, running, state }: Observation, plan: Plan): Planning["switchedAt"] {
  const switched = plan.filter((to, s) => running[s] !== undefined && running[s].variant !== to.variant);
  return { ...state?.planning?.switchedAt, ...Object.fromEntries(switched.map(({ stage }) => [stage, now])) };
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
