import type { LoadSeries, LoopState, Observation, ReplicaCount } from "../../core/cluster.ts";
import type { Control, Mode, StageControl } from "../../core/control.ts";
import { allowedOf } from "../../core/pins.ts";
import type { Pipeline, Stage } from "../../core/pipeline.ts";
import type { Plan, StagePlan } from "../../core/plan.ts";
import type { Restriction } from "../../core/restrict.ts";
import { isRouted } from "../../core/switch.ts";
import type { Fixed } from "./fixed.ts";
import { pinnedBy } from "./knobs.ts";
import type { TargetView, Unresolved } from "./targets.ts";

/** What is known of a cluster at an instant. */
export interface Sight {
  readonly mode: Mode;
  readonly now: number;
  readonly load: LoadSeries;
  readonly views: readonly TargetView[];
  readonly unresolved: readonly Pick<Unresolved, "stage" | "variant" | "reason">[];
  /** By stage: the variant that its Service selects; null without one. */
  readonly routed: readonly (string | null)[];
  /** By stage: ready Pods of what its Service selects that have no target any more. */
  readonly orphans: readonly number[];
  /** Stages whose requests could not be sent elsewhere. */
  readonly unroutable: readonly string[];
  /** That is carried out; empty before the first. */
  readonly plan: Plan;
  readonly state: LoopState | null;
}

/**
 * A variant that runs, by the plan, and whose target cannot be looked at: others depend on it, and its Pods may well serve. It counts with the
 * replicas of the plan, and nothing of it is written.
 */
export interface Held {
  readonly stage: string;
  readonly variant: string;
  readonly replicas: number;
}

type HeldFrom = Pick<Sight, "mode" | "unresolved" | "routed" | "plan" | "state">;

/** What is held: what may not be scaled, say; and what is not there, where no plan may choose another variant, as its requests come there. */
export function heldBy({ stages }: Control, { mode, unresolved, routed, plan, state }: HeldFrom): readonly Held[] {
  return stages.flatMap(({ stage, dataPlane }, s) => {
    const runs = inForceOf(stage, routed[s] ?? null, plan, state);
    const lost = unresolved.find((one) => one.stage === stage && one.variant === runs?.variant);
    if (runs === undefined || lost === undefined) return [];
    if (lost.reason === "NotFound" && canSwitch({ dataPlane }, mode)) return [];
    return [{ stage, variant: runs.variant, replicas: runs.replicas }];
  });
}

/** Whether a plan may choose the variant of a stage. */
function canSwitch(control: Pick<StageControl, "dataPlane"> | undefined, mode: Mode): boolean {
  return !pinnedBy(mode, control?.dataPlane ?? "None").includes("variant");
}

/** What serves, as it was planned: by its Service, or else, until a switch is routed, what that comes from. */
function inForceOf(stage: string, routed: string | null, plan: Plan, state: LoopState | null): StagePlan | undefined {
  const switching = state?.rollouts?.[stage]?.switching;
  const planned = plan.find((one) => one.stage === stage);
  if (routed !== null) return [planned, switching?.from].find((one) => one?.variant === routed);
  return switching !== undefined && !isRouted(switching) ? switching.from : planned;
}

/** All that a decision may depend on, as the core has it. */
export function observe(control: Control, sight: Sight, inForce: Plan, fixed: readonly Fixed[]): Observation {
  const held = heldBy(control, sight);
  const running = inForce.map((runs): StagePlan => {
    const found = fixed.find(({ stage, variant }) => stage === runs.stage && variant === runs.variant);
    return found === undefined ? runs : { ...runs, replicas: found.replicas };
  });
  return {
    now: sight.now,
    load: sight.load,
    running,
    replicas: running.flatMap((runs, s) => [
      ...countsOf(runs, sight.routed[s] ?? runs.variant, sight),
      ...orphansOf(runs, sight.routed[s], sight.orphans[s]),
      ...heldOf(runs, sight.routed[s], canSwitch(control.stages[s], sight.mode), held),
    ]),
    stages: [],
    state: withFound(sight, held),
    restrictions: running.flatMap((runs, s) =>
      restrictionOf(runs, control.stages[s], sight.routed[s], sight, { fixed, held }),
    ),
  };
}

/** What the stages run: as planned, unless the cluster says otherwise. What has no target any more, and is not held, runs with no replicas. */
export function planInForce(pipeline: Pipeline, control: Control, sight: Sight): Plan {
  const { plan, views, routed } = sight;
  const held = heldBy(control, sight);
  return pipeline.stages.map((stage, s) => {
    const ofStage = views.filter((view) => view.stage === stage.name);
    const dataPlane = control.stages[s]?.dataPlane ?? "None";
    const isVariant = (name: string): boolean => stage.variants.some((one) => one.name === name);
    const known = plan.find((one) => one.stage === stage.name && isVariant(one.variant));
    const kept = held.find((one) => one.stage === stage.name);
    const selected = dataPlane === "Service" ? (routed[s] ?? null) : null;
    const serves =
      known?.variant ?? (selected !== null && isVariant(selected) ? selected : (kept?.variant ?? mostOf(ofStage)));
    const found =
      serves === kept?.variant
        ? kept.replicas
        : (ofStage.find(({ variant }) => variant.name === serves)?.scale.replicas ?? 0);
    return {
      stage: stage.name,
      variant: serves,
      batch: known?.batch ?? leastBatch(pipeline, stage, serves),
      batchTimeout: known?.batchTimeout ?? 0,
      // A plan of none is that of what was not there.
      replicas: isGone(sight, held, stage.name, serves) ? 0 : known?.replicas || found,
    };
  });
}

function isGone({ unresolved }: Sight, held: readonly Held[], stage: string, variant: string): boolean {
  const isIt = (one: Pick<Held, "stage" | "variant">): boolean => one.stage === stage && one.variant === variant;
  return unresolved.some(isIt) && !held.some(isIt);
}

/** What a switch comes from holds as many replicas as are found, where it was not there, or is not there any more. */
function withFound(sight: Sight, held: readonly Held[]): LoopState | null {
  const { state, views } = sight;
  if (state?.rollouts === undefined) return state;
  const rollouts = Object.entries(state.rollouts).map(([stage, { switching, ...rest }]) => {
    if (switching === undefined) return [stage, rest] as const;
    const { from } = switching;
    const view = views.find((one) => one.stage === stage && one.variant.name === from.variant);
    const replicas = isGone(sight, held, stage, from.variant) ? 0 : from.replicas || (view?.scale.replicas ?? 0);
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

/** How many of what is held are ready is seen only by a Service that selects them; without one they are taken to be. */
function heldOf(
  { stage }: StagePlan,
  routed: string | null | undefined,
  isSeen: boolean,
  held: readonly Held[],
): readonly ReplicaCount[] {
  return held
    .filter((one) => one.stage === stage && one.variant !== routed)
    .map(({ variant, replicas }) =>
      isSeen
        ? { stage, variant, ready: 0, starting: replicas, serving: 0 }
        : { stage, variant, ready: replicas, starting: 0, serving: replicas },
    );
}

function restrictionOf(
  runs: StagePlan,
  control: StageControl | undefined,
  routed: string | null | undefined,
  sight: Sight,
  { fixed, held }: { readonly fixed: readonly Fixed[]; readonly held: readonly Held[] },
): readonly Restriction[] {
  const { stage } = runs;
  const dataPlane = control?.dataPlane ?? "None";
  const pinned = pinnedBy(sight.mode, dataPlane);
  const variants = pinned.includes("variant")
    ? [runs.variant]
    : dataPlane === "Service"
      ? selectable(runs, routed ?? runs.variant, sight, held)
      : null;
  // What has no target has no replicas, and gets none.
  const gone = sight.unresolved.filter((one) => isGone(sight, held, one.stage, one.variant));
  const counts = [...fixed, ...held, ...gone.map((one) => ({ ...one, replicas: 0 }))].filter(
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
function selectable(
  { stage, variant }: StagePlan,
  serves: string,
  sight: Sight,
  held: readonly Held[],
): readonly string[] | null {
  const { views, unroutable } = sight;
  const hasGone = (name: string): boolean => isGone(sight, held, stage, name);
  if (unroutable.includes(stage)) return hasGone(serves) ? null : [serves];
  const ofStage = views.filter((view) => view.stage === stage);
  const plain = ofStage.filter(({ scale }) => scale.selector.isPlain).map((view) => view.variant.name);
  if (plain.length === ofStage.length || (plain.length === 0 && hasGone(variant))) return null;
  return [...new Set([variant, ...plain])];
}
