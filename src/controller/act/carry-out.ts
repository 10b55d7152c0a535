import type { LoopState } from "../../core/cluster.ts";
import type { Control, Target } from "../../core/control.ts";
import type { Pipeline } from "../../core/pipeline.ts";
import type { Plan } from "../../core/plan.ts";
import { rollOut } from "../../core/rollout.ts";
import { KubeError } from "../../kube/errors.ts";
import type { Fixed } from "../see/fixed.ts";
import type { TargetView } from "../see/targets.ts";
import { fit, fitting, freeCores, type Growth } from "./room.ts";

/** A number to set. */
export interface ScaleStep {
  /** Of the stage. */
  readonly index: number;
  readonly view: Pick<TargetView, "target" | "scale">;
  readonly replicas: number;
  /** Of each replica. */
  readonly cores: number;
}

/** A variant to send a stage's traffic to. */
export interface RouteStep {
  /** Of the stage. */
  readonly index: number;
  readonly view: Pick<TargetView, "target" | "scale">;
}

/** What a cluster lacks of a plan, in the order in which it is done: more first, then the traffic, then fewer. */
export interface Steps {
  /** Cores that may still be asked for before all. */
  readonly free: number;
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
  const own: TargetView[] = [];
  pipeline.stages.forEach((stage, index) => {
    const setting = plan[index];
    if (setting === undefined) return;
    const { serving, targets } = rollOut(stage, setting, state?.rollouts?.[stage.name]);
    const switches = control.stages[index]?.dataPlane === "Service";
    for (const view of views.filter((one) => one.stage === stage.name)) {
      const { name } = view.variant;
      // Without a data plane the other variants are none of the plan's.
      if (!switches && name !== serving) continue;
      own.push(view);
      if (switches && name === serving && routed[index] !== name) routes.push({ index, view });
      if (fixed.some((one) => one.stage === stage.name && one.variant === name)) continue;
      const replicas = targets.find(({ variant }) => variant === name)?.replicas ?? 0;
      const step = { index, view, replicas, cores: view.variant.coresPerReplica };
      if (replicas > view.scale.replicas) up.push(step);
      if (replicas < view.scale.replicas) down.push(step);
    }
  });
  const isFree = ({ index, view }: StepOfStage): boolean => {
    const to = routes.find((route) => route.index === index)?.view.target.variant;
    const from = routed[index] ?? null;
    // Of a stage that is led elsewhere: what serves neither now nor then.
    return to === undefined || (from !== null && ![from, to].includes(view.variant.name));
  };
  const free = freeCores(pipeline, plan, own);
  const room = fit(up.map(growthOf), free) ? [] : down.filter(isFree);
  return { free, room, up, routes, down: down.filter((step) => !room.includes(step)) };
}

function growthOf({ view, replicas, cores }: ScaleStep): Growth {
  return { now: view.scale.replicas, wanted: replicas, coresPerReplica: cores };
}

interface StepOfStage extends ScaleStep {
  readonly view: TargetView;
}

/** What went wrong, or has to wait (`Switching`), for a condition: of a target whose number somebody took back, who did. */
export type Failure =
  | { readonly reason: "TargetPinned"; readonly target: Target; readonly by: string }
  | {
      readonly reason: "Switching" | "ServiceContested" | "WriteFailed" | "WatchesStale" | "NoCores";
      readonly message: string;
    };

/** How a step ends: done, or why not. */
export type StepResult = Failure | null;

/** A step that did not do what it was for. */
export type FailedStep = Failure & {
  /** Of the stage. */
  readonly index: number;
};

/**
 * Takes the steps one after the other while `goesOn` says so. Nothing of a stage goes down once a step of it has failed, nothing at all where
 * `mayGoDown` is false, and what goes up does so as far as there are cores for it. A lease that was lost ends it: that error is thrown.
 */
export async function take(
  { free, room, up, routes, down }: Steps,
  acts: {
    readonly scale: (step: ScaleStep) => Promise<StepResult>;
    readonly route: (step: RouteStep) => Promise<StepResult>;
    readonly goesOn: () => boolean;
  },
  mayGoDown: boolean,
): Promise<readonly FailedStep[]> {
  const failures: FailedStep[] = [];
  const attempt = async ({ index }: { readonly index: number }, act: () => Promise<StepResult>): Promise<boolean> => {
    if (!acts.goesOn()) return false;
    const failure = await act().catch((error: unknown): Failure => {
      if (!(error instanceof KubeError) || error.reason === "NotLeader") throw error;
      return { reason: "WriteFailed", message: error.message };
    });
    if (failure !== null) failures.push({ ...failure, index });
    return failure === null;
  };
  let left = free;
  if (mayGoDown) {
    for (const step of room) {
      if (await attempt(step, () => acts.scale(step))) left += freedBy(step);
    }
  }
  const most = fitting(up.map(growthOf), left);
  for (const [i, step] of up.entries()) {
    const replicas = most[i] ?? step.replicas;
    if (replicas > step.view.scale.replicas) await attempt(step, () => acts.scale({ ...step, replicas }));
  }
  for (const step of routes) await attempt(step, () => acts.route(step));
  const failed = new Set(failures.flatMap(({ reason, index }) => (reason === "TargetPinned" ? [] : index)));
  const goes = mayGoDown ? down.filter(({ index }) => !failed.has(index)) : [];
  for (const step of goes) await attempt(step, () => acts.scale(step));
  return [...failures, ...up.flatMap((step, i) => lackOf(step, most[i] ?? step.replicas))];
}

/** The numbers that may be set, whichever steps fail. */
export function numbersOf({ free, room, up, down }: Steps, mayGoDown: boolean): readonly ScaleStep[] {
  const frees = mayGoDown ? room : [];
  const left = frees.reduce((sum, step) => sum + freedBy(step), free);
  // What is freed for one and is not, after all, may leave too little for that, and enough for another.
  const most =
    frees.length === 0 ? fitting(up.map(growthOf), left) : up.flatMap((step) => fitting([growthOf(step)], left));
  const grows = up.filter((step, i) => (most[i] ?? step.replicas) > step.view.scale.replicas);
  return mayGoDown ? [...room, ...grows, ...down] : grows;
}

function freedBy({ view, replicas, cores }: ScaleStep): number {
  return (view.scale.replicas - replicas) * cores;
}

function lackOf({ index, view: { target }, replicas }: ScaleStep, most: number): readonly FailedStep[] {
  if (most >= replicas) return [];
  const what = `${target.kind} ${target.name} has ${most} replicas of ${replicas}`;
  return [{ index, reason: "NoCores", message: `${what}: limits.cores leaves no more until others have gone down.` }];
}
