import type { Pipeline, Stage, Variant } from "../../src/core/pipeline.ts";
import type { Plan, StagePlan } from "../../src/core/plan.ts";
import type { Control, Scenario } from "../../src/sim/scenario.ts";
import type { Trace } from "../../src/workload/trace.ts";

/** A variant whose batch of b takes `times[b − 1]` seconds, always. */
export function variant(name: string, times: readonly number[], overrides: Partial<Variant> = {}): Variant {
  return {
    name,
    accuracy: 0.5,
    coresPerReplica: 1,
    startUp: { mean: 0 },
    profile: times.map((mean, i) => ({ batch: i + 1, mean, p99: mean })),
    ...overrides,
  };
}

export function pipelineOf(stages: readonly (readonly Variant[])[], overrides: Partial<Pipeline> = {}): Pipeline {
  return {
    name: "test",
    stages: stages.map((variants, s): Stage => ({
      name: `s${s}`,
      after: s === 0 ? [] : [`s${s - 1}`],
      fanOut: 1,
      variants,
    })),
    sla: { seconds: 10, quantile: 0.99 },
    objective: { kind: "weighted", accuracy: "pas", alpha: 1, beta: 1, delta: 0 },
    limits: { replicas: 100, batch: 64 },
    margins: { load: 0, serviceTime: 0, throughput: 0 },
    adaptation: {
      interval: 10,
      predictor: "max",
      loadWindow: 1,
      history: 120,
      horizon: 20,
      minLoad: 1,
      loadStep: 0,
    },
    reproduction: { capacity: "mean", latency: "mean", infeasible: "best-effort", roundLoad: false },
    policies: {},
    ...overrides,
  };
}

export function stagePlan(overrides: Partial<StagePlan> = {}): StagePlan {
  return { stage: "s0", variant: "a", batch: 1, batchTimeout: 0, replicas: 1, ...overrides };
}

/** Exact arrival instants; the trace ends with the second that holds the last. */
export function at(...arrivals: readonly number[]): Trace {
  return { kind: "arrivals", name: "test", arrivals: Float64Array.from(arrivals) };
}

export function constantRate(rate: number, seconds: number): Trace {
  return { kind: "rates", name: "constant", rates: new Float64Array(seconds).fill(rate) };
}

/** Deterministic service, nothing dropped, everything recorded. */
export function scenarioOf(
  pipeline: Pipeline,
  trace: Trace,
  startPlan: Plan,
  overrides: Partial<Scenario> = {},
): Scenario {
  return {
    pipeline,
    trace,
    seed: 1,
    arrivals: "poisson",
    service: "deterministic",
    pad: false,
    drop: { kind: "none" },
    queueCap: Infinity,
    hop: 0,
    decisionDelay: 0,
    warmup: 0,
    history: [],
    startPlan,
    keepRequests: true,
    keepVisits: true,
    ...overrides,
  };
}

/** Holds the plan in force. */
export const hold: Control = (seen) => ({
  at: seen.now,
  load: null,
  planned: null,
  plan: seen.running,
  outcome: null,
  reason: "held-no-data",
});

/** Plans by tick: the plan at tick k, where one is given; else the plan in force stays. */
export function plansAt(plans: Readonly<Record<number, Plan>>): Control {
  return (seen) => ({ ...hold(seen), plan: plans[seen.now] ?? seen.running, reason: "unchanged" });
}
