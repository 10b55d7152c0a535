import type { Control } from "../../core/control.ts";
import type { LoopState, Observation } from "../../core/cluster.ts";
import type { Unmeasured } from "../../core/counters.ts";
import { credible } from "../../core/credible.ts";
import { learn } from "../../core/slowdown.ts";
import type { Pipeline } from "../../core/pipeline.ts";
import type { Plan } from "../../core/plan.ts";
import { servedFrom, serviceRatio, type InForce, type ServedBatches } from "../../core/service-time.ts";
import type { Measurements } from "./measure.ts";

/** What is known of the service times of a pipeline. */
export interface ServiceTimes {
  /** By stage: what runs, since when. */
  readonly inForce: readonly InForce[];
  readonly served: readonly ServedBatches[];
  /** Stages of which it is said how they are measured, and are not. */
  readonly unmeasured: readonly (Pick<Unmeasured, "problem"> & { readonly stage: string })[];
  /** Of those that served enough to tell: mean service time over the profile's, less 1. */
  readonly errors: readonly { readonly stage: string; readonly variant: string; readonly error: number }[];
}

/** What a cluster runs: the plan in force, and by stage the variant that its Service selects, null without one. */
interface Runs {
  readonly running: Plan;
  readonly routed: readonly (string | null)[];
  readonly state: LoopState | null;
}

/** What counters show of what runs; `before`: what was known to run. */
export function serviceTimes(
  { stages }: Pipeline,
  control: Control,
  counters: Measurements["service"],
  runs: Runs,
  before: readonly InForce[],
  now: number,
): ServiceTimes {
  const inForce = inForceNow(runs, before, now);
  const found = inForce.map((one, s): ServedBatches | Unmeasured | null => {
    const counted = counters[s] ?? null;
    if (counted === null || "problem" in counted) return counted;
    return servedFrom(counted, one, control.stages[s]?.serviceTime?.variantLabel ?? null, now);
  });
  const served = found.flatMap((one) => (one === null || "problem" in one ? [] : one));
  return {
    inForce,
    served,
    unmeasured: found.flatMap((one, s) => {
      const stage = stages[s]?.name;
      return one === null || !("problem" in one) || stage === undefined ? [] : { stage, problem: one.problem };
    }),
    errors: served.flatMap((one) => {
      const { stage, variant } = one;
      const profile = stages.find(({ name }) => name === stage)?.variants.find(({ name }) => name === variant)?.profile;
      const found = profile === undefined ? null : serviceRatio(profile, one);
      return found === null ? [] : { stage, variant, error: found.ratio - 1 };
    }),
  };
}

/** What takes the requests; as long as it changes, it is new at every look. */
function inForceNow({ running, routed, state }: Runs, before: readonly InForce[], now: number): readonly InForce[] {
  return running.map((planned, s): InForce => {
    const { stage } = planned;
    const switching = state?.rollouts?.[stage]?.switching;
    const variant = routed[s] ?? planned.variant;
    const batch = switching?.from.variant === variant ? switching.from.batch : planned.batch;
    const known = before.find((one) => one.stage === stage);
    const same = switching === undefined && known?.variant === variant && known.batch === batch;
    return same ? known : { stage, variant, batch, since: now };
  });
}

/** What is learnt where nothing is decided; else the loop learns it. */
export function watching(pipeline: Pipeline, seen: Observation, before: LoopState | null): LoopState | null {
  const slowdowns = learn(pipeline, credible(pipeline, seen).state?.slowdowns, seen.served ?? [], seen.now);
  const { slowdowns: _former, ...rest } = before ?? {};
  if (Object.keys(slowdowns).length > 0) return { ...rest, slowdowns };
  return before?.slowdowns === undefined ? before : rest;
}
