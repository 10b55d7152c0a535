import { accuracyOf } from "../core/accuracy.ts";
import { planObjective } from "../core/assess.ts";
import type { LoadSeries } from "../core/cluster.ts";
import type { Decision } from "../core/decide.ts";
import { newestLoad } from "../core/loop.ts";
import type { Pipeline } from "../core/pipeline.ts";
import { planCores, planVariants, samePlan, type Plan } from "../core/plan.ts";
import { isSolved } from "../core/problem.ts";
import type { IntervalRow, Run } from "../core/run-log.ts";
import { drawsOf, type Draws } from "../workload/draws.ts";
import { traceEnd } from "../workload/trace.ts";
import { Network } from "./network.ts";
import type { Control, Scenario } from "./scenario.ts";
import { Lately } from "./lately.ts";
import { TimeAverage } from "./statistics.ts";
import { Totals } from "./totals.ts";

/**
 * Replays a scenario in virtual time, asking `control` at every interval; rules S1–S18 of
 * docs/simulator.md. All that is random is in `draws`, which a test may give.
 */
export function simulate(
  scenario: Scenario,
  control: Control,
  draws: Draws = drawsOf(scenario, scenario.pipeline.stages),
): Run {
  const { pipeline, trace, warmup, decisionDelay, drop } = scenario;
  const { interval } = pipeline.adaptation;
  const { arrivals } = draws;
  const end = traceEnd(trace);
  const cutOff = end + Math.max(60, 2 * pipeline.sla.seconds, drop.kind === "none" ? 0 : drop.seconds);
  const totals = new Totals(scenario, { end, cutOff }, arrivals);
  const network = new Network(scenario, draws, totals);
  const source = new Source(arrivals, end, network);

  const averages = {
    cores: new TimeAverage(warmup),
    objective: new TimeAverage(warmup),
    accuracy: new TimeAverage(warmup),
  };
  const coreSeconds = pipeline.stages.map(() => 0);
  const intervals: IntervalRow[] = [];
  let [decisions, infeasibleDecisions, planChanges] = [0, 0, 0];
  let promise = putInForce(scenario.startPlan, 0);

  const lately = new Lately(pipeline.adaptation);
  let decision: Decision | null = null;
  let newest: number | null = null;
  for (let from = 0; ;) {
    const to = Math.min((intervals.length + 1) * interval, end);
    const arrivedBefore = source.arrived;
    const due = from + decisionDelay;
    let inRow = promise;
    if (decision !== null && due < end) {
      if (due > from) source.advanceTo(due);
      // Also where nothing changes: what there was no room for is tried again (S12).
      network.apply(decision, newest);
      if (decision.plan !== promise.plan) promise = putInForce(decision.plan, due);
      if (due === from) inRow = promise;
    }
    source.advanceTo(to);
    const stages = network.stages.map((stage) => stage.load(from, to));
    closeInterval(from, to, source.arrived - arrivedBefore, decision, inRow);
    if (to >= end) break;

    const load = source.loadBefore(to, scenario.history, pipeline.adaptation.history);
    newest = newestLoad(load, pipeline.adaptation.loadWindow);
    const replicas = network.counts();
    const seen = { now: to, load, running: promise.plan, replicas, stages, state: decision?.state ?? null };
    decision = control(scenario.measuresService ? { ...seen, served: lately.add(network.served()) } : seen);
    if (to >= warmup) {
      decisions++;
      if (!isFeasible(decision)) infeasibleDecisions++;
      if (!samePlan(decision.plan, promise.plan)) planChanges++;
    }
    from = to;
  }
  // The instant of the cut-off itself still happens.
  source.advanceTo(nextUp(cutOff));
  network.finish();
  return {
    duration: end,
    ...totals.summary(coreSeconds),
    plannedCores: averages.cores.over(end),
    objectiveAccuracy: averages.accuracy.over(end),
    objective: averages.objective.over(end),
    decisions,
    infeasibleDecisions,
    planChanges,
    intervals,
  };

  function putInForce(plan: Plan, now: number): Promised {
    const next = promiseOf(pipeline, plan);
    averages.cores.set(next.cores, now);
    averages.objective.set(next.objective, now);
    averages.accuracy.set(next.accuracy, now);
    return next;
  }

  function closeInterval(from: number, to: number, arrived: number, made: Decision | null, promised: Promised): void {
    network.stages.forEach((stage, s) => {
      coreSeconds[s] = (coreSeconds[s] ?? 0) + stage.coreSeconds(Math.max(from, warmup), Math.max(to, warmup));
    });
    const held = network.stages.reduce((sum, stage) => sum + stage.coreSeconds(from, to), 0);
    const { served, late, dropped } = totals.interval;
    const [latencyP50, latencyP99] = totals.interval.percentiles(0.5, 0.99);
    intervals.push({
      from,
      to,
      predicted: made?.load ?? null,
      planned: made?.planned ?? null,
      reason: made?.reason ?? "first",
      change: made?.change ?? 0,
      feasible: made === null ? scenario.startFeasible : isFeasible(made),
      plan: promised.plan,
      objective: promised.objective,
      accuracy: promised.accuracy,
      plannedCores: promised.cores,
      costCores: held / (to - from),
      ready: network.stages.map((stage) => stage.ready()),
      arrived,
      served,
      late,
      dropped,
      latencyP50,
      latencyP99,
    });
    totals.interval.clear();
    for (const stage of network.stages) stage.forget(to);
  }
}

/** The requests of a run on their way into the network, and what is seen of them. */
class Source {
  arrived = 0;
  private readonly arrivals: Float64Array;
  private readonly network: Network;
  /** Arrivals in each second. */
  private readonly counts: Float64Array;

  constructor(arrivals: Float64Array, end: number, network: Network) {
    this.arrivals = arrivals;
    this.network = network;
    this.counts = new Float64Array(Math.ceil(end));
  }

  advanceTo(until: number): void {
    const first = this.arrived;
    this.arrived = countArrivals(this.arrivals, first, until, this.counts);
    this.network.arrive(first, this.arrivals.subarray(first, this.arrived));
    this.network.advanceTo(until);
  }

  /** S7: counts of the whole seconds that are over at `now`; of those before time 0 only what `history` has. */
  loadBefore(now: number, history: readonly number[], seconds: number): LoadSeries {
    const end = Math.floor(now);
    const first = Math.max(end - Math.floor(seconds), -history.length);
    const rates: (number | null)[] = [];
    for (let second = first; second < end; second++) {
      rates.push(second < 0 ? (history[history.length + second] ?? null) : this.counts[second]!);
    }
    return { end, step: 1, rates };
  }
}

/** Counts the arrivals from place `first` on that come before an instant, by second; returns the place of the next. */
function countArrivals(arrivals: Float64Array, first: number, until: number, counts: Float64Array): number {
  let next = first;
  for (; next < arrivals.length && arrivals[next]! < until; next++) counts[Math.floor(arrivals[next]!)]! += 1;
  return next;
}

/** A plan in force, with what it promises. */
interface Promised {
  readonly plan: Plan;
  readonly accuracy: number;
  readonly objective: number;
  readonly cores: number;
}

function promiseOf(pipeline: Pipeline, plan: Plan): Promised {
  return {
    plan,
    accuracy: accuracyOf(pipeline.objective.accuracy, pipeline.stages, planVariants(pipeline, plan)),
    objective: planObjective(pipeline, plan),
    cores: planCores(pipeline, plan),
  };
}

function isFeasible({ outcome, reason }: Decision): boolean {
  // A rule has no outcome.
  if (outcome === null) return reason !== "held-infeasible";
  return isSolved(outcome);
}

/** The next greater number: everything at or before x is before it. */
function nextUp(x: number): number {
  const bits = new BigInt64Array(Float64Array.of(x).buffer);
  bits[0] = (bits[0] ?? 0n) + 1n;
  return new Float64Array(bits.buffer)[0] ?? x;
}
