import type { ReplicaCount } from "./cluster.ts";
import type { Stage } from "./pipeline.ts";
import { replicasAside, type StagePlan } from "./plan.ts";

/** In this order, but for `Returning`: then the old variant serves again. */
export const switchPhases = ["Preparing", "Ready", "Routed", "Draining", "Returning"] as const;

/** The change from one variant to another: make before break. */
export interface Switch {
  /** What ran before. */
  readonly from: StagePlan;
  /**
   * `Preparing`: the old variant serves until enough replicas of the new one are ready. `Ready`: they are, and the new one is to serve.
   * `Routed`: it has been seen to. `Draining`: the old one ends what it has begun. `Returning`: too few of the new one are ready any more, and
   * the old one is to serve again.
   */
  readonly phase: (typeof switchPhases)[number];
  /** Since when in that phase; in `Draining` since when routed, or, if that is later, last seen with too few that are ready; seconds. */
  readonly since: number;
  /** In `Returning`: whether some of the new variant ceased to be ready, and not only more were needed. Else absent. */
  readonly lost?: true;
}

/** Replicas that take a stage's requests. */
export type Serving = Pick<StagePlan, "variant" | "batch" | "replicas">;

/** What a switch of a stage is judged by. */
export interface Sight {
  readonly stage: Stage;
  /** Of this stage; not empty. */
  readonly counts: readonly ReplicaCount[];
  /** Replicas of the plan that were ready at once before. */
  readonly were: number;
  /** Replicas of the plan that must be ready to take over from what serves. */
  readonly enough: (serves: Serving) => number;
  /** Items per second. */
  readonly carries: (serves: Serving) => number;
  readonly drain: number;
  readonly now: number;
}

/**
 * How far the switch to a stage's plan has come, if there is one. The phase follows from what serves and what is ready, whatever was
 * remembered: only since when, and from what, must be. What nobody remembers is found again from what serves.
 */
export function switchOf(plan: StagePlan, before: Switch | undefined, seen: Sight): Switch | undefined {
  const { stage, counts, were, enough, carries, drain, now } = seen;
  const serves = servingVariant(plan, before, counts);
  const { ready } = countOf(counts, plan.variant);
  const isLost = ready < were;
  if (serves !== plan.variant) {
    const up = countOf(counts, serves);
    const isKnown = before?.from.variant === serves;
    const from = isKnown ? before.from : { ...plan, variant: serves, replicas: up.ready + up.starting };
    const phase = ready >= enough({ ...from, replicas: up.serving }) ? "Ready" : "Preparing";
    // It was sent requests, and has lost all that were ready before anybody looked: what serves is nowhere to be seen.
    const hasGone = isKnown && before.phase === "Ready" && phase === "Preparing" && up.ready > up.serving;
    return {
      // What serves is never scaled down, whoever scaled it up.
      from: { ...from, replicas: Math.max(from.replicas, up.serving) },
      ...(hasGone
        ? returning(before, now, isLost)
        : { phase, since: isKnown && before.phase === phase ? before.since : now }),
    };
  }
  if (before === undefined || before.from.variant === plan.variant) return undefined;
  const left = countOf(counts, before.from.variant);
  if (replicasAside(stage, before.from.variant, left.ready + left.starting) === 0) return undefined;
  const old = { ...before.from, replicas: left.ready };
  if (ready < enough(old)) {
    const from = { ...old, replicas: Math.max(before.from.replicas, left.ready) };
    if (carries(old) <= carries({ ...plan, replicas: ready })) return { from, phase: "Routed", since: now };
    return { from, ...returning(before, now, isLost) };
  }
  const { from } = before;
  if (before.phase !== "Routed" && before.phase !== "Draining") return { from, phase: "Routed", since: now };
  return now - before.since >= drain ? undefined : { from, phase: "Draining", since: before.since };
}

function returning({ phase, since, lost }: Switch, now: number, isLost: boolean): Omit<Switch, "from"> {
  return {
    phase: "Returning",
    since: phase === "Returning" ? since : now,
    ...(isLost || lost === true ? { lost: true } : {}),
  };
}

/** Whether what a switch comes from serves with all its replicas, or else carries no less than what is ready of the plan would. */
export function carriesOn(plan: StagePlan, { from }: Switch, { counts, carries }: Sight): boolean {
  const { serving } = countOf(counts, from.variant);
  const { ready } = countOf(counts, plan.variant);
  return (
    serving > 0 &&
    (serving >= from.replicas || carries({ ...from, replicas: serving }) >= carries({ ...plan, replicas: ready }))
  );
}

/** Whether the new variant serves. */
export function isRouted({ phase }: Switch): boolean {
  return phase !== "Preparing" && phase !== "Ready";
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
