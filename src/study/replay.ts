import { decide, type Planner } from "../core/decide.ts";
import { InputError } from "../core/errors.ts";
import { windowed, tick } from "../core/loop.ts";
import type { FutureLoad } from "../core/predictors/predictor.ts";
import type { Run } from "../core/run-log.ts";
import { remembering } from "./remember.ts";
import type { Scenario } from "../sim/scenario.ts";
import { simulate } from "../sim/simulator.ts";
import { perSecond, type Trace } from "../workload/trace.ts";

/** What may be changed of a replay; the rest follows from the pipeline and the trace. */
export type ReplayOptions = Partial<Omit<Scenario, "pipeline" | "trace" | "seed">> & {
  /** The load whose plan is in force and ready at time 0, requests per second; by default the mean of the first 10 s. */
  readonly startLoad?: number;
};

/** A scenario with the defaults: Poisson arrivals, lognormal service, drops at twice the SLA. */
export function scenarioOf(planner: Planner, trace: Trace, seed: number, options: ReplayOptions = {}): Scenario {
  const { startLoad = meanRate(trace, 10), ...rest } = options;
  const decision = options.startPlan === undefined ? decide(planner, startLoad, []) : null;
  const startPlan = decision?.plan ?? options.startPlan ?? [];
  if (startPlan.length === 0) {
    throw new InputError(
      "bad_value",
      `pipeline "${planner.pipeline.name}", policy ${planner.policy.name}: no plan can start at ${round(startLoad)} rps. ` +
        `Ask \`ipa plan PIPELINE --load ${round(startLoad)} --policy ${planner.policy.name}\` which limit is in the way.`,
    );
  }
  return {
    arrivals: "poisson",
    service: "lognormal",
    pad: false,
    drop: { kind: "age", seconds: 2 * planner.pipeline.sla.seconds },
    queueCap: Infinity,
    hop: 0,
    decisionDelay: 0,
    warmup: 0,
    history: [],
    keepRequests: false,
    keepVisits: false,
    ...rest,
    pipeline: planner.pipeline,
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
    const series = { end: to, step: 1, rates: Array.from(ahead) };
    return Math.max(...windowed(series, Math.max(1, window)).rates.map((rate) => rate ?? 0));
  };
}

function meanRate(trace: Trace, seconds: number): number {
  const first = perSecond(trace).subarray(0, seconds);
  return first.reduce((a, b) => a + b, 0) / first.length;
}
