import type { Observation, Recommendation } from "../cluster.ts";
import type { Planner } from "../decide.ts";
import { allowedOf } from "../pins.ts";
import { ROW_TOLERANCE, type Pipeline, type Stage } from "../pipeline.ts";
import { planCores, samePlan, type Plan, type StagePlan } from "../plan.ts";
import type { Rule } from "../policies.ts";

// The algorithm of Kubernetes' Horizontal Pod Autoscaler (autoscaling/v2) on a utilisation, with its defaults
// (docs/model.md says where it is documented).

/** Seconds between two decisions, which is also the period in which replicas may double. */
export const SYNC_PERIOD = 15;
const TARGET = 0.8;
/** Utilisations within this fraction of the target change nothing. */
const TOLERANCE = 0.1;
/** Seconds for which a greater recommendation keeps replicas up. */
const STABILIZATION = 300;
/** A stage grows by as many replicas in a period, or doubles, whichever is more. */
const GROWTH = 4;

/** Scales each stage by how busy its replicas are; variants and batches stay. */
export const autoscale: Rule = (planner, seen) => {
  const { running, state } = seen;
  const memory: Record<string, readonly Recommendation[]> = { ...state?.scaling };
  let known = false;
  const wanted = running.map((runs, s): StagePlan => {
    const stage = planner.pipeline.stages[s];
    const desired = stage === undefined ? null : desiredOf(planner, stage, runs, seen);
    if (stage === undefined || desired === null) return runs;
    known = true;
    // What runs when nothing is remembered was recommended by someone.
    const before = memory[runs.stage] ?? [{ at: seen.now, replicas: runs.replicas }];
    const recommended = remember(before, seen.now, desired);
    memory[runs.stage] = recommended;
    return { ...runs, replicas: allowedReplicas(planner, stage, runs, settle(runs.replicas, desired, recommended)) };
  });
  if (!known) return { plan: running, reason: "held-no-data", state };
  const plan = withinBudget(planner.pipeline, running, wanted);
  const same = samePlan(plan, running);
  return { plan: same ? running : plan, reason: same ? "unchanged" : "rule", state: { ...state, scaling: memory } };
};

/** The replicas that would bring the utilisation to its target; null where it is not known. */
function desiredOf({ policy }: Planner, { name }: Stage, runs: StagePlan, seen: Observation): number | null {
  const busy = seen.stages.find(({ stage }) => stage === name)?.busy ?? null;
  const ready = seen.replicas.find(({ stage, variant }) => stage === name && variant === runs.variant)?.serving ?? 0;
  if (busy === null || ready === 0) return null;
  const ratio = busy / (policy.pins[name]?.utilization ?? TARGET);
  // Replicas that are not ready yet are idle when more are asked for, and do not count when fewer are.
  const counted = ratio > 1 ? Math.max(ready, runs.replicas) : ready;
  const dampened = (ratio * ready) / counted;
  if (Math.abs(dampened - 1) <= TOLERANCE + EXACT || dampened > 1 !== ratio > 1) return runs.replicas;
  const desired = Math.ceil(dampened * counted - EXACT);
  return dampened > 1 === desired > runs.replicas ? desired : runs.replicas;
}

/** A quotient that is whole but for rounding must not cost one more replica. */
const EXACT = 1e-9;

/** The recommendations of the window, oldest first, without those that a later one makes superfluous. */
function remember(before: readonly Recommendation[], now: number, replicas: number): readonly Recommendation[] {
  const kept = before.filter((one) => one.at > now - STABILIZATION && one.replicas > replicas);
  return [...kept, { at: now, replicas }];
}

/** Up as is recommended, but not by too much at once; down to the greatest recommendation of the window. */
function settle(running: number, desired: number, recommended: readonly Recommendation[]): number {
  if (desired > running) return Math.min(desired, Math.max(running + GROWTH, 2 * running));
  return Math.min(running, recommended[0]?.replicas ?? desired);
}

function allowedReplicas({ pipeline, policy }: Planner, stage: Stage, runs: StagePlan, replicas: number): number {
  const bounds = allowedOf(pipeline.limits, stage, policy.pins[stage.name]).find(
    ({ variant, batch }) => variant.name === runs.variant && batch === runs.batch,
  );
  return bounds === undefined ? runs.replicas : Math.min(bounds.most, Math.max(bounds.fewest, replicas));
}

/** Of the replicas that stages want to add, those that the budget has room for: one of each stage in turn. */
function withinBudget(pipeline: Pipeline, running: Plan, wanted: Plan): Plan {
  const { cores = Infinity } = pipeline.limits;
  if (planCores(pipeline, wanted) <= cores + ROW_TOLERANCE) return wanted;
  const plan = wanted.map((to, s) => ({ ...to, replicas: Math.min(to.replicas, running[s]?.replicas ?? to.replicas) }));
  for (let grows = true; grows;) {
    grows = false;
    for (const [s, { replicas }] of wanted.entries()) {
      const stage = plan[s];
      if (stage === undefined || stage.replicas >= replicas) continue;
      stage.replicas++;
      if (planCores(pipeline, plan) <= cores + ROW_TOLERANCE) grows = true;
      else stage.replicas--;
    }
  }
  return plan;
}
