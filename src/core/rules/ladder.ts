import { accuracyOf } from "../accuracy.ts";
import { assess } from "../assess.ts";
import type { Planner } from "../decide.ts";
import { formulate } from "../formulate.ts";
import { pathsOf } from "../graph.ts";
import { plannedLoad } from "../load.ts";
import { planVariants, type Plan } from "../plan.ts";
import { isSolved, planOf } from "../problem.ts";

/** One of the plans that trade accuracy for the load that the same cores carry. */
export interface Rung {
  readonly plan: Plan;
  /** In the objective's metric. */
  readonly accuracy: number;
  /** The greatest load that it carries within the SLA, to within a step of the search; requests per second, before the margin. */
  readonly load: number;
  /** By stage, items per second that its replicas serve. */
  readonly capacity: readonly number[];
  /** Time that a request may wait for a replica, on all stages of its path together, before it breaks the SLA, seconds. */
  readonly slack: number;
}

/** Loads are this factor apart. */
const STEP = 1.02;
/** So many steps apart loads are tried first: the loads that have a plan are never that few. */
const STRIDE = 16;
/** From the least load to 10^8 times that. */
const MOST_PLACES = 960;
/** Accuracies within this are the same. */
const SAME = 1e-9;
/** So many replicas that no request ever waits for one. */
const PLENTY = 10_000;

type Ladder = readonly Rung[];

/** Of a planner and a number of cores there is one ladder, and every decision asks. */
const known = new WeakMap<Planner, Map<number, Ladder>>();

/**
 * The plans of greatest accuracy that fit into so many cores and keep the SLA, for growing loads: most accurate first, each
 * less accurate than the one before and carrying more. Empty if none does at any load.
 */
export function ladderOf(planner: Planner, cores: number): Ladder {
  const ofPlanner = known.get(planner) ?? new Map<number, Ladder>();
  known.set(planner, ofPlanner);
  const ladder = ofPlanner.get(cores) ?? climb(planner, cores);
  ofPlanner.set(cores, ladder);
  return ladder;
}

function climb(planner: Planner, cores: number): Ladder {
  const { accuracy: metric, accuracyFloor } = planner.pipeline.objective;
  const floor = accuracyFloor === undefined ? {} : { accuracyFloor };
  const pipeline = {
    ...planner.pipeline,
    objective: { kind: "maxAccuracy" as const, accuracy: metric, ...floor },
    limits: { ...planner.pipeline.limits, cores },
  };
  const fixed = { ...planner, pipeline };
  const tried = new Map<number, Found | null>();
  const at = (place: number): Found | null => {
    const before = tried.get(place);
    if (before !== undefined) return before;
    const load = pipeline.adaptation.minLoad * STEP ** place;
    const outcome = planner.solver(formulate(fixed, plannedLoad(pipeline, load), []));
    const plan = isSolved(outcome) ? planOf(outcome.options) : null;
    const found =
      plan === null
        ? null
        : { load, plan, accuracy: accuracyOf(metric, pipeline.stages, planVariants(pipeline, plan)) };
    tried.set(place, found);
    return found;
  };

  // A load can be too low for a plan, where batches fill too slowly, as well as too high.
  for (let place = 0, found = false; place < MOST_PLACES; place += STRIDE) {
    if (at(place) !== null) found = true;
    if (place > 0) search(place - STRIDE, place);
    if (found && at(place) === null) break;
  }
  // From the greatest load down, whoever is more accurate than all that carry more.
  const rungs: Rung[] = [];
  for (const [, found] of [...tried].toSorted(([a], [b]) => b - a)) {
    if (found !== null && found.accuracy > (rungs.at(-1)?.accuracy ?? -Infinity) + SAME)
      rungs.push(rungOf(fixed, found));
  }
  return rungs.reverse();

  /** Tries what is between two places where the accuracy is not the same at both. */
  function search(low: number, high: number): void {
    const [one, other] = [at(low), at(high)];
    if (high - low <= 1 || (one === null && other === null)) return;
    if (one !== null && other !== null && Math.abs(one.accuracy - other.accuracy) <= SAME) return;
    const middle = Math.floor((low + high) / 2);
    search(low, middle);
    search(middle, high);
  }
}

interface Found {
  readonly load: number;
  readonly plan: Plan;
  readonly accuracy: number;
}

function rungOf(planner: Planner, { load, plan, accuracy }: Found): Rung {
  const planned = plannedLoad(planner.pipeline, load);
  const unqueued = assess(
    planner,
    planned,
    plan.map((stage) => ({ ...stage, replicas: PLENTY })),
  );
  return {
    plan,
    accuracy,
    load,
    capacity: assess(planner, planned, plan).stages.map(({ capacity }) => capacity),
    slack: planner.pipeline.sla.seconds - unqueued.latency,
  };
}

/** How long a rung takes to serve what waits at each stage, on the slowest path, seconds. */
export function timeToServe({ pipeline }: Planner, { capacity }: Rung, waiting: readonly number[]): number {
  const times = waiting.map((items, s) => items / (capacity[s] ?? Infinity));
  return Math.max(...pathsOf(pipeline.stages).map((path) => path.reduce((sum, stage) => sum + (times[stage] ?? 0), 0)));
}
