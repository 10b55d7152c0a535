import type { Observation } from "./cluster.ts";
import type { Decided, Planner } from "./decide.ts";
import { both, type Leeway, type StageLeeway } from "./leeway.ts";
import type { Pipeline } from "./pipeline.ts";

/** `decide`, or what remembers it. */
type Decide = (planner: Planner, load: number, running: Observation["running"], leeway: Leeway) => Decided;

/**
 * A plan of replicas that are ready now, where the wanted one takes longer than an interval to start and what
 * serves cannot carry the load (requests per second, before the margin) until then; else null. Standby
 * replicas are what it is made of: the wanted plan follows once they carry the load.
 */
export function standIn(
  planner: Planner,
  load: number,
  seen: Observation,
  leeway: Leeway,
  wanted: Decided,
  make: Decide,
): Decided | null {
  const { pipeline } = planner;
  const hasStandby = pipeline.stages.some(({ variants }) => variants.some(({ standby = 0 }) => standby > 0));
  if (!hasStandby || seen.running.length === 0 || !startsSlowly(pipeline, seen, wanted)) return null;
  const carries = (bounds: Leeway): Decided | null => {
    const made = make(planner, load, seen.running, bounds);
    return made.outcome?.status === "optimal" || made.outcome?.status === "feasible" ? made : null;
  };
  const serving = available(pipeline, seen, ({ serving }) => serving);
  if (carries(serving) !== null) return null;
  const made = carries(
    both(
      leeway,
      available(pipeline, seen, ({ ready }) => ready),
    ),
  );
  return made === null ? null : { ...made, reason: "standby" };
}

/** Whether some replica that a plan wants is not ready, and will not be within an interval. */
function startsSlowly(pipeline: Pipeline, seen: Observation, { plan }: Decided): boolean {
  return pipeline.stages.some(({ name, variants }) => {
    const wants = plan.find(({ stage }) => stage === name);
    const variant = variants.find((one) => one.name === wants?.variant);
    if (wants === undefined || variant === undefined) return false;
    const { mean, p90 = mean } = variant.startUp;
    const there = seen.replicas.find((one) => one.stage === name && one.variant === variant.name);
    return p90 > pipeline.adaptation.interval && (there?.ready ?? 0) < wants.replicas;
  });
}

function available(
  pipeline: Pipeline,
  seen: Observation,
  count: (of: Observation["replicas"][number]) => number,
): Leeway {
  return pipeline.stages.map(({ name }): StageLeeway =>
    Object.fromEntries(
      seen.replicas.flatMap((one) =>
        one.stage === name && count(one) > 0 ? [[one.variant, { fewest: 1, most: count(one) }]] : [],
      ),
    ),
  );
}
