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

/** What was found of a pipeline's targets: all of them, or why not. */
export type Targets = { readonly views: readonly TargetView[] } | { readonly problem: TargetProblem };

export interface TargetProblem {
  readonly reason: ScaleProblem["reason"] | "NotNamed";
  readonly message: string;
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
  const lacking = wanted
    .filter(({ target }) => target === null)
    .map(({ stage, variant }) => `${stage}/${variant.name}`);
  if (lacking.length > 0) {
    const message = `${lacking.join(", ")} ${lacking.length > 1 ? "have" : "has"} no scaleTargetRef. Name what runs each variant.`;
    return { problem: { reason: "NotNamed", message } };
  }
  const found = await Promise.all(
    wanted.flatMap(({ stage, variant, target }) =>
      target === null ? [] : [scaleOf(from, namespace, target).then((scale) => ({ stage, variant, target, scale }))],
    ),
  );
  const problems = found.flatMap(({ stage, variant, scale }) =>
    isProblem(scale) ? [{ reason: scale.reason, message: `${stage}/${variant.name}: ${scale.message}` }] : [],
  );
  const [first] = problems;
  if (first !== undefined) {
    return { problem: { reason: first.reason, message: problems.map(({ message }) => message).join(" ") } };
  }
  return {
    views: found.flatMap(({ stage, variant, target, scale }) =>
      isProblem(scale) ? [] : viewOf({ stage, variant, target, scale }, from.pods.matching(scale.selector), from.now),
    ),
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

/** How long it may take until Pods that are asked for exist, seconds. */
const CREATED_WITHIN = 5;

function viewOf(
  of: Pick<TargetView, "stage" | "variant" | "target" | "scale">,
  pods: readonly PodView[],
  now: number,
): TargetView {
  const { replicas, since } = of.scale;
  const ready = pods.filter((pod) => pod.ready).length;
  // Where fewer are asked for than there are, those without a node are the first to go.
  const leaving = Math.max(0, pods.length - replicas);
  const unschedulable = Math.max(0, pods.filter((pod) => pod.unschedulable).length - leaving);
  // What refuses Pods as such (quotas, admission) leaves none to ask.
  const denied = now - since >= CREATED_WITHIN ? Math.max(0, replicas - pods.length) : 0;
  return {
    ...of,
    ready,
    coming: Math.max(0, replicas - ready - unschedulable - denied),
    refused: unschedulable > 0 ? "Unschedulable" : denied > 0 ? "Quota" : null,
    differs: differenceOf(of.variant, pods),
  };
}

/** Below a thousandth of a core is how Kubernetes rounds. */
const ROUNDING = 1e-3;

function differenceOf({ name, coresPerReplica }: Variant, pods: readonly PodView[]): string | null {
  const other = pods.find(({ cores }) => cores === null || Math.abs(cores - coresPerReplica) > ROUNDING);
  if (other === undefined) return null;
  const requests = other.cores === null ? "not request CPU in every container" : `request ${other.cores} cores`;
  return `Pods of ${name} ${requests}, and its profile is for ${coresPerReplica}`;
}
