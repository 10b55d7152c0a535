// The best plan that holds in simulation at a constant load, of all variants, batch sizes and replicas.
//
// Branch and bound over boxes of replicas: one for each choice of variants and batch sizes, to begin with. A box is out
// if the best in it, its fewest replicas, is no better than what is known, or if its most replicas are late. It is
// taken for granted that fewer replicas don't make a late plan hold, and that a plan that is plainly late in a
// short run is late in a long one.
import { planObjective } from "../src/core/assess.ts";
import { batchTimeout } from "../src/core/batching.ts";
import { leastReplicas } from "../src/core/capacity.ts";
import { weightsOf } from "../src/core/formulate.ts";
import { settingsOf, type Setting } from "../src/core/options.ts";
import type { Pipeline } from "../src/core/pipeline.ts";
import type { Plan } from "../src/core/plan.ts";
import { HeldPlans, type Lateness } from "./held-plans.ts";

/** Requests that count in the short runs, which tell what is plainly late. */
const SHORT = [2_000, 20_000];
/** In those that a plan must also pass before the full one. */
const LONGER = [100_000, 300_000];
/** Plainly late is above the limit by more than this many standard errors. */
const ERRORS = 5;

/** Replicas from `least` to `most`, by stage. */
interface Box {
  readonly settings: readonly Setting[];
  readonly least: readonly number[];
  readonly most: readonly number[];
}

export interface Best {
  /** Null if none is better than what was asked for. */
  readonly plan: Plan | null;
  readonly objective: number;
  /** Plans that were simulated. */
  readonly tried: number;
}

/** The best plan of which no more than `limit` is late, counted over `requests`, if its objective is above `than`. */
export function bestPlan(pipeline: Pipeline, load: number, requests: number, limit: number, than: number): Best {
  const runs = new HeldPlans(pipeline, load, requests);
  const { beta } = weightsOf(pipeline.objective);
  // Beyond noise, or so many that they are too many of a full run too.
  const failsIn = (plan: Plan, lengths: readonly number[]): boolean =>
    lengths.some((length) => {
      const plainly = ({ share, error }: Lateness): boolean =>
        share - ERRORS * error > limit || share * length > limit * requests;
      return length < requests && plainly(runs.lateness(plan, length, plainly));
    });
  const isLate = ({ share }: Lateness): boolean => share > limit;
  let best: { plan: Plan | null; objective: number } = { plan: null, objective: than };
  let tried = 0;

  const boxes = boxesOf(pipeline, load);
  for (let box = boxes.pop(); box !== undefined; box = boxes.pop()) {
    const { settings, least } = box;
    // Better by more than rounding.
    const slack = planObjective(pipeline, planOf(pipeline, settings, least, load)) - best.objective - 1e-9;
    if (slack <= 0) continue;
    const most = box.most.map((n, s) =>
      Math.min(n, (least[s] ?? 0) + Math.floor(slack / (beta * coresOf(settings, s)))),
    );
    const plan = planOf(pipeline, settings, most, load);
    tried++;
    if (failsIn(plan, SHORT)) continue;
    const objective = planObjective(pipeline, plan);
    if (objective > best.objective + 1e-9) {
      if (failsIn(plan, LONGER) || isLate(runs.lateness(plan, requests, isLate))) continue;
      best = { plan, objective };
      boxes.push({ settings, least, most });
    } else boxes.push(...halves({ settings, least, most }));
  }
  return { ...best, tried };
}

/** Every choice of variants and batch sizes, with all numbers of replicas that leave some capacity idle; the best last. */
function boxesOf(pipeline: Pipeline, load: number): Box[] {
  let choices: (readonly Setting[])[] = [[]];
  for (const stage of pipeline.stages) {
    const settings = settingsOf(pipeline, stage, undefined);
    choices = choices.flatMap((choice) => settings.map((setting) => [...choice, setting]));
  }
  const boxes = choices.map((settings) => {
    const least = settings.map(({ capacity }) => {
      const n = leastReplicas(load, capacity.rate);
      return load < n * capacity.rate ? n : n + 1;
    });
    return { settings, least, most: least.map(() => pipeline.limits.replicas) };
  });
  const objective = ({ settings, least }: Box): number =>
    planObjective(pipeline, planOf(pipeline, settings, least, load));
  return boxes.sort((a, b) => objective(a) - objective(b));
}

/** Cuts a box in two across the stage whose replicas differ by most cores. */
function halves({ settings, least, most }: Box): readonly Box[] {
  const widths = settings.map((_, s) => coresOf(settings, s) * ((most[s] ?? 0) - (least[s] ?? 0)));
  const cut = widths.indexOf(Math.max(...widths));
  const middle = Math.floor(((least[cut] ?? 0) + (most[cut] ?? 0)) / 2);
  return [
    { settings, least, most: most.with(cut, middle) },
    { settings, least: least.with(cut, middle + 1), most },
  ];
}

function coresOf(settings: readonly Setting[], s: number): number {
  return settings[s]?.variant.coresPerReplica ?? 0;
}

function planOf(pipeline: Pipeline, settings: readonly Setting[], replicas: readonly number[], load: number): Plan {
  return pipeline.stages.flatMap(({ name }, s) => {
    const setting = settings[s];
    if (setting === undefined) return [];
    const { variant, batch } = setting;
    const batchTimeoutOf = batchTimeout(batch, load);
    return { stage: name, variant: variant.name, batch, batchTimeout: batchTimeoutOf, replicas: replicas[s] ?? 0 };
  });
}
