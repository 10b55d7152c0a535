import { capacityOf } from "../../core/capacity.ts";
import type { Pipeline } from "../../core/pipeline.ts";
import { enoughReady } from "../../core/enough.ts";
import { rollOut } from "../../core/rollout.ts";
import { slowed } from "../../core/slowdown.ts";
import { countOf } from "../../core/switch.ts";
import { visitsOf } from "../../core/visits.ts";
import type { Answer } from "../context.ts";

/** A stage whose plan is not all there yet, and what serves until it is. */
export interface UnderWay {
  readonly stage: string;
  /** The variant that takes the requests, how many replicas of it are ready, and how many requests per second these carry. */
  readonly from: { readonly variant: string; readonly ready: number; readonly rate: number };
  /** The one that is to take them, how many replicas of it are wanted and ready, and how many must be ready for the load of now. */
  readonly to: { readonly variant: string; readonly replicas: number; readonly ready: number; readonly enough: number };
}

/** The stages of which more is wanted than is ready. `load`: the newest, requests per second; null if it is not known. */
export function underWay(profiled: Pipeline, { decision, seen }: Answer, load: number | null): readonly UnderWay[] {
  const { plan, state, at } = decision;
  const pipeline = slowed(profiled, state?.slowdowns ?? {}, at);
  return visitsOf(pipeline.stages).flatMap(({ stage, items }, s): readonly UnderWay[] => {
    const to = plan[s];
    if (to === undefined) return [];
    const rollout = state?.rollouts?.[stage.name];
    const counts = seen.replicas.filter((count) => count.stage === stage.name);
    const { ready } = countOf(counts, to.variant);
    const { serving } = rollOut(stage, to, rollout);
    if (serving === to.variant && ready >= to.replicas) return [];
    const variant = stage.variants.find(({ name }) => name === serving);
    const batch = serving === to.variant ? to.batch : rollout?.switching?.from.batch;
    if (variant === undefined || batch === undefined) return [];
    const up = countOf(counts, serving).ready;
    // More of the same variant are enough when they carry the load; another one, when nothing is lost by going over.
    const replaced = { variant: serving, batch, replicas: serving === to.variant ? to.replicas : up };
    const { rate } = capacityOf(pipeline, variant, batch);
    return [
      {
        stage: stage.name,
        from: { variant: serving, ready: up, rate: (up * rate) / items },
        to: {
          variant: to.variant,
          replicas: to.replicas,
          ready,
          enough: enoughReady(pipeline, load, to, replaced),
        },
      },
    ];
  });
}
