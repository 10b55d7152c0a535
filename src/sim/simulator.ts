import { percentile } from "../core/percentile.ts";
import { accuracyOf } from "../core/accuracy.ts";
import { planObjective } from "../core/assess.ts";
import type { Observation } from "../core/cluster.ts";
import type { Decision } from "../core/decide.ts";
import { planCores, planVariants, type Plan } from "../core/plan.ts";
import type { IntervalRow } from "../core/run-log.ts";
import { arrivalsOf } from "../workload/arrivals.ts";
import { traceEnd } from "../workload/trace.ts";
import { Network } from "./network.ts";
import { RequestRecorder, VisitRecorder } from "./recorder.ts";
import type { Run } from "../core/run-log.ts";
import type { Control, Scenario } from "./scenario.ts";
import { Ended, StageTally, TimeAverage } from "./statistics.ts";

/** Replays a scenario in virtual time, asking `control` at every interval; rules S1–S16 of docs/simulator.md. */
export function simulate(scenario: Scenario, control: Control): Run {
  const { pipeline, trace, seed, warmup, decisionDelay } = scenario;
  const { interval } = pipeline.adaptation;
  const sla = pipeline.sla.seconds;
  const arrivals = arrivalsOf(trace, scenario.arrivals, seed);
  const end = traceEnd(trace);
  const cutOff = end + Math.max(60, 2 * sla, scenario.drop.kind === "none" ? 0 : scenario.drop.seconds);

  const counts = new Float64Array(Math.ceil(end));
  const total = new Ended();
  const tallies = pipeline.stages.map(() => new StageTally());
  const counted = (now: number): boolean => now >= warmup && now <= end;
  let [accuracySum, onTimeSum] = [0, 0];
  let row = new Ended();
  const requests = scenario.keepRequests ? new RequestRecorder(arrivals) : null;
  const visits = scenario.keepVisits ? new VisitRecorder(pipeline.stages.length) : null;
  const tally = (s: number): StageTally => tallies[s] ?? new StageTally();
  const network = new Network(scenario, {
    onDepart: (request, origin, now, accuracy) => {
      row.serve(now - origin, sla);
      requests?.depart(request, now);
      if (origin < warmup) return;
      accuracySum += accuracy;
      if (total.serve(now - origin, sla)) onTimeSum += accuracy;
    },
    onDrop: (s, request, origin) => {
      row.dropped++;
      requests?.drop(request, s);
      if (origin < warmup) return;
      total.dropped++;
      tally(s).dropped++;
    },
    onServe: (s, origin, arrival, start, ended) => {
      if (origin >= warmup) tally(s).serve(arrival, start, ended);
    },
    onBatch: (s, start) => {
      if (start >= warmup) tally(s).batches++;
    },
    onStartUp: (s, now) => {
      if (counted(now)) tally(s).replicasStarted++;
    },
    onHandOver: (s, now) => {
      if (counted(now)) tally(s).switches++;
    },
    onDiscard: (s, flow, before) => visits?.keep(s, flow, before, cutOff),
  });

  const planned = new TimeAverage(warmup);
  const objective = new TimeAverage(warmup);
  const accuracy = new TimeAverage(warmup);
  const stageCores = pipeline.stages.map(() => 0);
  const intervals: IntervalRow[] = [];
  let arrived = 0;
  let [decisions, infeasible] = [0, 0];
  let inForce: Plan = [];
  let promise = { accuracy: 0, objective: 0, cores: 0 };

  putInForce(scenario.startPlan, 0);
  let decision: Decision | null = null;
  let from = 0;
  for (let k = 1; ; k++) {
    const to = Math.min(k * interval, end);
    const firstOfRow = arrived;
    const due = from + decisionDelay;
    let [rowPlan, rowPromise] = [inForce, promise];
    if (decision !== null && due < end) {
      if (due > from) advanceTo(due);
      if (decision.plan !== inForce) {
        network.apply(decision.plan);
        putInForce(decision.plan, due);
      }
      if (due === from) [rowPlan, rowPromise] = [inForce, promise];
    }
    advanceTo(to);
    closeRow(from, to, firstOfRow, decision, rowPlan, rowPromise);
    if (to >= end) break;
    decision = control(observe(to));
    if (to >= warmup) {
      decisions++;
      if (!isFeasible(decision)) infeasible++;
    }
    from = to;
  }
  // The cut-off instant itself still happens.
  advanceTo(nextUp(cutOff));
  network.finish();

  const latencies = total.ascending();
  const offered = arrivals.length - countBefore(arrivals, warmup);
  const measured = end - warmup;
  const stages = pipeline.stages.map((stage, s) => {
    const { batches, items, dropped, switches, replicasStarted } = tally(s);
    return {
      stage: stage.name,
      costCores: (stageCores[s] ?? 0) / measured,
      batches,
      items,
      dropped,
      switches,
      replicasStarted,
      meanWait: tally(s).meanWait(),
      meanSojourn: tally(s).meanSojourn(),
    };
  });
  return {
    duration: end,
    requests: {
      offered,
      served: total.served,
      dropped: total.dropped,
      inFlight: offered - total.served - total.dropped,
      late: total.late,
    },
    latencies,
    accuracy: total.served === 0 ? null : accuracySum / total.served,
    accuracyOnTime: offered === 0 ? null : onTimeSum / offered,
    costCores: stages.reduce((sum, stage) => sum + stage.costCores, 0),
    plannedCores: planned.over(end),
    objectiveAccuracy: accuracy.over(end),
    objective: objective.over(end),
    decisions,
    infeasibleDecisions: infeasible,
    replicasStarted: stages.reduce((sum, stage) => sum + stage.replicasStarted, 0),
    switches: stages.reduce((sum, stage) => sum + stage.switches, 0),
    stages,
    intervals,
    requestRecords: requests?.done() ?? null,
    visitRecords: visits?.done() ?? null,
  };

  function advanceTo(until: number): void {
    for (; arrived < arrivals.length && arrivals[arrived]! < until; arrived++) {
      const at = arrivals[arrived]!;
      const second = Math.floor(at);
      counts[second] = (counts[second] ?? 0) + 1;
      network.arrive(arrived, at);
    }
    network.advanceTo(until);
  }

  function putInForce(plan: Plan, now: number): void {
    inForce = plan;
    promise = {
      accuracy: accuracyOf(pipeline.objective.accuracy, pipeline.stages, planVariants(pipeline, plan)),
      objective: planObjective(pipeline, plan),
      cores: planCores(pipeline, plan),
    };
    planned.set(promise.cores, now);
    objective.set(promise.objective, now);
    accuracy.set(promise.accuracy, now);
  }

  /** S7: sees only what precedes the tick. */
  function observe(now: number): Observation {
    // Counts of whole seconds: the last one that is over ends here.
    const last = Math.floor(now);
    const before = scenario.history;
    const first = Math.max(last - Math.floor(pipeline.adaptation.history), -before.length);
    const rates = Array.from({ length: last - first }, (_, i) => {
      const second = first + i;
      return second < 0 ? (before[before.length + second] ?? null) : (counts[second] ?? null);
    });
    const replicas = network.stages.flatMap((stage) => stage.counts());
    return { now, load: { end: last, step: 1, rates }, running: inForce, replicas };
  }

  function closeRow(
    start: number,
    to: number,
    firstOfRow: number,
    made: Decision | null,
    plan: Plan,
    promised: typeof promise,
  ): void {
    network.stages.forEach((stage, s) => {
      stageCores[s] = (stageCores[s] ?? 0) + stage.coreSeconds(Math.max(start, warmup), Math.max(to, warmup));
    });
    const coreSeconds = network.stages.reduce((sum, stage) => sum + stage.coreSeconds(start, to), 0);
    const ascending = row.ascending();
    intervals.push({
      from: start,
      to,
      predicted: made?.load ?? null,
      planned: made?.planned ?? null,
      reason: made?.reason ?? "first",
      feasible: made === null || isFeasible(made),
      plan,
      objective: promised.objective,
      accuracy: promised.accuracy,
      plannedCores: promised.cores,
      costCores: coreSeconds / (to - start),
      ready: network.stages.map((stage) => stage.ready()),
      arrived: arrived - firstOfRow,
      served: row.served,
      late: row.late,
      dropped: row.dropped,
      latencyP50: percentile(ascending, 0.5),
      latencyP99: percentile(ascending, 0.99),
    });
    row = new Ended();
    for (const stage of network.stages) stage.forget(to);
  }
}

function isFeasible({ outcome }: Decision): boolean {
  return outcome === null || outcome.status === "optimal" || outcome.status === "feasible";
}

function countBefore(ascending: Float64Array, limit: number): number {
  const found = ascending.findIndex((value) => value >= limit);
  return found < 0 ? ascending.length : found;
}

/** The next greater number: everything at or before x is before it. */
function nextUp(x: number): number {
  const bits = new BigInt64Array(Float64Array.of(x).buffer);
  bits[0] = (bits[0] ?? 0n) + 1n;
  return new Float64Array(bits.buffer)[0] ?? x;
}
