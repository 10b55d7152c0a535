import type { LoopState } from "../core/cluster.ts";
import type { Mode } from "../core/control.ts";
import type { Plan } from "../core/plan.ts";
import { afterGap } from "../core/rollout.ts";
import type { InForce } from "../core/service-time.ts";
import { instantOf, planningOf, planOfStatus, rolloutsOf, slowdownsOf } from "../formats/status.ts";
import { parseStatus, type PipelineStatus } from "../formats/status-schema.ts";
import type { KubeObject } from "../kube/objects.ts";
import type { Ledger } from "./act/ledger.ts";

/** What a controller keeps of a pipeline from one turn to the next. All of it can be had from the status and the measured load again. */
export interface Memory {
  /** The last one; empty before the first. */
  readonly plan: Plan;
  /** Of the last turn that looked, and so of the plan; null before the first. */
  readonly mode: Mode | null;
  /** Stages whose Service could not be changed the last time. */
  readonly unroutable: readonly string[];
  readonly state: LoopState | null;
  /** By stage what runs, since when; empty where that is not known. */
  readonly inForce: readonly InForce[];
  readonly ledger: Ledger;
  /** Since when the load is not known, seconds; null where it is. */
  readonly unknownSince: number | null;
  /** Until then, seconds, nothing goes down, as nobody knows what load was asked for before; null: that is to be found out. */
  readonly downFrom: number | null;
  /** As it was last written, or found. */
  readonly status: PipelineStatus;
  /** When it was last written, seconds; null: that was not seen to be done, so it may say what was. */
  readonly writtenAt: number | null;
  /** Whether the loads that were asked for before are still to be found out. */
  readonly isFresh: boolean;
}

/** Why nothing of a plan is applied in the lesser modes. */
export const NOT_ACTING = "NotActing";

/** What a controller that begins, or takes over, knows of a pipeline. */
export function memoryFrom({ status: found }: KubeObject, now: number): Memory {
  const status = parseStatus(found);
  const { plan, loop, rollouts, slowdowns, takenOver = [], heldTargets = [], resumed = "", conditions = [] } = status;
  const metrics = conditions.find(({ type }) => type === "MetricsAvailable");
  const gap = Math.max(0, now - lastLook(status));
  return {
    plan: plan === undefined ? [] : planOfStatus(plan),
    mode: status.mode ?? null,
    unroutable: [],
    state:
      loop === undefined && slowdowns === undefined
        ? null
        : {
            ...(loop === undefined ? {} : { planning: planningOf(loop, now, plan?.feasible ?? true) }),
            ...(loop === undefined || rollouts === undefined ? {} : { rollouts: afterGap(rolloutsOf(rollouts), gap) }),
            ...(slowdowns === undefined ? {} : { slowdowns: slowdownsOf(slowdowns) }),
          },
    inForce: [],
    ledger: { takenOver, pinned: heldTargets, resumed },
    // A state remembers what it was made for.
    downFrom: loop === undefined ? null : 0,
    unknownSince: metrics?.status === "False" ? instantOf(metrics.lastTransitionTime) : null,
    status,
    writtenAt: 0,
    isFresh: true,
  };
}

/** When a former leader is known to have looked at a pipeline last, seconds: while replicas are on their way it says so once a minute. */
function lastLook({ load, plan, rollouts = [], conditions = [] }: PipelineStatus): number {
  const instants = [
    load?.at,
    plan?.madeAt,
    ...conditions.map(({ lastTransitionTime }) => lastTransitionTime),
    ...rollouts.flatMap(({ switching, progress }) => [switching?.since, progress?.since]),
  ];
  return Math.max(...instants.flatMap((text) => (text === undefined ? [] : instantOf(text))));
}
