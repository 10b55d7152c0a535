import type { LoadSeries, LoopState, Observation, ReplicaCount } from "../../core/cluster.ts";
import type { Control, Mode, StageControl } from "../../core/control.ts";
import { allowedOf } from "../../core/pins.ts";
import type { Pipeline, Stage } from "../../core/pipeline.ts";
import type { Plan, StagePlan } from "../../core/plan.ts";
import type { Restriction } from "../../core/restrict.ts";
import type { Fixed } from "./fixed.ts";
import { pinnedBy } from "./knobs.ts";
import type { TargetView } from "./targets.ts";

/** What is known of a cluster at an instant. */
export interface Sight {
  readonly mode: Mode;
  readonly now: number;
  readonly load: LoadSeries;
  readonly views: readonly TargetView[];
  /** By stage: the variant that its Service selects; null without one. */
  readonly routed: readonly (string | null)[];
  /** Stages whose requests could not be sent elsewhere. */
  readonly unroutable: readonly string[];
  /** That is carried out; empty before the first. */
  readonly plan: Plan;
  readonly state: LoopState | null;
}

/** All that a decision may depend on, as the core has it. */
export function observe(control: Control, sight: Sight, inForce: Plan, fixed: readonly Fixed[]): Observation {
  const running = inForce.map((runs): StagePlan => {
    const held = fixed.find(({ stage, variant }) => stage === runs.stage && variant === runs.variant);
    return held === undefined ? runs : { ...runs, replicas: held.replicas };
  });
  return {
    now: sight.now,
    load: sight.load,
    running,
    replicas: running.flatMap((runs, s) => countsOf(runs, sight.routed[s] ?? runs.variant, sight)),
    stages: [],
    state: sight.state,
    restrictions: running.flatMap((runs, s) => restrictionOf(runs, control.stages[s], sight.routed[s], sight, fixed)),
  };
}

/** What the stages run: as planned, unless the cluster says otherwise. */
export function planInForce(pipeline: Pipeline, control: Control, { plan, views, routed }: Sight): Plan {
  return pipeline.stages.map((stage, s) => {
    const ofStage = views.filter((view) => view.stage === stage.name);
    const planned = plan[s]?.stage === stage.name ? plan[s] : undefined;
    const known = ofStage.some(({ variant }) => variant.name === planned?.variant) ? planned : undefined;
    const selected = control.stages[s]?.dataPlane === "Service" ? routed[s] : null;
    const serves = known?.variant ?? selected ?? mostOf(ofStage);
    const view = ofStage.find(({ variant }) => variant.name === serves);
    return {
      stage: stage.name,
      variant: serves,
      batch: known?.batch ?? leastBatch(pipeline, stage, serves),
      batchTimeout: known?.batchTimeout ?? 0,
      replicas: known?.replicas ?? view?.scale.replicas ?? 0,
    };
  });
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

function countsOf(runs: StagePlan, serves: string, { views }: Sight): readonly ReplicaCount[] {
  return views
    .filter(({ stage }) => stage === runs.stage)
    .map(({ variant: { name: variant }, scale, ready, refused, coming, differs }): ReplicaCount => {
      const count = { stage: runs.stage, variant };
      // What was not profiled as it is must not begin to serve.
      if (differs !== null && variant !== serves) {
        return { ...count, ready: 0, starting: scale.replicas, serving: 0, refused: "Resources", coming: 0 };
      }
      return {
        ...count,
        ready,
        starting: Math.max(0, scale.replicas - ready),
        serving: variant === serves ? ready : 0,
        ...(refused === null ? {} : { refused, coming }),
      };
    });
}

function restrictionOf(
  runs: StagePlan,
  control: StageControl | undefined,
  routed: string | null | undefined,
  { mode, views, unroutable }: Sight,
  fixed: readonly Fixed[],
): readonly Restriction[] {
  const { stage } = runs;
  const dataPlane = control?.dataPlane ?? "None";
  const pinned = pinnedBy(mode, dataPlane);
  const variants = pinned.includes("variant")
    ? [runs.variant]
    : dataPlane === "Service"
      ? selectable(runs, routed ?? runs.variant, unroutable.includes(stage), views)
      : null;
  const counts = fixed.filter((one) => one.stage === stage);
  if (variants === null && !pinned.includes("batch") && counts.length === 0) return [];
  return [
    {
      stage,
      ...(variants === null ? {} : { variants }),
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

/** The variants that a Service can send requests to; null where all are. */
function selectable(
  { stage, variant }: StagePlan,
  serves: string,
  isUnroutable: boolean,
  views: readonly TargetView[],
): readonly string[] | null {
  if (isUnroutable) return [serves];
  const ofStage = views.filter((view) => view.stage === stage);
  const plain = ofStage.filter(({ scale }) => scale.selector.isPlain).map((view) => view.variant.name);
  return plain.length === ofStage.length ? null : [...new Set([variant, ...plain])];
}
