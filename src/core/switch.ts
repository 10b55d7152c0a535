import type { ReplicaCount } from "./cluster.ts";
import type { Stage } from "./pipeline.ts";
import { replicasAside, type StagePlan } from "./plan.ts";

/** In this order. */
export const switchPhases = ["Preparing", "Ready", "Routed", "Draining"] as const;

/** The change from one variant to another: make before break. */
export interface Switch {
  /** What ran before. */
  readonly from: StagePlan;
  /**
   * `Preparing`: the old variant serves until enough replicas of the new one are ready. `Ready`: they are, and the new one is to serve.
   * `Routed`: it has been seen to. `Draining`: the old one ends what it has begun.
   */
  readonly phase: (typeof switchPhases)[number];
  /** Since when in that phase, or in `Draining` since when routed; seconds. */
  readonly since: number;
}

/** Replicas that take a stage's requests. */
export type Serving = Pick<StagePlan, "variant" | "batch" | "replicas">;

/** What a switch of a stage is judged by. */
export interface Sight {
  readonly stage: Stage;
  /** Of this stage; not empty. */
  readonly counts: readonly ReplicaCount[];
  /** Replicas of the plan that must be ready to take over from what serves. */
  readonly enough: (serves: Serving) => number;
  readonly drain: number;
  readonly now: number;
}

/**
 * How far the switch to a stage's plan has come, if there is one. The phase follows from what serves and what is ready, whatever was
 * remembered: only since when, and from what, must be. What nobody remembers is found again from what serves.
 */
export function switchOf(plan: StagePlan, before: Switch | undefined, seen: Sight): Switch | undefined {
  const { stage, counts, enough, drain, now } = seen;
  const serves = servingVariant(plan, before, counts);
  if (serves !== plan.variant) {
    const up = countOf(counts, serves);
    const from =
      before?.from.variant === serves ? before.from : { ...plan, variant: serves, replicas: up.ready + up.starting };
    const needed = enough({ ...from, replicas: up.serving });
    const phase = countOf(counts, plan.variant).ready >= needed ? "Ready" : "Preparing";
    return {
      // What serves is never scaled down, whoever scaled it up.
      from: { ...from, replicas: Math.max(from.replicas, up.serving) },
      phase,
      since: before?.phase === phase && before.from.variant === serves ? before.since : now,
    };
  }
  if (before === undefined || before.from.variant === plan.variant) return undefined;
  const old = countOf(counts, before.from.variant);
  if (replicasAside(stage, before.from.variant, old.ready + old.starting) === 0) return undefined;
  if (!isRouted(before)) return { ...before, phase: "Routed", since: now };
  return now - before.since >= drain ? undefined : { ...before, phase: "Draining" };
}

/** Whether the new variant serves. */
export function isRouted({ phase }: Switch): boolean {
  return phase === "Routed" || phase === "Draining";
}

/** The variant of a stage that takes requests. If none is seen to, it is as it was: by the plan, or what a switch that is not ready comes from. */
export function servingVariant(plan: StagePlan, before: Switch | undefined, counts: readonly ReplicaCount[]): string {
  const serving = counts.filter((count) => count.serving > 0).toSorted((a, b) => b.serving - a.serving);
  const [most] = serving;
  if (most === undefined) return before === undefined || isRouted(before) ? plan.variant : before.from.variant;
  return serving.some(({ variant }) => variant === plan.variant) ? plan.variant : most.variant;
}

/** What is seen of a variant; nothing where it is not named. */
export function countOf(
  counts: readonly ReplicaCount[],
  variant: string,
): Pick<ReplicaCount, "ready" | "starting" | "serving" | "refused" | "coming"> {
  return counts.find((count) => count.variant === variant) ?? { ready: 0, starting: 0, serving: 0 };
}
