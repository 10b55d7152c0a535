import type { Observation } from "../src/core/cluster.ts";
import type { Decision } from "../src/core/decide.ts";
import { defaults, unrestrained, type Pipeline, type Variant } from "../src/core/pipeline.ts";
import type { Plan, StagePlan } from "../src/core/plan.ts";
import type { Control, Scenario } from "../src/sim/scenario.ts";
import type { Draws } from "../src/workload/draws.ts";
import type { Trace } from "../src/workload/trace.ts";

/** A variant by its service times, batch → seconds, all without noise. */
export function variant(name: string, times: Readonly<Record<number, number>>, rest: Partial<Variant> = {}): Variant {
  return {
    name,
    accuracy: 0.5,
    coresPerReplica: 1,
    startUp: { mean: 0 },
    profile: Object.entries(times).map(([batch, mean]) => ({ batch: Number(batch), mean, p99: mean })),
    ...rest,
  };
}

/** A chain of stages "s0", "s1", …, each given by its variants. */
export function pipelineOf(stages: readonly (readonly Variant[])[], rest: Partial<Pipeline> = {}): Pipeline {
  return {
    ...defaults,
    name: "hand-made",
    stages: stages.map((variants, s) => ({
      name: `s${s}`,
      after: s === 0 ? [] : [`s${s - 1}`],
      fanOut: 1,
      variants,
    })),
    sla: { seconds: 2, quantile: 0.99 },
    objective: { kind: "weighted", accuracy: "pas", alpha: 10, beta: 1, delta: 0 },
    limits: { replicas: 100, batch: 64 },
    adaptation: { ...defaults.adaptation, loadWindow: 1, predictor: "reactive", movement: unrestrained },
    policies: {},
    ...rest,
  };
}

/** "variant × replicas, batches of b that leave after T" for each stage, in stage order. */
export function plan(
  ...stages: readonly (readonly [variant: string, replicas: number, batch?: number, timeout?: number])[]
): Plan {
  return stages.map(([name, replicas, batch = 1, batchTimeout = 0], s): StagePlan => ({
    stage: `s${s}`,
    variant: name,
    batch,
    batchTimeout,
    replicas,
  }));
}

/** One stage of a plan, one by one. */
export function stagePlan(stage: string, name: string, replicas: number): StagePlan {
  return { stage, variant: name, batch: 1, batchTimeout: 0, replicas };
}

/** Everything optional at its plainest; `duration` is T_end. */
export function scenarioOf(of: Pipeline, startPlan: Plan, duration: number, rest: Partial<Scenario> = {}): Scenario {
  return {
    pipeline: of,
    trace: { kind: "rates", name: "hand-made", rates: new Float64Array(duration) },
    seed: 1,
    arrivals: "uniform",
    service: "deterministic",
    pad: false,
    drop: { kind: "none" },
    queueCap: Infinity,
    hop: 0,
    clusterCores: Infinity,
    decisionDelay: 0,
    warmup: 0,
    history: [],
    measuresService: false,
    startPlan,
    startFeasible: true,
    keepRequests: true,
    keepVisits: true,
    ...rest,
  };
}

/** These arrivals, and nothing random in any of four stages, except what is given. */
export function draws(arrivals: readonly number[], rest: Partial<Draws> = {}): Draws {
  return {
    arrivals: Float64Array.from(arrivals),
    service: Array.from({ length: 4 }, () => () => 1),
    startUp: Array.from(
      { length: 4 },
      () =>
        (_ordinal: number, { startUp }: Variant) =>
          startUp.mean,
    ),
    fanOut: Array.from({ length: 4 }, () => () => 1),
    ...rest,
  };
}

export function constantRate(rate: number, seconds: number): Trace {
  return { kind: "rates", name: "constant", rates: new Float64Array(seconds).fill(rate) };
}

/** Keeps whatever runs. */
export const hold: Control = (seen) => decision(seen, seen.running);

export function decision(seen: Observation, next: Plan): Decision {
  return { at: seen.now, load: 1, planned: 1, plan: next, change: 0, outcome: null, reason: "unchanged", state: null };
}

/** Asks for these plans at the ticks, one after the other, then holds. Keeps what it saw in `observations`. */
export function script(...plans: readonly Plan[]): { readonly control: Control; readonly observations: Observation[] } {
  const observations: Observation[] = [];
  const control: Control = (seen) => {
    // Another run begins the script again.
    if (seen.now <= (observations.at(-1)?.now ?? 0)) observations.length = 0;
    const next = plans[observations.length] ?? seen.running;
    observations.push(seen);
    return decision(seen, next);
  };
  return { control, observations };
}
