import type { LoadSeries, Observation } from "../cluster.ts";
import type { Decided, Planner } from "../decide.ts";
import { intersection, withoutFewest, type Leeway, type StageLeeway } from "./leeway.ts";
import { surelyAtLeast } from "../load.ts";
import { settingsOf } from "../options.ts";
import type { Pipeline } from "../pipeline.ts";
import { isSolved } from "../problem.ts";
import { startUpOf } from "../start-up.ts";
import { visitsOf } from "../visits.ts";

/** `decide`, or what remembers it. */
type Decide = (planner: Planner, load: number, running: Observation["running"], leeway: Leeway) => Decided;

/**
 * A plan of replicas that are ready now, where more comes by than what serves can carry, and what is wanted takes half an
 * interval to start, or longer; else null. Standby replicas are what it is made of: the wanted plan follows once they carry the
 * load. `windows`: the load seen, in the pipeline's windows.
 */
export function standIn(
  planner: Planner,
  seen: Observation,
  windows: LoadSeries,
  { wanted, leeway }: { readonly wanted: Decided; readonly leeway: Leeway },
  make: Decide,
): Decided | null {
  const { pipeline } = planner;
  const hasStandby = pipeline.stages.some(({ variants }) => variants.some(({ standby = 0 }) => standby > 0));
  if (!hasStandby || !startsSlowly(pipeline, seen, wanted) || !isOverloaded(planner, seen, windows)) return null;
  const made = make(planner, wanted.load, seen.running, intersection(withoutFewest(leeway), readyOf(pipeline, seen)));
  return isSolved(made.outcome) ? { ...made, reason: "standby" } : null;
}

/** Whether some stage gets more items now than the replicas that serve it can carry, and not by chance. */
function isOverloaded({ pipeline, policy }: Planner, seen: Observation, windows: LoadSeries): boolean {
  const load = surelyAtLeast(windows.rates.at(-1) ?? 0, windows.step);
  return visitsOf(pipeline.stages).some(({ stage, items }) => {
    const settings = settingsOf(pipeline, stage, policy.pins[stage.name]);
    const carried = seen.replicas.reduce((sum, { stage: name, variant, serving }) => {
      const rates = settings.flatMap((one) => (one.variant.name === variant ? one.capacity.rate : []));
      return name === stage.name ? sum + serving * Math.max(0, ...rates) : sum;
    }, 0);
    return items * load > carried;
  });
}

/** Whether some replica that a plan wants is not ready, and will not be for half an interval. */
function startsSlowly(pipeline: Pipeline, seen: Observation, { plan }: Decided): boolean {
  return pipeline.stages.some(({ name, variants }) => {
    const wants = plan.find(({ stage }) => stage === name);
    const variant = variants.find((one) => one.name === wants?.variant);
    if (wants === undefined || variant === undefined) return false;
    const there = seen.replicas.find((one) => one.stage === name && one.variant === variant.name);
    return 2 * startUpOf(variant) >= pipeline.adaptation.interval && (there?.ready ?? 0) < wants.replicas;
  });
}

/** As many of each variant as are ready. */
function readyOf(pipeline: Pipeline, seen: Observation): Leeway {
  return pipeline.stages.map(({ name }): StageLeeway =>
    Object.fromEntries(
      seen.replicas.flatMap(({ stage, variant, ready }) =>
        stage === name && ready > 0 ? [[variant, { fewest: 1, most: ready }]] : [],
      ),
    ),
  );
}
