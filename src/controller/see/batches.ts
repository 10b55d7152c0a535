import type { LoopState } from "../../core/cluster.ts";
import { allowedOf } from "../../core/pins.ts";
import type { Pipeline, Stage } from "../../core/pipeline.ts";
import type { StagePlan } from "../../core/plan.ts";

// What batches servers make: nothing sets them, so they are what the pipeline says, as it is now.

type Batch = Pick<StagePlan, "batch" | "batchTimeout">;

/**
 * What the servers of a stage are taken to do: what was known while the pipeline offers it, else the least that it does. It is asked what
 * batches a variant may make, not whether that may run: another one is to make them, too.
 */
export function batchOf({ limits }: Pipeline, stage: Stage, variant: string, known: Batch | null): Batch {
  const { variants: _pinned, replicas: _replicas, ...pin } = stage.pin ?? {};
  const { variants: _forbidden, ...forbid } = stage.forbid ?? {};
  const offered = allowedOf(limits, { ...stage, pin, forbid }, undefined).flatMap((one) =>
    one.variant.name === variant ? one.batch : [],
  );
  if (known !== null && offered.includes(known.batch)) return { batch: known.batch, batchTimeout: known.batchTimeout };
  return { batch: Math.min(...offered, ...(offered.length === 0 ? [1] : [])), batchTimeout: 0 };
}

/** The same of what switches come from. */
export function withBatches(pipeline: Pipeline, state: LoopState): LoopState {
  if (state.rollouts === undefined) return state;
  const rollouts = Object.entries(state.rollouts).map(([name, rollout]) => {
    const stage = pipeline.stages.find((one) => one.name === name);
    if (rollout.switching === undefined || stage === undefined) return [name, rollout] as const;
    const { from } = rollout.switching;
    const made = { ...from, ...batchOf(pipeline, stage, from.variant, from) };
    return [name, { ...rollout, switching: { ...rollout.switching, from: made } }] as const;
  });
  return { ...state, rollouts: Object.fromEntries(rollouts) };
}
