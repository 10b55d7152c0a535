import type { LoopState } from "../../core/cluster.ts";
import type { Control, Target } from "../../core/control.ts";
import type { Pipeline } from "../../core/pipeline.ts";
import type { Plan } from "../../core/plan.ts";
import { rollOut } from "../../core/rollout.ts";
import { KubeError } from "../../kube/errors.ts";
import type { Fixed } from "../see/fixed.ts";
import type { TargetView } from "../see/targets.ts";

/** A number to set. */
export interface ScaleStep {
  /** Of the stage. */
  readonly index: number;
  readonly view: Pick<TargetView, "target" | "scale">;
  readonly replicas: number;
}

/** A variant to send a stage's traffic to. */
export interface RouteStep {
  /** Of the stage. */
  readonly index: number;
  readonly view: Pick<TargetView, "target" | "scale">;
}

/** What a cluster lacks of a plan, in the order in which it is done: more first, then the traffic, then fewer. */
export interface Steps {
  /** Fewer that comes before all: without it more would exceed the limit of cores. Nothing that serves depends on it. */
  readonly room: readonly ScaleStep[];
  readonly up: readonly ScaleStep[];
  readonly routes: readonly RouteStep[];
  readonly down: readonly ScaleStep[];
}

/** What there is of a cluster when a plan is carried out. */
export interface Scene {
  readonly pipeline: Pipeline;
  readonly control: Control;
  readonly views: readonly TargetView[];
  /** By stage: the variant that its Service selects; null without one. */
  readonly routed: readonly (string | null)[];
  readonly fixed: readonly Fixed[];
}

/** Compares a plan with the cluster. Numbers that others set are let be, and so is what the data plane cannot switch to. */
export function stepsTo(
  { pipeline, control, views, routed, fixed }: Scene,
  plan: Plan,
  state: LoopState | null,
): Steps {
  const up: StepOfStage[] = [];
  const down: StepOfStage[] = [];
  const routes: RouteStep[] = [];
  pipeline.stages.forEach((stage, index) => {
    const setting = plan[index];
    if (setting === undefined) return;
    const { serving, targets } = rollOut(stage, setting, state?.rollouts?.[stage.name]);
    const switches = control.stages[index]?.dataPlane === "Service";
    for (const view of views.filter((one) => one.stage === stage.name)) {
      const { name } = view.variant;
      // Without a data plane the other variants are none of the plan's.
      if (!switches && name !== serving) continue;
      if (switches && name === serving && routed[index] !== name) routes.push({ index, view });
      if (fixed.some((one) => one.stage === stage.name && one.variant === name)) continue;
      const replicas = targets.find(({ variant }) => variant === name)?.replicas ?? 0;
      if (replicas > view.scale.replicas) up.push({ index, view, replicas });
      if (replicas < view.scale.replicas) down.push({ index, view, replicas });
    }
  });
  const isFree = (step: StepOfStage): boolean => !routes.some(({ index }) => index === step.index);
  const room = exceeds(pipeline, plan, views, up) ? down.filter(isFree) : [];
  return { room, up, routes, down: down.filter((step) => !room.includes(step)) };
}

interface StepOfStage extends ScaleStep {
  readonly view: TargetView;
}

/** What is summed up in another order may differ in the last digits. */
const ROUNDING = 1e-9;

/** Whether more replicas beside all that there are need more cores than there may be. */
function exceeds(
  { limits: { cores: limit }, stages }: Pipeline,
  plan: Plan,
  views: readonly TargetView[],
  up: readonly StepOfStage[],
): boolean {
  if (limit === undefined || up.length === 0) return false;
  const seen = views.reduce((sum, { variant, scale }) => sum + variant.coresPerReplica * scale.replicas, 0);
  // What is planned and cannot be looked at is taken to run.
  const unseen = plan.flatMap(({ stage, variant, replicas }) =>
    views.some((view) => view.stage === stage && view.variant.name === variant)
      ? []
      : replicas * coresOf(stages, stage, variant),
  );
  const now = unseen.reduce((sum, cores) => sum + cores, seen);
  const more = up.reduce(
    (sum, { view, replicas }) => sum + view.variant.coresPerReplica * (replicas - view.scale.replicas),
    0,
  );
  return now + more > limit + ROUNDING;
}

function coresOf(stages: Pipeline["stages"], stage: string, variant: string): number {
  const variants = stages.find(({ name }) => name === stage)?.variants ?? [];
  return variants.find(({ name }) => name === variant)?.coresPerReplica ?? 0;
}

/** What went wrong, for a condition: of a target whose number somebody took back, who did. */
export type Failure =
  | { readonly reason: "TargetPinned"; readonly target: Target; readonly by: string }
  | { readonly reason: "ServiceContested" | "WriteFailed" | "WatchesStale"; readonly message: string };

/** How a step ends: done, or why not. */
export type StepResult = Failure | null;

/** A step that did not do what it was for. */
export type FailedStep = Failure & {
  /** Of the stage. */
  readonly index: number;
};

/**
 * Takes the steps one after the other while `goesOn` says so. Nothing of a stage goes down once a step of it has failed, nothing at all where
 * `mayGoDown` is false, and nothing goes up that there is no room for. A lease that was lost ends it: that error is thrown.
 */
export async function take(
  { room, up, routes, down }: Steps,
  acts: {
    readonly scale: (step: ScaleStep) => Promise<StepResult>;
    readonly route: (step: RouteStep) => Promise<StepResult>;
    readonly goesOn: () => boolean;
  },
  mayGoDown: boolean,
): Promise<readonly FailedStep[]> {
  const failures: FailedStep[] = [];
  const attempt = async ({ index }: { readonly index: number }, act: () => Promise<StepResult>): Promise<void> => {
    if (!acts.goesOn()) return;
    const failure = await act().catch((error: unknown): Failure => {
      if (!(error instanceof KubeError) || error.reason === "NotLeader") throw error;
      return { reason: "WriteFailed", message: error.message };
    });
    if (failure !== null) failures.push({ ...failure, index });
  };
  if (mayGoDown) for (const step of room) await attempt(step, () => acts.scale(step));
  if (failures.length > 0) return failures;
  if (mayGoDown || room.length === 0) for (const step of up) await attempt(step, () => acts.scale(step));
  for (const step of routes) await attempt(step, () => acts.route(step));
  if (!mayGoDown) return failures;
  const failed = new Set(failures.flatMap(({ reason, index }) => (reason === "TargetPinned" ? [] : index)));
  for (const step of down) if (!failed.has(step.index)) await attempt(step, () => acts.scale(step));
  return failures;
}
