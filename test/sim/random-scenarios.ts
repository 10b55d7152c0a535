import fc from "fast-check";
import { accuracyMetrics } from "../../src/core/accuracy.ts";
import type { Observation } from "../../src/core/cluster.ts";
import type { Decision } from "../../src/core/decide.ts";
import type { Reason } from "../../src/core/reason.ts";
import type { Objective, Pipeline, Stage, StartUp, Variant } from "../../src/core/pipeline.ts";
import type { Plan } from "../../src/core/plan.ts";
import type { Profile } from "../../src/core/profile.ts";
import type { StageRollout } from "../../src/core/rollout.ts";
import type { Control, Scenario } from "../../src/sim/scenario.ts";
import { traceEnd, type Trace } from "../../src/workload/trace.ts";
import { pipelineOf } from "../fixtures.ts";
import type { Draws } from "./reference-simulator.ts";

/**
 * A small run with all that a run may meet. On the grid all instants are multiples of half a second
 * and nothing is random, so that completions, start-ups, ticks, arrivals and time-outs meet at one
 * instant all the time; off the grid they practically never do.
 */
export interface RandomCase {
  readonly onGrid: boolean;
  readonly scenario: Scenario;
  /** What the control answers at the ticks, in turn. */
  readonly answers: readonly Answer[];
  readonly control: Control;
}

interface Answer {
  /** `null` holds the plan in force. */
  readonly plan: Plan | null;
  readonly status: "optimal" | "infeasible" | "unknown" | null;
  /** Of every stage: so many replicas of the variant that serves while another one is to take over; `null` leaves them. */
  readonly meanwhile: number | null;
}

const STEP = 0.5;

/** Uniform, as `fc.double` is not: most of its numbers are next to nothing. */
function between(least: number, most: number): fc.Arbitrary<number> {
  return fc.nat({ max: 2 ** 30 }).map((k) => least + (most - least) * (k / 2 ** 30));
}

/** A time from `least` to `most` seconds; on the grid both are multiples of its step. */
function time(onGrid: boolean, least: number, most: number): fc.Arbitrary<number> {
  return onGrid
    ? fc.integer({ min: least / STEP, max: most / STEP }).map((steps) => steps * STEP)
    : between(least, most);
}

/** One to four measured batches, in any relation to each other; between them the fit has to do. */
function profile(onGrid: boolean): fc.Arbitrary<Profile> {
  const mean = fc.oneof(
    { arbitrary: onGrid ? time(onGrid, STEP, 2) : time(onGrid, 0.02, 1.5), weight: 12 },
    // So slow that requests are still there at the cut-off.
    { arbitrary: time(onGrid, 10, 40), weight: 1 },
  );
  const point = fc.record({
    batch: fc.constantFrom(1, 2, 3, 4, 6, 8),
    mean,
    // Below 1 there is no noise; measurements do say such things.
    tail: fc.constantFrom(0.9, 1, 1.2, 2, 5),
  });
  return fc
    .uniqueArray(point, { minLength: 1, maxLength: 4, selector: (one) => one.batch })
    .map((points) =>
      points.toSorted((a, b) => a.batch - b.batch).map(({ batch, mean, tail }) => ({ batch, mean, p99: mean * tail })),
    );
}

/** None, constant, or longer than an interval; off the grid also random. */
function startUp(onGrid: boolean, interval: number): fc.Arbitrary<StartUp> {
  return fc.oneof(
    fc.constant({ mean: 0 }),
    time(onGrid, STEP, 3).map((mean) => ({ mean })),
    time(onGrid, STEP, 6).map((more) => ({ mean: interval + more })),
    ...(onGrid ? [] : [time(onGrid, 0.5, 4).map((mean) => ({ mean, p90: 1.5 * mean }))]),
  );
}

function variants(onGrid: boolean, interval: number): fc.Arbitrary<Variant[]> {
  const variant = fc.record({
    accuracy: fc.integer({ min: 1, max: 20 }).map((twentieths) => twentieths / 20),
    coresPerReplica: fc.constantFrom(0.5, 1, 2, 3.7),
    startUp: startUp(onGrid, interval),
    profile: profile(onGrid),
    standby: fc.constantFrom(0, 0, 0, 1, 2, 4),
  });
  return fc
    .array(variant, { minLength: 1, maxLength: 3 })
    .map((list) => list.map((one, v): Variant => ({ name: `v${v}`, ...one })));
}

const accuracy = fc.constantFrom(
  ...(Object.keys(accuracyMetrics) as (keyof typeof accuracyMetrics)[]), // the keys of a literal table
);
const objective: fc.Arbitrary<Objective> = fc.oneof(
  fc.record({
    kind: fc.constant("weighted"),
    accuracy,
    alpha: fc.constantFrom(1, 10),
    beta: fc.constantFrom(0, 0.1, 1),
    delta: fc.constantFrom(0, 1e-6, 0.01),
  }),
  fc.record({ kind: fc.constant("maxAccuracy"), accuracy }),
  fc.record({ kind: fc.constant("minCost"), accuracy }),
);

type Shape = "chain" | "graph";

/** How the stages follow each other: any earlier ones before each, or none; with all kinds of fan-out. */
function randomShape(shape: Shape, count: number): fc.Arbitrary<Pick<Stage, "after" | "fanOut">[]> {
  const stages = Array.from({ length: count }, (_, s) => s);
  if (shape === "chain") return fc.constant(stages.map((s) => ({ after: s === 0 ? [] : [`s${s - 1}`], fanOut: 1 })));
  return fc.tuple(
    ...stages.map((s) =>
      fc.record({
        after: fc.integer({ min: s === 0 ? 0 : -1, max: 2 ** s - 1 }).map((bits) =>
          // −1 is all of them.
          stages.slice(0, s).flatMap((before) => (((bits >> before) & 1) === 1 ? [`s${before}`] : [])),
        ),
        fanOut: fc.constantFrom(1, 1, 1, 2, 3, 0.4, 0.8, 1.3, 1.5, 2.6),
      }),
    ),
  );
}

function randomPipeline(shape: Shape, onGrid: boolean): fc.Arbitrary<Pipeline> {
  const interval = onGrid
    ? fc.constantFrom(1, 1.5, 2, 4)
    : fc.oneof(fc.integer({ min: 1, max: 8 }), fc.constantFrom(0.7, 2.3, 3.1));
  return interval.chain((seconds) =>
    fc
      .record({
        stages: fc
          .array(variants(onGrid, seconds), {
            minLength: shape === "chain" ? 1 : 2,
            maxLength: shape === "chain" ? 4 : 5,
          })
          .chain((all) => fc.tuple(fc.constant(all), randomShape(shape, all.length))),
        sla: time(onGrid, 0.5, 6),
        objective,
        measuresService: fc.constant(false),
        history: fc.integer({ min: 1, max: 20 }),
      })
      .map(({ stages: [all, shapes], sla, objective, history }) => {
        const plain = pipelineOf(all);
        return {
          ...plain,
          stages: plain.stages.map((stage, s) => ({ ...stage, ...shapes[s] })),
          name: "random",
          sla: { ...plain.sla, seconds: sla },
          objective,
          adaptation: { ...plain.adaptation, interval: seconds, history },
        };
      }),
  );
}

/** Any variant, any batch that its profile can serve, often the same variant as before or one replica. */
function randomPlan(of: Pipeline, onGrid: boolean): fc.Arbitrary<Plan> {
  const settings = of.stages.map((stage) =>
    fc.constantFrom(...stage.variants).chain((variant) =>
      fc.record({
        stage: fc.constant(stage.name),
        variant: fc.constant(variant.name),
        batch: fc.oneof(fc.constant(1), fc.integer({ min: 1, max: variant.profile.at(-1)?.batch ?? 1 })),
        batchTimeout: fc.oneof(fc.constant(0), time(onGrid, 0, 2)),
        replicas: fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 5 })),
      }),
    ),
  );
  return fc.tuple(...settings);
}

function randomTrace(onGrid: boolean): fc.Arbitrary<Trace> {
  const exact = fc
    .array(time(onGrid, 0, 20), { minLength: 1, maxLength: onGrid ? 80 : 120, size: "max" })
    .map((arrivals): Trace => ({ kind: "arrivals", name: "random", arrivals: Float64Array.from(arrivals).toSorted() }));
  const rate = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 12 }), between(0, 8));
  const rates = fc
    .array(rate, { minLength: 2, maxLength: 25, size: "max" })
    .map((perSecond): Trace => ({ kind: "rates", name: "random", rates: Float64Array.from(perSecond) }));
  return onGrid ? exact : fc.oneof({ arbitrary: rates, weight: 3 }, exact);
}

function randomScenario(of: Pipeline, onGrid: boolean, trace: Trace): fc.Arbitrary<Scenario> {
  const { interval } = of.adaptation;
  const age = time(onGrid, 0.5, 6);
  return fc
    .record({
      arrivals: fc.constantFrom<Scenario["arrivals"][]>("poisson", "uniform", "paper-clustered"),
      service: onGrid
        ? fc.constant<Scenario["service"]>("deterministic")
        : fc.constantFrom<Scenario["service"][]>("lognormal", "lognormal", "deterministic", "exponential"),
      pad: fc.boolean(),
      drop: fc.oneof<fc.Arbitrary<Scenario["drop"]>[]>(
        fc.constant({ kind: "none" }),
        fc.record({ kind: fc.constantFrom("age", "paper-age-limit"), seconds: age }),
      ),
      // Often too few for the plans.
      clusterCores: fc.oneof(
        { arbitrary: fc.constant(Infinity), weight: 2 },
        fc.integer({ min: 1, max: 12 * of.stages.length }).map((halves) => halves / 2),
      ),
      queueCap: fc.oneof(fc.constant(Infinity), fc.constant(Infinity), fc.integer({ min: 1, max: 8 })),
      hop: fc.oneof(fc.constant(0), onGrid ? fc.constantFrom(0.5, 1) : time(onGrid, 0.001, 0.3)),
      decisionDelay: fc.oneof(
        fc.constant(0),
        onGrid ? fc.constantFrom(0.5, interval - 0.5) : between(0, 0.99 * interval),
      ),
      warmup: fc.oneof(
        fc.constant(0),
        fc.constantFrom(0.25, 0.5).map((share) => Math.floor(share * traceEnd(trace))),
      ),
      measuresService: fc.constant(false),
      history: fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 25 }),
      startPlan: randomPlan(of, onGrid),
    })
    .map((rest) => ({
      pipeline: of,
      trace,
      seed: 1,
      keepRequests: true,
      keepVisits: true,
      startFeasible: rest.history.length % 2 === 0,
      ...rest,
    }));
}

/** An answer to a tick. Of a few plans each, so that a run goes back and forth between them. */
function randomAnswers(of: Pipeline, onGrid: boolean): fc.Arbitrary<Answer[]> {
  return fc.array(randomPlan(of, onGrid), { minLength: 2, maxLength: 5 }).chain((plans) =>
    fc.array(
      fc.record({
        plan: fc.constantFrom(...plans, ...plans, null),
        status: fc.constantFrom<Answer["status"][]>("optimal", "infeasible", "unknown", null),
        meanwhile: fc.constantFrom(null, null, 1, 2, 3, 4, 6),
      }),
      { minLength: 1, maxLength: 12, size: "max" },
    ),
  );
}

/**
 * Gives the answers in turn. What it was shown comes back as the loads of its decision, so that a
 * simulator that observes anything else makes another run log; still the same observation gives the
 * same decision.
 */
export function answering(answers: readonly Answer[], interval: number): Control {
  return (seen: Observation): Decision => {
    const answer = answers[(Math.round(seen.now / interval) - 1) % answers.length];
    const status = answer?.status ?? null;
    return {
      at: seen.now,
      load: digest([seen.load.end, seen.load.step, ...seen.load.rates.map((rate) => rate ?? -1)]),
      planned: digest([
        ...seen.replicas.flatMap(({ ready, starting, serving, variant, refused }) => [
          ready,
          starting,
          serving,
          refused === undefined ? 0 : 1,
          Number(variant.slice(1)),
        ]),
        // What the two add up in another order may differ in the last bits.
        ...seen.stages.flatMap(({ waiting, busy }) => [waiting, Math.round(1e6 * (busy ?? -1))]),
      ]),
      plan: answer?.plan ?? seen.running,
      change: 0,
      outcome: outcomeOf(status),
      reason: reasonOf(answer?.plan ?? null, status),
      state: stateOf(seen, answer?.meanwhile ?? null),
    };
  };
}

/** A switch at every stage, from what serves there. */
function stateOf({ now, running, replicas }: Observation, meanwhile: number | null): Decision["state"] {
  if (meanwhile === null) return null;
  const rollouts = running.map((plan): [string, StageRollout] => {
    const variant = replicas.find(({ stage, serving }) => stage === plan.stage && serving > 0)?.variant ?? plan.variant;
    const from = { ...plan, variant, replicas: meanwhile };
    return [plan.stage, { switching: { from, phase: "Preparing", since: now }, setbacks: [] }];
  });
  return { rollouts: Object.fromEntries(rollouts) };
}

function outcomeOf(status: Answer["status"]): Decision["outcome"] {
  const engine = "random";
  if (status === null) return null;
  if (status === "infeasible") return { status, engine };
  if (status === "unknown") return { status, engine, bound: 1 };
  return { status, engine, options: [], objective: 1, bound: 1 };
}

function reasonOf(plan: Plan | null, status: Answer["status"]): Reason {
  if (plan !== null) return status === "infeasible" ? "best-effort" : "better-plan";
  return status === "infeasible" ? "held-infeasible" : status === "unknown" ? "held-unknown" : "held-no-data";
}

/** A number that depends on every value and on their order. */
function digest(values: readonly number[]): number {
  return values.reduce((hash, value) => (hash * 31 + value + 1) % 1_000_003, 7);
}

function caseOf(shape: Shape): fc.Arbitrary<RandomCase> {
  return fc.boolean().chain((onGrid) =>
    fc
      .tuple(randomPipeline(shape, onGrid), randomTrace(onGrid))
      .chain(([of, trace]) => fc.tuple(randomScenario(of, onGrid, trace), randomAnswers(of, onGrid)))
      .map(([scenario, answers]) => ({
        onGrid,
        scenario,
        answers,
        control: answering(answers, scenario.pipeline.adaptation.interval),
      })),
  );
}

export const randomCase = caseOf("chain");
export const randomGraphCase = caseOf("graph");

/** Random numbers enough to try the reference on its own: a hash of the key instead of a generator. */
export function plainDraws(scenario: Scenario): Draws {
  const { trace } = scenario;
  const noisy = scenario.service !== "deterministic";
  return {
    arrivals: trace.kind === "arrivals" ? trace.arrivals : arrivalsOf(trace.rates),
    serviceFactor: (stage, request, item, sigma) => (noisy ? 0.25 + sigma + share(stage, request, item) : 1),
    fanOut: (stage, request, item) => {
      const mean = scenario.pipeline.stages[stage]?.fanOut ?? NaN;
      return Math.floor(mean + share(stage, request, item + 100));
    },
    startUp: (stage, ordinal, { startUp: { mean, p90 } }) =>
      p90 === undefined ? mean : mean * (0.5 + share(stage, ordinal, 9)),
  };
}

function arrivalsOf(rates: Float64Array): Float64Array {
  const instants = [...rates].flatMap((rate, second) =>
    Array.from({ length: Math.floor(rate) }, (_, k) => second + share(second, k, 0)),
  );
  return Float64Array.from(instants).toSorted();
}

/** In [0, 1), the same for the same key. */
function share(a: number, b: number, c: number): number {
  let hash = Math.imul(a + 1, 0x9e3779b1) ^ Math.imul(b + 1, 0x85ebca6b) ^ Math.imul(c + 1, 0xc2b2ae35);
  for (const shift of [15, 13, 16]) hash = Math.imul(hash ^ (hash >>> shift), 0x2c1b3c6d);
  return (hash >>> 0) / 2 ** 32;
}
