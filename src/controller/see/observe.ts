import type { LoadSeries, LoopState, Observation, ReplicaCount } from "../../core/cluster.ts";
import type { Control, Mode, StageControl } from "../../core/control.ts";
import { allowedOf } from "../../core/pins.ts";
import type { Pipeline, Stage } from "../../core/pipeline.ts";
import type { Plan, StagePlan } from "../../core/plan.ts";
import type { Restriction } from "../../core/restrict.ts";
import type { Fixed } from "./fixed.ts";
import { pinnedBy } from "./knobs.ts";
import type { TargetView, Unresolved } from "./targets.ts";

/** What is known of a cluster at an instant. */
export interface Sight {
  readonly mode: Mode;
  readonly now: number;
  readonly load: LoadSeries;
  readonly views: readonly TargetView[];
  readonly unresolved: readonly Pick<Unresolved, "stage" | "variant">[];
  /** By stage: the variant that its Service selects; null without one. */
  readonly routed: readonly (string | null)[];
  /** By stage: ready Pods of what its Service selects that have no target any more. */
  readonly orphans: readonly number[];
  /** Stages whose requests could not be sent elsewhere. */
  readonly unroutable: readonly string[];
  /** That is carried out; empty before the first. */
  readonly plan: Plan;
  /** What is to run again where another variant stands in for it. */
  readonly displaced: Plan;
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
    replicas: running.flatMap((runs, s) => [
      ...countsOf(runs, sight.routed[s] ?? runs.variant, sight),
      ...orphansOf(runs, sight.routed[s], sight.orphans[s]),
    ]),
    stages: [],
    state: withFound(sight),
    restrictions: running.flatMap((runs, s) => restrictionOf(runs, control.stages[s], sight.routed[s], sight, fixed)),
  };
}

/** What the stages run: as planned, unless the cluster says otherwise. What has no target any more runs with no replicas. */
export function planInForce(pipeline: Pipeline, control: Control, sight: Sight): Plan {
  const { mode, plan, displaced, views, routed } = sight;
  return pipeline.stages.map((stage, s) => {
    const ofStage = views.filter((view) => view.stage === stage.name);
    const dataPlane = control.stages[s]?.dataPlane ?? "None";
    const isPinned = pinnedBy(mode, dataPlane).includes("variant");
    const viewOf = (name: string | null | undefined): TargetView | undefined =>
      ofStage.find(({ variant }) => variant.name === name);
    // Where a plan may choose the variant it is what takes another one's place.
    const mayRun = (name: string): boolean =>
      viewOf(name) !== undefined || (!isPinned && isUnresolved(sight, stage.name, name));
    const known = [displaced.find((one) => one.stage === stage.name), plan[s]].find(
      (one) => one?.stage === stage.name && mayRun(one.variant),
    );
    const selected = dataPlane === "Service" ? (routed[s] ?? null) : null;
    const serves = known?.variant ?? (selected !== null && mayRun(selected) ? selected : mostOf(ofStage));
    const found = viewOf(serves)?.scale.replicas ?? 0;
    return {
      stage: stage.name,
      variant: serves,
      batch: known?.batch ?? leastBatch(pipeline, stage, serves),
      batchTimeout: known?.batchTimeout ?? 0,
      // A plan of none is that of what was not there.
      replicas: isUnresolved(sight, stage.name, serves) ? 0 : known?.replicas || found,
    };
  });
}

/** What ran where no plan may choose the variant, and has no target now: once it has, it is what runs, as its requests come there. */
export function displacedBy({ stages }: Control, sight: Sight): Plan {
  const { mode, plan, displaced } = sight;
  return stages.flatMap(({ stage, dataPlane }) => {
    if (!pinnedBy(mode, dataPlane).includes("variant")) return [];
    const before = [...displaced, ...plan].find((one) => one.stage === stage);
    return before !== undefined && isUnresolved(sight, stage, before.variant) ? before : [];
  });
}

function isUnresolved({ unresolved }: Pick<Sight, "unresolved">, stage: string, variant: string): boolean {
  return unresolved.some((one) => one.stage === stage && one.variant === variant);
}

/** What a switch comes from holds as many replicas as are found, where it was not there, or is not there any more. */
function withFound(sight: Sight): LoopState | null {
  const { state, views, unresolved } = sight;
  if (state?.rollouts === undefined) return state;
  const rollouts = Object.entries(state.rollouts).map(([stage, { switching, ...rest }]) => {
    if (switching === undefined) return [stage, rest] as const;
    const { from } = switching;
    const view = views.find((one) => one.stage === stage && one.variant.name === from.variant);
    const replicas = isUnresolved({ unresolved }, stage, from.variant)
      ? 0
      : from.replicas || (view?.scale.replicas ?? 0);
    return [stage, { ...rest, switching: { ...switching, from: { ...from, replicas } } }] as const;
  });
  return { ...state, rollouts: Object.fromEntries(rollouts) };
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

function orphansOf(
  { stage }: StagePlan,
  variant: string | null | undefined,
  count: number | undefined,
): readonly ReplicaCount[] {
  if (typeof variant !== "string" || count === undefined || count === 0) return [];
  return [{ stage, variant, ready: count, starting: 0, serving: count }];
}

function restrictionOf(
  runs: StagePlan,
  control: StageControl | undefined,
  routed: string | null | undefined,
  sight: Sight,
  fixed: readonly Fixed[],
): readonly Restriction[] {
  const { stage } = runs;
  const dataPlane = control?.dataPlane ?? "None";
  const pinned = pinnedBy(sight.mode, dataPlane);
  const variants = pinned.includes("variant")
    ? [runs.variant]
    : dataPlane === "Service"
      ? selectable(runs, routed ?? runs.variant, sight)
      : null;
  // What has no target has no replicas, and gets none.
  const counts = [...fixed, ...sight.unresolved.map((one) => ({ ...one, replicas: 0 }))].filter(
    (one) => one.stage === stage,
  );
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

/** The variants that a Service can send requests to; null where all are, or it has to be tried, as what serves is gone. */
function selectable({ stage, variant }: StagePlan, serves: string, sight: Sight): readonly string[] | null {
  const { views, unroutable } = sight;
  const isGone = (name: string): boolean => isUnresolved(sight, stage, name);
  if (unroutable.includes(stage)) return isGone(serves) ? null : [serves];
  const ofStage = views.filter((view) => view.stage === stage);
  const plain = ofStage.filter(({ scale }) => scale.selector.isPlain).map((view) => view.variant.name);
  if (plain.length === ofStage.length || (plain.length === 0 && isGone(variant))) return null;
  return [...new Set([variant, ...plain])];
}
