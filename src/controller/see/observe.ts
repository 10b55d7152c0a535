import type { LoopState, Observation, ReplicaCount } from "../../core/cluster.ts";
import type { Control } from "../../core/control.ts";
import type { Pipeline } from "../../core/pipeline.ts";
import type { Plan, StagePlan } from "../../core/plan.ts";
import { batchOf } from "./batches.ts";
import { mostOf } from "./by-hand.ts";
import type { Fixed } from "./fixed.ts";
import { canSwitch, heldBy, isGone, type Held } from "./held.ts";
import { restrictionOf } from "./restriction.ts";
import type { Sight } from "./sight.ts";

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
  const { mode, plan, views, routed } = sight;
  const held = heldBy(control, sight);
  return pipeline.stages.map((stage, s) => {
    const ofStage = views.filter((view) => view.stage === stage.name);
    const dataPlane = control.stages[s]?.dataPlane ?? "None";
    const isVariant = (name: string): boolean => stage.variants.some((one) => one.name === name);
    const planned = plan.find((one) => one.stage === stage.name && isVariant(one.variant));
    const kept = held.find((one) => one.stage === stage.name);
    const led = dataPlane === "Service" ? (routed[s] ?? null) : null;
    const selected = led !== null && isVariant(led) ? led : null;
    // Only what acts may be about to lead the Service elsewhere.
    const isLed = mode === "Signal" && selected !== null && selected !== planned?.variant;
    const known = isLed ? undefined : planned;
    const serves = known?.variant ?? selected ?? kept?.variant ?? mostOf(ofStage).variant.name;
    const found =
      serves === kept?.variant
        ? kept.replicas
        : (ofStage.find(({ variant }) => variant.name === serves)?.scale.replicas ?? 0);
    return {
      stage: stage.name,
      variant: serves,
      ...batchOf(pipeline, stage, serves, known ?? null),
      // A plan of none is that of what was not there.
      replicas: isGone(sight, held, stage.name, serves) ? 0 : known?.replicas || found,
    };
  });
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
