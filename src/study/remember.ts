import { decide, type Decided, type Planner } from "../core/decide.ts";
import type { Leeway } from "../core/movement/leeway.ts";
import { plannedLoad } from "../core/load.ts";
import type { Plan } from "../core/plan.ts";

type Made = Map<string, Decided>;

/** Decisions that are kept at once for a planner; then all are forgotten. */
const MOST = 20_000;

/** One memory for all runs of a planner, which go through much the same loads; it goes with the planner. */
const memories = new WeakMap<Planner, Made>();

/**
 * A `decide` that makes each decision of one planner once, and passes on those of others. Exact: a decision depends on the load planned
 * for, on the variants, batches and replicas that run, on the leeway, and nothing else. It saves work where
 * loads come again, as whole numbers do, or multiples of a `loadStep`.
 */
export function remembering(planner: Planner): typeof decide {
  const made: Made = memories.get(planner) ?? new Map();
  memories.set(planner, made);
  return (of, load, running, leeway) => {
    // One that is restricted, for as long as it is.
    if (of !== planner) return decide(of, load, running, leeway);
    const key = keyOf(plannedLoad(planner.pipeline, load), running, leeway);
    const known = made.get(key);
    if (known !== undefined) return { ...known, load };
    if (made.size >= MOST) made.clear();
    const decision = decide(planner, load, running, leeway);
    // Held: the running plan itself, whose time-outs are of another load.
    if (decision.plan !== running) made.set(key, decision);
    return decision;
  };
}

function keyOf(planned: number, running: Plan, leeway: Leeway = []): string {
  let key = String(planned);
  for (const { variant, batch, replicas } of running) key += `|${variant}|${batch}|${replicas}`;
  return leeway.length === 0 ? key : `${key}|${JSON.stringify(leeway)}`;
}
