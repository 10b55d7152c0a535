import type { Observation } from "./cluster.ts";
import type { Pipeline, Stage } from "./pipeline.ts";
import { replicasAside } from "./plan.ts";
import { isFixedAtNone, mayRun, type Restriction } from "./restrict.ts";
import type { Rollouts, Standing } from "./rollout.ts";
import type { Setback } from "./setback.ts";
import type { Switch } from "./switch.ts";

// What rollouts leave to a decision.

/** Of what did not get up fewer replicas, and where a switch `locks` its stage the variant that it goes over to. */
export function restrictionsOf(
  pipeline: Pipeline,
  { running, rollouts }: Standing,
  seen: Pick<Observation, "now" | "restrictions">,
  locks: (one: Switch) => boolean,
): readonly Restriction[] {
  return pipeline.stages.flatMap((stage, s): readonly Restriction[] => {
    const { name } = stage;
    const { switching, setbacks = [] } = rollouts[name] ?? {};
    const to = running[s];
    const caps = capsOf(stage, setbacks, seen).map(({ variant, most }) => [variant, { most }] as const);
    return [
      ...(switching === undefined || to === undefined || !locks(switching)
        ? []
        : [{ stage: name, variants: [to.variant] }]),
      ...(caps.length === 0 ? [] : [{ stage: name, replicas: Object.fromEntries(caps) }]),
    ];
  });
}

/** What bars a variant for a while does not where the world leaves no other: something has to run. */
function capsOf(
  stage: Stage,
  setbacks: readonly Setback[],
  { now, restrictions = [] }: Pick<Observation, "now" | "restrictions">,
): readonly Setback[] {
  const caps = setbacks.filter(({ until }) => now < until);
  const world = restrictions.filter((one) => one.stage === stage.name);
  if (world.length === 0) return caps;
  const isLeft = (variant: string): boolean =>
    world.every((one) => mayRun(one, variant)) &&
    (stage.pin?.variants?.includes(variant) ?? true) &&
    !(stage.forbid?.variants?.includes(variant) ?? false);
  const bars = ({ most }: Setback): boolean => most === 0;
  const others = stage.variants.filter(
    ({ name }) => isLeft(name) && !caps.some((cap) => cap.variant === name && bars(cap)),
  );
  return others.length > 0 ? caps : caps.filter((cap) => !bars(cap));
}

/** Cores of the variants that switches come from, beside what stands by; of what there can be none of, none. */
export function coresLeaving(
  pipeline: Pipeline,
  rollouts: Rollouts,
  restrictions: Observation["restrictions"] = [],
): number {
  return pipeline.stages.reduce((cores, stage) => {
    const from = rollouts[stage.name]?.switching?.from;
    const variant = stage.variants.find(({ name }) => name === from?.variant);
    if (from === undefined || variant === undefined) return cores;
    const isGone = restrictions.some((one) => one.stage === stage.name && isFixedAtNone(one, from.variant));
    if (isGone) return cores;
    return cores + variant.coresPerReplica * replicasAside(stage, from.variant, from.replicas);
  }, 0);
}
