import type { LoadSeries, LoopState, Observation, Planning } from "./cluster.ts";
import { credible } from "./credible.ts";
import { decide, type Decided, type Decision, type Planner } from "./decide.ts";
import { growMeanwhile } from "./meanwhile.ts";
import { leewayOf, type Leeway } from "./movement/leeway.ts";
import type { Pipeline } from "./pipeline.ts";
import type { Plan } from "./plan.ts";
import { isSolved } from "./problem.ts";
import { reasonAfterSetback, reasonSince } from "./reason.ts";
import { restrict } from "./restrict.ts";
import { coresLeaving, restrictionsOf } from "./rollout-limits.ts";
import { follow, isOutOfReach, rolledBack, setOut, type Rollouts, type Standing } from "./rollout.ts";
import { startUpOf } from "./start-up.ts";
import { isRouted, type Switch } from "./switch.ts";
import { foundSlower, learn, slowdownOf, slowed, type Slowdowns } from "./slowdown.ts";
import { stabilise } from "./movement/stabilise.ts";
import { standIn } from "./movement/stand-in.ts";

/**
 * One turn of the loop: are the data fit to act on, predict, decide, or hold, and why. Pure and
 * synchronous: the simulator, a controller, and a replay of its journal all call this. A policy with a rule decides by that.
 * `make` may be a remembering `decide`.
 */
export function tick(profiled: Planner, observed: Observation, make: typeof decide = decide): Decision {
  const credited = credible(profiled.pipeline, observed);
  const slowdowns = learn(profiled.pipeline, credited.state?.slowdowns, credited.served ?? [], credited.now);
  const planner = corrected(profiled, slowdowns, credited.now);
  const { pipeline, policy, predictor } = planner;
  const windows = windowed(credited.load, pipeline.adaptation.loadWindow);
  const newest = newestLoad(credited.load, pipeline.adaptation.loadWindow);
  const standing = follow(pipeline, credited, newest);
  const seenBy = ({ running }: Standing): Observation => ({ ...credited, running });
  const { now: at, state } = credited;
  const made = (decision: Omit<Decision, "at">, from = standing): Decision => {
    const reason = from.gaveUp ? reasonAfterSetback(decision.reason) : decision.reason;
    const rollouts = rolloutsAfter(planner, seenBy(from), from, decision, newest);
    return {
      ...decision,
      at,
      reason,
      state: withPart(withPart(decision.state, "rollouts", rollouts), "slowdowns", slowdowns),
    };
  };
  const { running } = standing;
  const held = { load: null, planned: null, change: 0, outcome: null };
  // A rule changes what runs; the first plan is the planner's.
  if (policy.rule !== undefined && running.length > 0) {
    const decided = policy.rule(within(planner, seenBy(standing), standing, none), seenBy(standing));
    const waits = switchesAgain(pipeline, standing, decided.plan);
    return made({ ...held, ...decided, ...(waits ? { plan: running, reason: "unchanged" } : {}) });
  }
  const predicted = predictor(windows, horizonOf(pipeline));
  if (predicted === null || !Number.isFinite(predicted)) {
    const plan = running.length > 0 ? running : observed.running;
    return made({ ...held, plan, reason: "held-no-data", state });
  }
  const { load, asked } = stabilise(pipeline.adaptation, state?.planning, at, predicted, windows);
  const choose = (from: Standing): Chosen => {
    const restricted = within(planner, seenBy(from), from, any);
    const leeway = leewayOf(restricted, from.running, state?.planning, at);
    return { from, restricted, leeway, wanted: make(restricted, load, from.running, leeway) };
  };
  const isReached = (plan: Plan): boolean => !isOutOfReach(pipeline, credited, standing, plan, newest);
  const { from, restricted, ...chosen } = unlessInTheWay(pipeline, choose(standing), choose, isReached);
  // What is ready needs no preparation: it may take the place of what is being prepared.
  const open = within(planner, seenBy(from), from, isRouted);
  const decided = standIn(open, seenBy(from), windows, chosen, make) ?? chosen.wanted;
  const slower = foundSlower(from.running, state?.slowdowns, slowdowns, at);
  const since = { load, running: from.running, planning: state?.planning, slower };
  const planning = { load, asked, switchedAt: switchesOf(seenBy(from), decided.plan) };
  return made(
    {
      ...decided,
      load: predicted,
      reason: reasonSince(restricted, decided, since),
      state: { ...state, planning: isSolved(decided.outcome) ? planning : { ...planning, nearest: true } },
    },
    from,
  );
}

/** What is wanted of a load, from where the rollouts stand. */
interface Chosen {
  readonly from: Standing;
  readonly restricted: Planner;
  readonly leeway: Leeway;
  readonly wanted: Decided;
}

/**
 * What was chosen; or without the switches whose new variant does not serve yet, where with them no plan is feasible, and without them
 * one is, or they are out of reach. To begin one of them anew, unbound by steps, would help nobody.
 */
function unlessInTheWay(
  pipeline: Pipeline,
  chosen: Chosen,
  choose: (from: Standing) => Chosen,
  isReached: (plan: Plan) => boolean,
): Chosen {
  const without = chosen.wanted.outcome.status === "infeasible" ? rolledBack(pipeline, chosen.from) : null;
  if (without === null) return chosen;
  const other = choose(without);
  const isGivenUp = other.wanted.plan.some(({ variant }, s) => variant !== chosen.from.running[s]?.variant);
  return isGivenUp && (isSolved(other.wanted.outcome) || !isReached(chosen.wanted.plan)) ? other : chosen;
}

/** The rollouts once a plan has been decided. What serves while a switch is prepared may grow, unless a rule says what runs. */
function rolloutsAfter(
  planner: Planner,
  seen: Observation,
  standing: Standing,
  decision: Pick<Decision, "plan" | "planned">,
  newest: number | null,
): Rollouts {
  const rollouts = setOut(planner.pipeline, seen, standing, decision.plan, newest);
  const isPreparing = Object.values(rollouts).some(({ switching }) => switching?.phase === "Preparing");
  if (newest === null || !isPreparing || planner.policy.rule !== undefined) return rollouts;
  return growMeanwhile(within(planner, seen, { ...standing, rollouts }, none), seen, rollouts, decision, newest);
}

/** Which switches hold their stage to the variant that it goes over to. */
type Locks = (one: Switch) => boolean;
const any: Locks = () => true;
const none: Locks = () => false;

/** The planner for services as slow as they were found to be; itself where none is slower than profiled. */
export function corrected(planner: Planner, slowdowns: Slowdowns | undefined, now: number): Planner {
  if (slowdowns === undefined || Object.keys(slowdowns).length === 0) return planner;
  const factors = planner.pipeline.stages.map(({ name, variants }) =>
    variants.map((variant) => slowdownOf(slowdowns, name, variant.name, now)),
  );
  return variation(planner, JSON.stringify(["slowed", factors]), () => {
    const pipeline = slowed(planner.pipeline, slowdowns, now);
    return pipeline === planner.pipeline ? planner : { ...planner, pipeline };
  });
}

/** The planner for what the world and the rollouts under way leave to a decision. */
function within(planner: Planner, seen: Observation, standing: Standing, locks: Locks): Planner {
  const { pipeline } = planner;
  // What the world fixes comes last, above all else.
  const restrictions = [...restrictionsOf(pipeline, standing, seen, locks), ...(seen.restrictions ?? [])];
  const leaving =
    pipeline.limits.cores === undefined ? 0 : coresLeaving(pipeline, standing.rollouts, seen.restrictions);
  if (restrictions.length === 0 && leaving === 0) return planner;
  return variation(planner, JSON.stringify([restrictions, leaving]), () => {
    const left = restrict(pipeline, restrictions);
    const { limits } = left;
    return {
      ...planner,
      pipeline: limits.cores === undefined ? left : { ...left, limits: { ...limits, cores: limits.cores - leaving } },
    };
  });
}

/** By planner and by how others differ from it, so that what is kept by planner or pipeline is kept. */
const known = new WeakMap<Planner, Map<string, Planner>>();
/** Planners kept at once; then all are forgotten. */
const MOST = 20;

function variation(planner: Planner, key: string, make: () => Planner): Planner {
  const kept = known.get(planner) ?? new Map<string, Planner>();
  known.set(planner, kept);
  const before = kept.get(key);
  if (before !== undefined) return before;
  const made = make();
  if (kept.size >= MOST) kept.clear();
  kept.set(key, made);
  return made;
}

/** Whether a plan asks for another variant where a switch is under way. */
function switchesAgain({ stages }: Pipeline, { running, rollouts }: Standing, plan: Plan): boolean {
  return stages.some(
    ({ name }, s) => rollouts[name]?.switching !== undefined && plan[s]?.variant !== running[s]?.variant,
  );
}

/**
 * How far ahead the load is predicted, seconds: as the pipeline says, and at least until what starts now is
 * ready when the next decision could be.
 */
export function horizonOf({ stages, adaptation: { interval, horizon } }: Pipeline): number {
  const startUps = stages.flatMap(({ variants }) => variants.map(startUpOf));
  return Math.max(horizon, interval + Math.max(...startUps));
}

/** Nothing is remembered of what there is nothing to remember of. */
function withPart<K extends "rollouts" | "slowdowns">(
  state: LoopState | null,
  part: K,
  value: NonNullable<LoopState[K]>,
): LoopState | null {
  const { [part]: before, ...rest } = state ?? {};
  if (Object.keys(value).length > 0) return { ...rest, [part]: value };
  return state === null || before === undefined ? state : rest;
}

/** When each stage's variant was last switched, once a plan is in force; of the stages that there are. */
function switchesOf({ now, running, state }: Observation, plan: Plan): Planning["switchedAt"] {
  const before = Object.entries(state?.planning?.switchedAt ?? {});
  const kept = before.filter(([name]) => plan.some(({ stage }) => stage === name));
  const switched = plan.filter((to, s) => running[s] !== undefined && running[s].variant !== to.variant);
  return Object.fromEntries([...kept, ...switched.map(({ stage }) => [stage, now] as const)]);
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
  return { ...load, step: seconds, rates: windows };
}

/** The load of the last window of `seconds`, requests per second; null if it is not known. */
export function newestLoad(load: LoadSeries, seconds: number): number | null {
  return windowed(load, seconds).rates.at(-1) ?? null;
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
