import { decide, type Planner } from "../core/decide.ts";
import { InputError } from "../core/errors.ts";
import { windowed, tick } from "../core/loop.ts";
import type { StartLoad } from "../core/policies.ts";
import type { FutureLoad } from "../core/predictors/predictor.ts";
import type { Run } from "../core/run-log.ts";
import { remembering } from "./remember.ts";
import type { Scenario } from "../sim/scenario.ts";
import { simulate } from "../sim/simulator.ts";
import { perSecond, type Trace } from "../workload/trace.ts";

/** What may be changed of a replay; the rest follows from the pipeline and the trace. */
export type ReplayOptions = Partial<Omit<Scenario, "pipeline" | "trace" | "seed">> & {
  /** The load whose plan is in force and ready at time 0, requests per second; by default the one that the policy starts from. */
  readonly startLoad?: number;
};

/** A scenario with the defaults: Poisson arrivals, lognormal service, drops at twice the SLA. */
export function scenarioOf(planner: Planner, trace: Trace, seed: number, options: ReplayOptions = {}): Scenario {
  const { pipeline, policy } = planner;
  const byPolicy = startLoads[policy.start ?? "beginning"];
  const { startLoad = byPolicy.of(trace, pipeline.adaptation.loadWindow), ...rest } = options;
  const decision = options.startPlan === undefined ? decide(planner, startLoad, []) : null;
  const startPlan = decision?.plan ?? options.startPlan ?? [];
  if (startPlan.length === 0) {
    throw new InputError(
      "bad_value",
      `pipeline "${pipeline.name}", policy ${policy.name}: no plan can start at ${round(startLoad)} rps. ` +
        `Ask \`ipa plan PIPELINE --load ${round(startLoad)} --policy ${policy.name}\` which limit is in the way.`,
    );
  }
  return {
    arrivals: "poisson",
    service: "lognormal",
    pad: false,
    drop: { kind: "age", seconds: 2 * pipeline.sla.seconds },
    queueCap: Infinity,
    hop: 0,
    clusterCores: Infinity,
    decisionDelay: 0,
    warmup: 0,
    history: [],
    measuresService: false,
    keepRequests: false,
    keepVisits: false,
    ...rest,
    pipeline,
    trace,
    seed,
    startPlan,
    startFeasible: decision === null || decision.outcome?.status !== "infeasible",
  };
}

/** Two digits after the point at most: a load for people. */
function round(rate: number): number {
  return Math.round(100 * rate) / 100;
}

/** Replays a trace through the simulator, the planner deciding; `onTick` is told of each decision's instant, seconds. */
export function replay(
  planner: Planner,
  trace: Trace,
  seed: number,
  options: ReplayOptions = {},
  onTick: (now: number) => void = () => {},
): Run {
  const make = remembering(planner);
  return simulate(scenarioOf(planner, trace, seed, options), (seen) => {
    onTick(seen.now);
    return tick(planner, seen, make);
  });
}

/** The load of a trace that an oracle sees: the greatest mean over `window` seconds, or one second if that is longer. */
export function futureOf(trace: Trace, window: number): FutureLoad {
  const rates = perSecond(trace);
  return (from, to) => {
    const ahead = rates.subarray(Math.floor(from), Math.max(Math.floor(from) + 1, Math.ceil(to)));
    if (ahead.length === 0) return rates.at(-1) ?? 0;
    return greatest(ahead, window);
  };
}

/** Loads of a trace, requests per second, that a plan at time 0 can be made for; `window`: seconds that count as one. */
export const startLoads: Readonly<
  Record<StartLoad, { readonly of: (trace: Trace, window: number) => number; readonly describes: string }>
> = {
  beginning: { of: (trace) => mean(perSecond(trace).subarray(0, 10)), describes: "mean of the first 10 s" },
  mean: { of: (trace) => mean(perSecond(trace)), describes: "mean of the trace" },
  peak: {
    of: (trace, window) => greatest(perSecond(trace), window),
    describes: "greatest load of the trace",
  },
};

function mean(rates: Float64Array): number {
  return rates.reduce((a, b) => a + b, 0) / rates.length;
}

/** The greatest mean over `window` seconds, or one second if that is longer. */
function greatest(rates: Float64Array, window: number): number {
  const series = { end: rates.length, step: 1, rates: Array.from(rates) };
  return windowed(series, Math.max(1, window)).rates.reduce<number>((most, rate) => Math.max(most, rate ?? 0), 0);
}
