import type { Control, StageControl, Target } from "../../core/control.ts";
import { take, type RouteStep, type ScaleStep, type StepResult, type Steps } from "./carry-out.ts";
import { autoscalerOf, olderPipelineOf } from "../see/contest.ts";
import type { Context } from "../context.ts";
import type { Known } from "../known.ts";
import { entryOf, isOf, isTakenDown, type Ledger } from "./ledger.ts";
import type { Scale } from "./scales.ts";
import { route, servedBy } from "./services.ts";
import type { World } from "../world.ts";

/** A target, and what it was before it was taken over. */
export interface Former {
  readonly view: { readonly target: Target; readonly scale: Scale };
  readonly ready: number;
  /** As recorded; null: the number is somebody else's, or was never taken over. */
  readonly replicas: number | null;
}

export interface FormerStage {
  readonly targets: readonly Former[];
  /** The most replicas recorded of a target that is not there any more. */
  readonly lost: number;
  /** The variant that its Service selects; null without one. */
  readonly routed: string | null;
}

/** Sets the replicas of a pipeline back to what they were at the take-over, as far as they are still its own. Returns whether nothing is left to do. */
export async function restore(
  context: Context,
  world: World,
  known: Known,
  control: Control,
  ledger: Ledger,
): Promise<boolean> {
  const { kube, scales, record } = context;
  const { object, namespace } = known;
  const stages = await Promise.all(control.stages.map((stage) => formerOf(context, world, known, stage, ledger)));
  const { steps, waits } = stepsBack(stages);

  const scale = async ({ view: { target, scale: now }, replicas }: ScaleStep): Promise<StepResult> => {
    // Not forced: what somebody took back is left to them.
    const written = await scales.write(namespace, target, { from: now.replicas, to: replicas }, false);
    if ("scale" in written) {
      const note = `${target.kind} ${target.name}: ${now.replicas} → ${replicas} replicas, as before it was taken over`;
      void record(object, "Normal", "Restored", note);
    }
    return null;
  };
  const send = async ({ index, view }: RouteStep): Promise<StepResult> => {
    const stage = control.stages[index];
    if (stage === undefined) throw new RangeError(`there is no stage ${index}`);
    const former = stages[index]?.targets.find((one) => one.view === view);
    if (former === undefined || readyOf(world, view) < countOf(former)) {
      return { reason: "Switching", message: `too few of ${view.target.variant} are ready by now` };
    }
    const conflict = await route(kube, object, stage, view.scale.selector);
    return conflict === null ? null : { reason: "ServiceContested", message: conflict };
  };
  // Of what may be otherwise by now nothing is taken away.
  const isOld = world.stale().length > 0;
  const taken = isOld ? { ...steps, routes: [] } : steps;
  const failures = await take(taken, { scale, route: send, goesOn: () => true }, !isOld);
  const isLeft = isOld && [...steps.routes, ...steps.down].length > 0;
  return failures.length === 0 && !waits && !isLeft;
}

/**
 * What is to be done now to have the recorded numbers again. A Service is first led back to the variant that had most replicas, once they
 * are ready; until it has been seen to be, nothing of its stage goes down, and `waits` is true. Nor does anything if that variant is not
 * there any more: what serves now has nothing to give its place to.
 */
export function stepsBack(stages: readonly FormerStage[]): { readonly steps: Steps; readonly waits: boolean } {
  const [up, down]: [ScaleStep[], ScaleStep[]] = [[], []];
  const routes: RouteStep[] = [];
  let waits = false;
  stages.forEach(({ targets, lost, routed }, index) => {
    const main = targets.toSorted((a, b) => countOf(b) - countOf(a))[0];
    const isLost = lost > 0 && (main === undefined || lost >= countOf(main));
    const returns =
      !isLost && routed !== null && main !== undefined && countOf(main) > 0 && main.view.target.variant !== routed;
    if (returns && main.ready >= countOf(main)) routes.push({ index, view: main.view });
    waits ||= returns;
    for (const { view, replicas } of targets) {
      if (replicas === null) continue;
      // As many as ran before.
      const step = { index, view, replicas, cores: 0 };
      if (replicas > view.scale.replicas) up.push(step);
      if (replicas < view.scale.replicas && !returns && !isLost) down.push(step);
    }
  });
  return { steps: { free: Infinity, room: [], up, routes, down }, waits };
}

function readyOf({ pods }: World, { scale }: Former["view"]): number {
  return pods.matching(scale.selector).filter(({ ready }) => ready).length;
}

function countOf({ view, replicas }: Former): number {
  return replicas ?? view.scale.replicas;
}

async function formerOf(
  { scales }: Context,
  world: World,
  { object, namespace }: Known,
  { targets, service }: StageControl,
  ledger: Ledger,
): Promise<FormerStage> {
  const found = await Promise.all(
    targets.flatMap((target) =>
      target === null ? [] : [scales.read(namespace, target).then((scale) => ({ target, scale }))],
    ),
  );
  // What is not there any more, or may not be read, cannot be set either.
  const views = found.flatMap(({ target, scale }) => ("reason" in scale ? [] : [{ target, scale }]));
  const recorded = (target: Target): number | null => entryOf(ledger, target)?.replicas ?? null;
  const isOthers = ({ target, scale }: Former["view"]): boolean =>
    ledger.pinned.some((one) => isOf(one, target)) ||
    isTakenDown(ledger, target, scale.replicas) ||
    autoscalerOf(target, world.autoscalers) !== null ||
    olderPipelineOf(target, object, world.claims) !== null;
  return {
    targets: views.map((view) => ({
      view,
      ready: readyOf(world, view),
      replicas: isOthers(view) ? null : recorded(view.target),
    })),
    lost: Math.max(0, ...found.flatMap(({ target, scale }) => ("reason" in scale ? (recorded(target) ?? 0) : []))),
    routed: service === null ? null : servedBy(world.service(service.name), views),
  };
}
