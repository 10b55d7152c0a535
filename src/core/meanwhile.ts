import { leastIdling } from "./capacity.ts";
import type { Observation } from "./cluster.ts";
import type { Decision, Planner } from "./decide.ts";
import { enoughReady } from "./enough.ts";
import { plannedLoad } from "./load.ts";
import { leewayOf } from "./movement/leeway.ts";
import { settingsOf } from "./options.ts";
import { ROW_TOLERANCE, type Pipeline } from "./pipeline.ts";
import { planCores, replicasAside, type StagePlan } from "./plan.ts";
import type { Rollouts } from "./rollout.ts";
import { startUpOf } from "./start-up.ts";
import { countOf, type Switch } from "./switch.ts";
import { visitsOf } from "./visits.ts";

/**
 * What serves while a switch is prepared, grown where it is asked for fewer replicas than the newest load (requests per second) needs:
 * to what the load planned for needs, if that is there sooner than enough of the new variant. It keeps to what the planner's pipeline
 * leaves it; what leaves is taken off its cores already.
 */
export function growMeanwhile(
  { pipeline, policy }: Planner,
  seen: Observation,
  rollouts: Rollouts,
  { plan, planned }: Pick<Decision, "plan" | "planned">,
  load: number,
): Rollouts {
  const serving = plan.map((to) => rollouts[to.stage]?.switching?.from ?? to);
  const leeway = leewayOf({ pipeline, policy }, serving, undefined, seen.now);
  const newest = plannedLoad(pipeline, load);
  let room = (pipeline.limits.cores ?? Infinity) - planCores(pipeline, plan);
  const grown = { ...rollouts };
  visitsOf(pipeline.stages).forEach(({ stage, items }, s) => {
    const [rollout, to] = [rollouts[stage.name], plan[s]];
    if (to === undefined || rollout?.switching?.phase !== "Preparing") return;
    const { from } = rollout.switching;
    const setting = settingsOf(pipeline, stage, policy.pins[stage.name], leeway[s]).find(
      ({ variant, batch }) => variant.name === from.variant && batch === from.batch,
    );
    if (setting === undefined) return;
    const { variant, capacity, most } = setting;
    const needed = (rate: number): number => leastIdling(items * rate, capacity.rate);
    if (needed(newest) <= from.replicas) return;
    if (seen.now + startUpOf(variant) >= expectedAt(pipeline, seen, to, rollout.switching, load)) return;
    const { coresPerReplica, standby = 0 } = variant;
    const affordable = Math.max(from.replicas, standby) + Math.floor(room / coresPerReplica + ROW_TOLERANCE);
    const replicas = Math.max(from.replicas, Math.min(needed(Math.max(newest, planned ?? 0)), most, affordable));
    const aside = (count: number): number => replicasAside(stage, variant.name, count);
    room -= coresPerReplica * (aside(replicas) - aside(from.replicas));
    grown[stage.name] = { ...rollout, switching: { ...rollout.switching, from: { ...from, replicas } } };
  });
  return grown;
}

/** When enough of a switch's new variant are expected to be ready, seconds; Infinity where they are overdue, since then nobody knows. */
function expectedAt(
  pipeline: Pipeline,
  seen: Observation,
  to: StagePlan,
  { from, since }: Switch,
  load: number,
): number {
  const variant = pipeline.stages
    .find(({ name }) => name === to.stage)
    ?.variants.find(({ name }) => name === to.variant);
  const counts = seen.replicas.filter(({ stage }) => stage === to.stage);
  const { ready, starting } = countOf(counts, to.variant);
  const { serving } = countOf(counts, from.variant);
  const areAskedFor = ready + starting >= enoughReady(pipeline, load, to, { ...from, replicas: serving });
  const at = (areAskedFor ? since : seen.now) + (variant === undefined ? 0 : startUpOf(variant));
  return at < seen.now ? Infinity : at;
}
