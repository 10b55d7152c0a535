import { accuracyOf } from "../accuracy.ts";
import type { Observation } from "../cluster.ts";
import type { Planner } from "../decide.ts";
import { ladderOf, timeToServe, type Rung } from "./ladder.ts";
import { planCores, planVariants, samePlan, type Plan } from "../plan.ts";
import type { Rule } from "../policies.ts";

/** Seconds for which the queue must have been short before a more accurate plan is tried. */
const COOL_DOWN = 60;
/** A queue is short if the more accurate plan would serve it within this share of its slack. */
const SHORT = 0.5;

/**
 * Switches between the plans of a ladder, within the cores of the first plan, by how much waits: to a faster one at once
 * when the queue is deeper than the slack allows, to the next more accurate one when it has been short for a while.
 */
export const switchByQueue: Rule = (planner, seen) => {
  const { now, running, state } = seen;
  const { cores, shortSince } = state?.switching ?? { cores: planCores(planner.pipeline, running), shortSince: null };
  const ladder = ladderOf(planner, cores);
  const waiting = waitingOf(planner, seen);
  const remember = (since: number | null) => ({ ...state, switching: { cores, shortSince: since } });
  if (ladder.length === 0) return { plan: running, reason: "held-infeasible", state: remember(null) };
  if (waiting === null) return { plan: running, reason: "held-no-data", state: remember(shortSince) };
  if (underWay(seen)) return { plan: running, reason: "unchanged", state: remember(null) };

  const from = placeOf(planner, ladder, running);
  const last = ladder.length - 1;
  let to = ladder.findIndex(
    (rung, place) => place === last || (place >= from && timeToServe(planner, rung, waiting) <= rung.slack),
  );
  const above = ladder[to - 1];
  const short = above !== undefined && timeToServe(planner, above, waiting) <= SHORT * above.slack;
  let since = to === from && short ? (shortSince ?? now) : null;
  if (since !== null && now - since >= COOL_DOWN) {
    to--;
    since = null;
  }
  const plan = ladder[to]?.plan ?? running;
  const same = samePlan(plan, running);
  return { plan: same ? running : plan, reason: same ? "unchanged" : "rule", state: remember(since) };
};

/** Items that wait at each stage; null if that is not known of all. */
function waitingOf({ pipeline }: Planner, { stages }: Observation): readonly number[] | null {
  const waiting = pipeline.stages.flatMap(({ name }) => stages.find(({ stage }) => stage === name)?.waiting ?? []);
  return waiting.length === pipeline.stages.length ? waiting : null;
}

/** Whether replicas of the running plan are not ready yet: the queue says nothing of it before they are. */
function underWay({ running, replicas }: Observation): boolean {
  return running.some((runs) => {
    const count = replicas.find(({ stage, variant }) => stage === runs.stage && variant === runs.variant);
    return count !== undefined && count.serving < runs.replicas;
  });
}

/** The place of a plan: of one that is no rung, that of the fastest that is as accurate; the most accurate if none is. */
function placeOf({ pipeline }: Planner, ladder: readonly Rung[], running: Plan): number {
  const place = ladder.findIndex(({ plan }) => samePlan(plan, running));
  if (place >= 0) return place;
  const accuracy = accuracyOf(pipeline.objective.accuracy, pipeline.stages, planVariants(pipeline, running));
  return Math.max(
    0,
    ladder.findLastIndex((rung) => rung.accuracy >= accuracy - 1e-9),
  );
}
