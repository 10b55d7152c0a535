import assert from "node:assert/strict";
import { test } from "node:test";
import type { Scenario } from "../../src/sim/scenario.ts";
import type { Run } from "../../src/core/run-log.ts";
import { simulate } from "../../src/sim/simulator.ts";
import type { Pipeline } from "../../src/core/pipeline.ts";
import { visitsOf } from "../../src/core/visits.ts";
import { percentile } from "../../src/core/percentile.ts";
import { Z_99 } from "../../src/core/profile.ts";
import { constantRate, hold, pipelineOf, plan, scenarioOf, variant } from "../fixtures.ts";

// The simulator against queueing theory. Each statistic is the mean of 30 replications (seeds 1–30);
// theory must lie inside its 99.9 % t-interval, and the interval must be at most ±1 % of theory wide,
// so that a wrong simulator is found out. A law that fails is tried once more, on seeds 31–150.

/** Student's t, two-sided 99.9 %, by degrees of freedom: tables, e.g. NIST/SEMATECH e-Handbook 1.3.6.7.2. */
const T_999: Readonly<Record<number, number>> = { 29: 3.659, 119: 3.374 };

interface Law {
  readonly name: string;
  readonly scenario: Scenario;
  /** Name of each statistic, its theory, and how a run gives it. */
  readonly statistics: Readonly<Record<string, readonly [theory: number, of: (run: Run) => number]>>;
}

const mean = (values: ArrayLike<number>): number => {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] ?? 0;
  return sum / values.length;
};

/** The longest interval: theory needs no decisions. */
const once = { adaptation: { ...pipelineOf([]).adaptation, interval: 1e12 } };

function law(
  name: string,
  scenario: Partial<Scenario> & Pick<Scenario, "pipeline" | "trace" | "startPlan">,
  statistics: Law["statistics"],
): Law {
  const { pipeline, trace, startPlan, ...rest } = scenario;
  const base = scenarioOf(pipeline, startPlan, 0, {
    trace,
    arrivals: "poisson",
    service: "exponential",
    keepRequests: false,
    keepVisits: false,
  });
  return { name, scenario: { ...base, ...rest }, statistics };
}

/** Erlang's C: the probability of waiting in M/M/c, by the Erlang-B recursion. */
function erlangC(servers: number, utilisation: number): number {
  let blocking = 1;
  for (let n = 1; n <= servers; n++) {
    blocking = (servers * utilisation * blocking) / (n + servers * utilisation * blocking);
  }
  return blocking / (1 - utilisation * (1 - blocking));
}

function bisect(f: (x: number) => number, low: number, high: number): number {
  for (let i = 0; i < 200; i++) {
    const middle = (low + high) / 2;
    if (f(middle) > 0 === f(low) > 0) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

const WARMUP = 2000;
const single = pipelineOf([[variant("a", { 1: 1 })]], once);
const sojourn = (run: Run): number => mean(run.latencies);
const wait = (run: Run): number => run.stages[0]?.meanWait ?? 0;

function mm1(): Law {
  const rate = 0.6;
  return law(
    "M/M/1",
    { pipeline: single, trace: constantRate(rate, 400_000), startPlan: plan(["a", 1]), warmup: WARMUP },
    {
      "mean sojourn": [1 / (1 - rate), sojourn],
      "mean wait": [rate / (1 - rate), wait],
    },
  );
}

function mmc(): Law {
  const [servers, rate] = [3, 2.1];
  const c = erlangC(servers, rate / servers);
  const beyond = 0.5;
  return law(
    "M/M/c",
    {
      pipeline: single,
      trace: constantRate(rate, 250_000),
      startPlan: plan(["a", servers]),
      warmup: WARMUP,
      keepVisits: true,
    },
    {
      "mean wait": [c / (servers - rate), wait],
      "P(W > t)": [
        c * Math.exp(-(servers - rate) * beyond),
        ({ visitRecords }) => {
          let [late, all] = [0, 0];
          visitRecords?.start.forEach((start, i) => {
            const arrival = visitRecords.arrival[i] ?? NaN;
            if (arrival < WARMUP || Number.isNaN(start)) return;
            all++;
            if (start - arrival > beyond) late++;
          });
          return late / all;
        },
      ],
    },
  );
}

function md1(): Law {
  const rate = 0.7;
  return law(
    "M/D/1",
    {
      pipeline: single,
      trace: constantRate(rate, 330_000),
      startPlan: plan(["a", 1]),
      service: "deterministic",
      warmup: WARMUP,
    },
    { "mean wait": [rate / (2 * (1 - rate)), wait] },
  );
}

/** Pollaczek–Khinchine with lognormal service: E[S²] = e^{σ²} of a mean of 1. */
function mg1(): Law {
  const rate = 0.6;
  const p99 = 2.5;
  const sigma = Z_99 - Math.sqrt(Z_99 ** 2 - 2 * Math.log(p99));
  const pipeline = pipelineOf([[variant("a", { 1: 1 }, { profile: [{ batch: 1, mean: 1, p99 }] })]], once);
  return law(
    "M/G/1 lognormal",
    { pipeline, trace: constantRate(rate, 300_000), startPlan: plan(["a", 1]), service: "lognormal", warmup: WARMUP },
    { "mean wait": [(rate * Math.exp(sigma ** 2)) / (2 * (1 - rate)), wait] },
  );
}

/** Mean number of items at a stage over the whole run: a walk through the arrivals and the ends, each in its own order. */
function meanPresent(run: Run, stage: number): number {
  const { visitRecords: visits, duration } = run;
  if (visits === null) return NaN;
  const of = (column: Float64Array) => column.filter((_, i) => visits.stage[i] === stage).sort();
  const [arrivals, ends] = [of(visits.arrival), of(visits.end)];
  let [now, present, area, a, e] = [0, 0, 0, 0, 0];
  while (now < duration) {
    const arrives = (arrivals[a] ?? Infinity) <= (ends[e] ?? Infinity);
    const next = Math.min(duration, arrives ? (arrivals[a] ?? Infinity) : (ends[e] ?? Infinity));
    area += present * (next - now);
    now = next;
    present += arrives ? 1 : -1;
    if (arrives) a++;
    else e++;
  }
  return area / duration;
}

/** Little's law at each stage of a tandem: the mean number present, counted, is the load times the mean sojourn. */
function little(): Law {
  const [rate, seconds] = [0.5, 200_000];
  const ratio = (stage: number) => (run: Run) =>
    meanPresent(run, stage) / (rate * (run.stages[stage]?.meanSojourn ?? NaN));
  const first = rate / (1 - rate);
  const second = rate / (1.25 - rate);
  return law(
    "Little's law",
    {
      pipeline: pipelineOf([[variant("a", { 1: 1 })], [variant("a", { 1: 0.8 })]], once),
      trace: constantRate(rate, seconds),
      startPlan: plan(["a", 1], ["a", 1]),
      keepVisits: true,
    },
    {
      "present over load × sojourn, first stage": [1, ratio(0)],
      "present over load × sojourn, second stage": [1, ratio(1)],
      "present at the first stage": [first, (run) => meanPresent(run, 0)],
      "present at the second stage": [second, (run) => meanPresent(run, 1)],
    },
  );
}

/** Sojourns of tandem M/M/1 queues are independent exponentials (Burke 1956, Reich 1957). */
function tandem(): Law {
  const rate = 0.5;
  const [a, b] = [1 - rate, 1.25 - rate];
  const tail = (t: number): number => (b * Math.exp(-a * t) - a * Math.exp(-b * t)) / (b - a);
  const pipeline = pipelineOf([[variant("a", { 1: 1 })], [variant("a", { 1: 0.8 })]], once);
  return law(
    "tandem M/M/1",
    {
      pipeline,
      trace: constantRate(rate, 400_000),
      startPlan: plan(["a", 1], ["a", 1]),
      warmup: WARMUP,
    },
    {
      "p99 end to end": [bisect((t) => tail(t) - 0.01, 0, 100), (run) => percentile(run.latencies, 0.99) ?? 0],
      "mean sojourn of the second": [1 / b, (run) => run.stages[1]?.meanSojourn ?? 0],
    },
  );
}

/**
 * Bulk service M/M(1,b)/1 (Bailey's rule with batches of 1 to b at once): with r the root in (0, 1) of
 * λ + μ·r^{b+1} = (λ + μ)·r, the queue behind a busy server is geometric in r (Gross et al.,
 * Fundamentals of Queueing Theory, 4th ed., section 3.2): E[queue] = P₀·λ/μ · r/(1−r)² · … below.
 */
function bulk(): Law {
  const [rate, batch] = [2, 4];
  const r = bisect((x) => rate + x ** (batch + 1) - (rate + 1) * x, 0, 1 - 1e-9);
  // States: idle with none waiting (p0), busy with n waiting (q_n = q0·r^n); λ·p0 = μ·q0.
  const q0 = 1 / (1 / rate + 1 / (1 - r));
  const waiting = (q0 * r) / (1 - r) ** 2;
  const pipeline = pipelineOf([[variant("a", { 1: 1, 2: 1, 3: 1, 4: 1 })]], once);
  return law(
    "M/M(1,b)/1",
    {
      pipeline,
      trace: constantRate(rate, 150_000),
      startPlan: plan(["a", 1, batch, 0]),
      warmup: WARMUP,
    },
    { "mean wait": [waiting / rate, wait] },
  );
}

/** Full batches only: each batch arrives as an Erlang-b renewal, E_b/M/1; G/M/1 gives the wait of batches. */
function fullBatches(): Law {
  const [rate, batch] = [2.4, 4];
  const a = bisect((x) => (rate / (rate + 1 - x)) ** batch - x, 1e-9, 1 - 1e-6);
  // A batch waits a/(μ(1−a)); a request waits for the rest of its batch (b−1)/(2λ) besides.
  const pipeline = pipelineOf([[variant("a", { 1: 1, 2: 1, 3: 1, 4: 1 })]], once);
  return law(
    "E_b/M/1",
    {
      pipeline,
      trace: constantRate(rate, 250_000),
      startPlan: plan(["a", 1, batch, Infinity]),
      warmup: WARMUP,
    },
    { "mean wait": [a / (1 - a) + (batch - 1) / (2 * rate), wait] },
  );
}

/**
 * M_t/M/∞ under a sine load: the mean number present at t is ∫ λ(t − u)·e^{−u} du, for a sine
 * base + swing/(1 + ω²)·(sin ωt − ω·cos ωt) (Eick, Massey, Whitt 1993). The rate is constant within each
 * second, as in every trace, at the sine's middle: then it is Σ λ_j·(e^{−(t−j−1)} − e^{−(t−j)}).
 */
function infiniteServers(): Law {
  const [base, swing, period, periods] = [20, 10, 40, 400];
  const omega = (2 * Math.PI) / period;
  const rate = (second: number): number => base + swing * Math.sin(omega * (second + 0.5));
  const sine = (t: number): number =>
    base + (swing / (1 + omega ** 2)) * (Math.sin(omega * t) - omega * Math.cos(omega * t));
  const exact = (t: number): number => {
    let present = 0;
    for (let second = t - 60; second < t; second++) {
      present += rate(second) * (Math.exp(second + 1 - t) - Math.exp(second - t));
    }
    assert.ok(Math.abs(present - sine(t)) < 0.005 * sine(t), `${present} is far from the sine's ${sine(t)}`);
    return present;
  };
  const present = (phase: number) => (run: Run) => {
    let count = 0;
    const { arrival, departure } = run.requestRecords ?? { arrival: new Float64Array(), departure: new Float64Array() };
    arrival.forEach((from, i) => {
      const until = departure[i] ?? NaN;
      // The instants phase + k·period, of all but the first period, that fall into [from, until).
      if (from >= period) count += Math.ceil((until - phase) / period) - Math.ceil((from - phase) / period);
      else if (until > period + phase) count += 1;
    });
    return count / (periods - 1);
  };
  return law(
    "M_t/M/∞",
    {
      pipeline: pipelineOf([[variant("a", { 1: 1 })]], { ...once, limits: { replicas: 1000, batch: 1 } }),
      trace: { kind: "rates", name: "sine", rates: Float64Array.from({ length: period * periods }, (_, s) => rate(s)) },
      startPlan: plan(["a", 90]),
      keepRequests: true,
    },
    {
      "present at a quarter": [exact(period / 4), present(period / 4)],
      "present at three quarters": [exact((3 * period) / 4), present((3 * period) / 4)],
    },
  );
}

/** These stages as a graph, with no decisions. */
function graph(stages: readonly { readonly after: readonly string[]; readonly fanOut: number }[]): Pipeline {
  const plain = pipelineOf(
    stages.map(() => [variant("a", { 1: 1 })]),
    once,
  );
  return { ...plain, stages: plain.stages.map((stage, s) => ({ ...stage, ...stages[s] })) };
}

/**
 * A request served by two M/M/1 queues at once, which meet again: (12 − ρ)/(8(μ − λ)) on average (Flatto & Hahn 1984;
 * Nelson & Tantawi 1988).
 */
function forkJoin(): Law {
  const rate = 0.4;
  const pipeline = graph([
    { after: [], fanOut: 1 },
    { after: [], fanOut: 1 },
  ]);
  return law(
    "fork–join of two M/M/1",
    { pipeline, trace: constantRate(rate, 120_000), startPlan: plan(["a", 1], ["a", 1]), warmup: WARMUP },
    { "mean sojourn": [(12 - rate) / (8 * (1 - rate)), sojourn] },
  );
}

/** Arrivals in bulk, M^k/M/1: L = ρ(k + 1)/(2(1 − ρ)) items (Gross et al., Fundamentals of Queueing Theory, section 3.1). */
function bulkArrivals(): Law {
  const [rate, items] = [0.15, 3];
  const utilisation = rate * items;
  const present = (utilisation * (items + 1)) / (2 * (1 - utilisation));
  return law(
    "M^k/M/1",
    {
      pipeline: graph([{ after: [], fanOut: items }]),
      trace: constantRate(rate, 300_000),
      startPlan: plan(["a", 1]),
      warmup: WARMUP,
      keepVisits: true,
    },
    {
      "items present": [present, (run) => meanPresent(run, 0)],
      "mean sojourn of an item": [present / (rate * items), (run) => run.stages[0]?.meanSojourn ?? 0],
    },
  );
}

/** Little's law at each stage of a graph that fans out and joins: the load there is what `visitsOf` expects. */
function littleOnGraph(): Law {
  const [rate, seconds] = [0.25, 60_000];
  const pipeline = graph([
    { after: [], fanOut: 1 },
    { after: ["s0"], fanOut: 1.8 },
    { after: ["s0"], fanOut: 0.6 },
    { after: ["s1", "s2"], fanOut: 1 },
  ]);
  const statistics = visitsOf(pipeline.stages).map(({ stage, items }, s): [string, [number, (run: Run) => number]] => [
    stage.name,
    [1, (run) => meanPresent(run, s) / (rate * items * (run.stages[s]?.meanSojourn ?? NaN))],
  ]);
  return law(
    "Little's law on a graph",
    {
      pipeline,
      trace: constantRate(rate, seconds),
      startPlan: plan(["a", 1], ["a", 1], ["a", 1], ["a", 1]),
      keepVisits: true,
    },
    Object.fromEntries(statistics),
  );
}

function judge({ scenario, statistics }: Law, seeds: readonly number[]): readonly string[] {
  const runs = seeds.map((seed) => {
    const run = simulate({ ...scenario, seed }, hold);
    return Object.values(statistics).map(([, of]) => of(run));
  });
  return Object.entries(statistics).flatMap(([name, [theory]], k) => {
    const values = runs.map((run) => run[k] ?? NaN);
    const average = mean(values);
    const deviation = Math.sqrt(values.reduce((sum, v) => sum + (v - average) ** 2, 0) / (values.length - 1));
    const half = ((T_999[values.length - 1] ?? NaN) * deviation) / Math.sqrt(values.length);
    const text = `${name}: ${average} ± ${half}, theory ${theory}`;
    if (!(half <= 0.01 * theory)) return [`too few requests to tell: ${text}`];
    return Math.abs(average - theory) <= half ? [] : [text];
  });
}

const range = (from: number, to: number): readonly number[] =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i);

for (const one of [
  mm1(),
  mmc(),
  md1(),
  mg1(),
  tandem(),
  little(),
  bulk(),
  fullBatches(),
  infiniteServers(),
  forkJoin(),
  bulkArrivals(),
  littleOnGraph(),
]) {
  test(`the simulator agrees with theory: ${one.name}`, () => {
    const first = judge(one, range(1, 30));
    const failures = first.length === 0 ? first : judge(one, range(31, 150));
    assert.deepEqual(failures, [], `on seeds 1–30: ${first.join("; ")}`);
  });
}
