import type { LoadSeries, LoopState, Observation, ReplicaCount } from "../core/cluster.ts";
import type { Control, StageControl, Target } from "../core/control.ts";
import { allowedOf } from "../core/pins.ts";
import type { Pipeline, Stage } from "../core/pipeline.ts";
import type { Plan, StagePlan } from "../core/plan.ts";
import type { Restriction } from "../core/restrict.ts";
import type { TargetView } from "./targets.ts";

/** A number of replicas that a decision must take as it is, and who set it. */
export interface Fixed {
  readonly stage: string;
  readonly variant: string;
  readonly target: Target;
  readonly replicas: number;
  readonly reason: "TargetPinned" | "TargetContested";
  readonly by: string;
}

/** What is known of a cluster at an instant. */
export interface Sight {
  readonly now: number;
  readonly load: LoadSeries;
  readonly views: readonly TargetView[];
  /** By stage: the variant that its Service selects; null without one. */
  readonly routed: readonly (string | null)[];
  /** That is carried out; empty before the first. */
  readonly plan: Plan;
  readonly fixed: readonly Fixed[];
  readonly state: LoopState | null;
}

/** What of a stage nothing can carry out, and so a plan may not choose. */
export type Knob = "variant" | "batch" | "replicas";

const pinnedBy: Readonly<Record<StageControl["dataPlane"], readonly Knob[]>> = {
  None: ["variant", "batch"],
  Service: ["batch"],
  Gateway: [],
};

/** All that a decision may depend on, as the core has it. */
export function observe(pipeline: Pipeline, control: Control, sight: Sight): Observation {
  const running = pipeline.stages.map((stage, s) => inForce(pipeline, stage, control.stages[s], s, sight));
  return {
    now: sight.now,
    load: sight.load,
    running,
    replicas: running.flatMap(({ stage, variant }, s) => countsOf(stage, sight.routed[s] ?? variant, sight)),
    stages: [],
    state: sight.state,
    restrictions: running.flatMap((runs, s) => restrictionOf(runs, control.stages[s], sight.fixed)),
  };
}

/** What a stage runs: as planned, unless the cluster says otherwise. */
function inForce(
  pipeline: Pipeline,
  stage: Stage,
  control: StageControl | undefined,
  s: number,
  { plan, views, routed, fixed }: Sight,
): StagePlan {
  const ofStage = views.filter((view) => view.stage === stage.name);
  const planned = plan[s]?.stage === stage.name ? plan[s] : undefined;
  const known = ofStage.some(({ variant }) => variant.name === planned?.variant) ? planned : undefined;
  const serves = known?.variant ?? (control?.dataPlane === "Service" ? routed[s] : null) ?? mostOf(ofStage);
  const view = ofStage.find(({ variant }) => variant.name === serves);
  const held = fixed.find((one) => one.stage === stage.name && one.variant === serves);
  const batch = known?.batch ?? leastBatch(pipeline, stage, serves);
  return {
    stage: stage.name,
    variant: serves,
    batch,
    batchTimeout: known?.batchTimeout ?? 0,
    replicas: held?.replicas ?? known?.replicas ?? view?.scale.replicas ?? 0,
  };
}

/** The variant that most replicas run, or are to run; the first in the file where none does. */
function mostOf(views: readonly TargetView[]): string {
  const [first, ...others] = views;
  if (first === undefined) throw new RangeError("a stage has no variant");
  const more = (a: TargetView, b: TargetView): boolean =>
    a.ready > b.ready || (a.ready === b.ready && a.scale.replicas > b.scale.replicas);
  return others.reduce((most, view) => (more(view, most) ? view : most), first).variant.name;
}

/** What a server is taken to do of which nobody has said more. */
function leastBatch(pipeline: Pipeline, stage: Stage, variant: string): number {
  const batches = allowedOf(pipeline.limits, stage, undefined).flatMap((one) =>
    one.variant.name === variant ? one.batch : [],
  );
  return Math.min(...batches, ...(batches.length === 0 ? [1] : []));
}

function countsOf(stage: string, serves: string, { views }: Sight): readonly ReplicaCount[] {
  return views
    .filter((view) => view.stage === stage)
    .map(({ variant, scale, ready, refused, coming }) => ({
      stage,
      variant: variant.name,
      ready,
      starting: Math.max(0, scale.replicas - ready),
      serving: variant.name === serves ? ready : 0,
      ...(refused === null ? {} : { refused, coming }),
    }));
}

function restrictionOf(
  runs: StagePlan,
  control: StageControl | undefined,
  fixed: readonly Fixed[],
): readonly Restriction[] {
  const pinned = pinnedBy[control?.dataPlane ?? "None"];
  const counts = fixed.filter(({ stage }) => stage === runs.stage);
  if (pinned.length === 0 && counts.length === 0) return [];
  return [
    {
      stage: runs.stage,
      ...(pinned.includes("variant") ? { variants: [runs.variant] } : {}),
      ...(pinned.includes("batch") ? { batches: [runs.batch] } : {}),
      ...(counts.length === 0
        ? {}
        : {
            replicas: Object.fromEntries(
              counts.map(({ variant, replicas }) => [variant, { fewest: replicas, most: replicas }]),
            ),
          }),
    },
  ];
}

/** Which knobs of which stages a plan may not turn, and why: for people. */
export function pinnedKnobs(
  control: Control,
  fixed: readonly Fixed[],
): readonly { readonly stage: string; readonly knobs: readonly Knob[]; readonly why: string }[] {
  return control.stages.flatMap(({ stage, dataPlane }) => {
    const held = fixed.filter((one) => one.stage === stage);
    const knobs = [...pinnedBy[dataPlane], ...(held.length === 0 ? [] : (["replicas"] as const))];
    const why = [
      ...(pinnedBy[dataPlane].length === 0 ? [] : [`dataPlane ${dataPlane}`]),
      ...held.map(({ variant, by, reason }) => `${reason}: ${by} sets the replicas of ${variant}`),
    ];
    return knobs.length === 0 ? [] : [{ stage, knobs, why: why.join("; ") }];
  });
}
