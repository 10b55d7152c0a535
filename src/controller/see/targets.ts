import type { Control, Target } from "../../core/control.ts";
import type { Pipeline, Variant } from "../../core/pipeline.ts";
import type { PodIndex, PodView } from "./pods.ts";
import type { Scale, ScaleProblem, Scales } from "../act/scales.ts";
import { nextDue } from "../schedule.ts";

/** One variant of a stage, as it is in the cluster. */
export interface TargetView {
  readonly stage: string;
  readonly variant: Variant;
  readonly target: Target;
  readonly scale: Scale;
  readonly ready: number;
  /** Why replicas that are asked for do not start; null if nothing is known to be in their way. */
  readonly refused: "Unschedulable" | "Quota" | null;
  /** Replicas that are not ready and that nothing is known to be in the way of. */
  readonly coming: number;
  /** How the Pods' CPU requests differ from the cores of the profile; null if they do not, or there are none. */
  readonly differs: string | null;
}

/** A variant whose replicas nobody can set, and why. */
export interface Unresolved {
  readonly stage: string;
  readonly variant: string;
  /** Null where none is named. */
  readonly target: Target | null;
  readonly reason: "NotNamed" | ScaleProblem["reason"];
  readonly message: string;
}

/** What was found of a pipeline's targets, in its order. */
export interface Targets {
  readonly views: readonly TargetView[];
  readonly unresolved: readonly Unresolved[];
}

/** A number that nothing hints has changed is read anew every so many seconds. */
const READ_EVERY = 300;

/** Looks at all targets of a pipeline; reads only those numbers that may have changed. */
export async function seeTargets(
  from: { readonly scales: Scales; readonly pods: PodIndex; readonly now: number },
  namespace: string,
  pipeline: Pipeline,
  control: Control,
): Promise<Targets> {
  const wanted = control.stages.flatMap(({ stage, targets }, s) =>
    (pipeline.stages[s]?.variants ?? []).map((variant, v) => ({ stage, variant, target: targets[v] ?? null })),
  );
  const found = await Promise.all(
    wanted.map(async ({ stage, variant, target }): Promise<TargetView | Unresolved> => {
      const of = { stage, variant: variant.name, target };
      if (target === null) return { ...of, reason: "NotNamed", message: "it has no scaleTargetRef" };
      const scale = await scaleOf(from, namespace, target);
      if (isProblem(scale)) return { ...of, ...scale };
      return viewOf({ stage, variant, target, scale }, from.pods, from.now);
    }),
  );
  return {
    views: found.flatMap((one) => ("scale" in one ? one : [])),
    unresolved: found.flatMap((one) => ("scale" in one ? [] : one)),
  };
}

async function scaleOf(
  { scales, pods, now }: { readonly scales: Scales; readonly pods: PodIndex; readonly now: number },
  namespace: string,
  target: Target,
): Promise<Scale | ScaleProblem> {
  const known = scales.known(namespace, target);
  // More or fewer Pods than asked for: somebody may have asked for another number.
  const hinted = known !== null && pods.matching(known.selector).length !== known.replicas;
  if (known === null || hinted) return scales.read(namespace, target);
  // Each at its own time, however many were read at once in the beginning.
  const isDue = now >= nextDue(`${namespace}/${target.kind}/${target.name}`, READ_EVERY, known.at);
  return isDue ? scales.read(namespace, target) : known;
}

function isProblem(scale: Scale | ScaleProblem): scale is ScaleProblem {
  return "reason" in scale;
}

function viewOf(
  of: Pick<TargetView, "stage" | "variant" | "target" | "scale">,
  index: PodIndex,
  now: number,
): TargetView {
  const { replicas, selector } = of.scale;
  const pods = index.matching(selector);
  const ready = pods.filter((pod) => pod.ready).length;
  // Where fewer are asked for than there are, those without a node are the first to go.
  const leaving = Math.max(0, pods.length - replicas);
  const unschedulable = Math.max(0, pods.filter((pod) => pod.unschedulable).length - leaving);
  // What refuses Pods as such (quotas, admission) leaves none to ask.
  const lacking = Math.max(0, replicas - pods.length);
  const denied = lacking > 0 && isOverdue(of, pods, index, now) ? lacking : 0;
  return {
    ...of,
    ready,
    coming: Math.max(0, replicas - ready - unschedulable - denied),
    refused: unschedulable > 0 ? "Unschedulable" : denied > 0 ? "Quota" : null,
    differs: differenceOf(of.variant, pods),
  };
}

/** How long it may take until Pods that are asked for exist, seconds. */
const CREATED_WITHIN = 10;

/**
 * Whether all Pods that are asked for would be there by now, were they not refused. Those of a roll-out that first takes the old ones down
 * come after these, and those of a StatefulSet one after the other.
 */
function isOverdue(
  { target, scale: { since, selector } }: Pick<TargetView, "target" | "scale">,
  pods: readonly PodView[],
  index: PodIndex,
  now: number,
): boolean {
  const inTurn = target.kind === "StatefulSet" && pods.some(({ ready }) => !ready);
  return now - since >= CREATED_WITHIN && !inTurn && !index.leaving(selector);
}

/** Below a thousandth of a core is how Kubernetes rounds. */
const ROUNDING = 1e-3;

function differenceOf({ name, coresPerReplica }: Variant, pods: readonly PodView[]): string | null {
  const other = pods.find(({ cores }) => cores === null || Math.abs(cores - coresPerReplica) > ROUNDING);
  if (other === undefined) return null;
  const requests =
    other.cores === null ? "do not request CPU in every container" : `request ${Number(other.cores.toFixed(3))} cores`;
  return `Pods of ${name} ${requests}, and its profile is for ${coresPerReplica}`;
}
