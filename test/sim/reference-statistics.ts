import { accuracyOf } from "../../src/core/accuracy.ts";
import type { Decision } from "../../src/core/decide.ts";
import { planCores, planVariants, samePlan, type Plan } from "../../src/core/plan.ts";
import {
  outcomes,
  visitOutcomes,
  type RequestRecords,
  type VisitRecords,
  type IntervalRow,
} from "../../src/core/run-log.ts";
import type { Pipeline } from "../../src/core/pipeline.ts";
import type { Run, StageTotals } from "../../src/core/run-log.ts";
import type { Scenario } from "../../src/sim/scenario.ts";
import { traceEnd } from "../../src/workload/trace.ts";
import type { History, Request, StageState } from "./reference-state.ts";

/** S12, S13, S16: the statistics and records of what happened in a run. */
export function summarise(scenario: Scenario, history: History): Run {
  const { pipeline, warmup } = scenario;
  const duration = traceEnd(scenario.trace);
  const offered = history.requests.filter((request) => request.arrival >= warmup);
  const served = offered.filter((request) => request.outcome === "served");
  const onTime = served.filter((request) => isOnTime(request, pipeline));
  const ticks = history.ticks.filter((tick) => tick.at >= warmup);
  const decisions = ticks.map((tick) => tick.decision);
  const stages = history.stages.map((stage) => stageTotals(stage, warmup, duration));
  const overPlans = (value: (plan: Plan) => number): number =>
    timeAverage(
      history.plans.map(({ from, plan }, p) => ({
        from,
        until: history.plans[p + 1]?.from ?? Infinity,
        value: value(plan),
      })),
      warmup,
      duration,
    );
  return {
    duration,
    requests: {
      offered: offered.length,
      served: served.length,
      dropped: offered.filter((request) => request.outcome === "dropped").length,
      inFlight: offered.filter((request) => request.outcome === "in_flight").length,
      late: served.length - onTime.length,
    },
    latencies: Float64Array.from(served, latencyOf).toSorted(),
    accuracy: mean(served.map(accuracyOfRequest)),
    accuracyOnTime: offered.length === 0 ? null : sum(onTime.map(accuracyOfRequest)) / offered.length,
    costCores: sum(stages.map((stage) => stage.costCores)),
    plannedCores: overPlans((plan) => planCores(pipeline, plan)),
    objectiveAccuracy: overPlans((plan) => planAccuracy(pipeline, plan)),
    objective: overPlans((plan) => planObjective(pipeline, plan)),
    decisions: decisions.length,
    infeasibleDecisions: decisions.filter((decision) => !isFeasible(decision)).length,
    planChanges: ticks.filter(({ decision, running }) => !samePlan(decision.plan, running)).length,
    replicasStarted: sum(stages.map((stage) => stage.replicasStarted)),
    switches: sum(stages.map((stage) => stage.switches)),
    blocked: history.blocked.filter((instant) => instant >= warmup && instant <= duration).length,
    stages,
    intervals: intervalRows(scenario, history, duration),
    requestRecords: scenario.keepRequests ? requestRecords(history.requests) : null,
    visitRecords: scenario.keepVisits ? visitRecords(history.stages) : null,
  };
}

function stageTotals(state: StageState, warmup: number, duration: number): StageTotals {
  const counted = state.visits.filter((visit) => visit.request.arrival >= warmup);
  const served = counted.filter((visit) => visit.outcome === "served");
  const isMeasured = (instant: number): boolean => instant >= warmup && instant <= duration;
  return {
    stage: state.stage.name,
    costCores: heldCores([state], warmup, duration),
    batches: state.services.filter(({ start }) => start >= warmup).length,
    items: served.length,
    dropped: counted.filter((visit) => visit.outcome === "dropped").length,
    switches: state.handOvers.filter(isMeasured).length,
    // Those of time 0 were not started but found.
    replicasStarted: state.replicas.filter(({ startedAt }) => startedAt > 0 && isMeasured(startedAt)).length,
    meanWait: mean(served.map((visit) => visit.start - visit.arrival)),
    meanSojourn: mean(served.map((visit) => visit.end - visit.arrival)),
  };
}

/** One row from each tick to the next, and one from 0 to the first; the warm-up does not touch them. */
function intervalRows(scenario: Scenario, history: History, duration: number): IntervalRow[] {
  const { pipeline } = scenario;
  const starts = [null, ...history.ticks];
  return starts.map((tick, row): IntervalRow => {
    const from = tick?.at ?? 0;
    const to = starts[row + 1]?.at ?? duration;
    const within = (instant: number): boolean => instant >= from && instant < to;
    const ended = history.requests.filter((request) => within(request.endedAt));
    const served = ended.filter((request) => request.outcome === "served");
    const latencies = Float64Array.from(served, latencyOf).toSorted();
    // In force after the instant `from`, hence with what was applied at it.
    const plan = history.plans.findLast((planned) => planned.from <= from)?.plan ?? scenario.startPlan;
    return {
      from,
      to,
      predicted: tick?.decision.load ?? null,
      planned: tick?.decision.planned ?? null,
      reason: tick?.decision.reason ?? "first",
      change: tick?.decision.change ?? 0,
      feasible: tick === null ? scenario.startFeasible : isFeasible(tick.decision),
      plan,
      objective: planObjective(pipeline, plan),
      accuracy: planAccuracy(pipeline, plan),
      plannedCores: planCores(pipeline, plan),
      costCores: heldCores(history.stages, from, to),
      ready: history.readyAtEnd[row] ?? [],
      arrived: history.requests.filter((request) => within(request.arrival)).length,
      served: served.length,
      late: served.filter((request) => !isOnTime(request, pipeline)).length,
      dropped: ended.length - served.length,
      latencyP50: percentile(latencies, 0.5),
      latencyP99: percentile(latencies, 0.99),
    };
  });
}

function isFeasible({ outcome, reason }: Decision): boolean {
  if (outcome === null) return reason !== "held-infeasible";
  return outcome.status === "optimal" || outcome.status === "feasible";
}

function planAccuracy(pipeline: Pipeline, plan: Plan): number {
  return accuracyOf(pipeline.objective.accuracy, pipeline.stages, planVariants(pipeline, plan));
}

function planObjective(pipeline: Pipeline, plan: Plan): number {
  const { objective } = pipeline;
  const accuracy = planAccuracy(pipeline, plan);
  const cores = planCores(pipeline, plan);
  if (objective.kind === "maxAccuracy") return accuracy;
  if (objective.kind === "minCost") return -cores;
  const batches = sum(plan.map((setting) => setting.batch));
  return objective.alpha * accuracy - objective.beta * cores - objective.delta * batches;
}

/** S12: mean cores held over [from, to], each replica's from the start of its start-up to its release. */
function heldCores(stages: readonly StageState[], from: number, to: number): number {
  const spans = stages.flatMap((stage) =>
    stage.replicas.map((replica) => ({
      from: replica.startedAt,
      until: replica.releasedAt,
      value: replica.variant.coresPerReplica,
    })),
  );
  return timeAverage(spans, from, to);
}

interface Span {
  readonly from: number;
  readonly until: number;
  readonly value: number;
}

function timeAverage(spans: readonly Span[], from: number, to: number): number {
  const parts = spans.map((span) => {
    const length = Math.min(span.until, to) - Math.max(span.from, from);
    return length > 0 ? length * span.value : 0;
  });
  return sum(parts) / (to - from);
}

function latencyOf(request: Request): number {
  return request.endedAt - request.arrival;
}

function isOnTime(request: Request, pipeline: Pipeline): boolean {
  return latencyOf(request) <= pipeline.sla.seconds + 1e-9;
}

/** S14, S16: over the stages that served it, of the mean over its items there. */
function accuracyOfRequest(request: Request): number {
  return request.accuracies.reduce((product, items) => product * (mean(items) ?? 1), 1);
}

/** S16: the ⌈pN⌉-th smallest. */
function percentile(ascending: Float64Array, share: number): number | null {
  return ascending[Math.ceil(share * ascending.length) - 1] ?? null;
}

function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : sum(values) / values.length;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function requestRecords(requests: readonly Request[]): RequestRecords {
  return {
    arrival: Float64Array.from(requests, (request) => request.arrival),
    departure: Float64Array.from(requests, (request) => (request.outcome === "served" ? request.endedAt : NaN)),
    outcome: Uint8Array.from(requests, (request) => outcomes.indexOf(request.outcome)),
    droppedAt: Int16Array.from(requests, (request) => request.droppedAt),
  };
}

function visitRecords(stages: readonly StageState[]): VisitRecords {
  const visits = stages.flatMap(({ index, visits }) => visits.map((visit) => ({ ...visit, index })));
  return {
    request: Uint32Array.from(visits, (visit) => visit.request.id),
    item: Uint32Array.from(visits, (visit) => visit.item),
    stage: Uint16Array.from(visits, (visit) => visit.index),
    variant: Int16Array.from(visits, (visit) => visit.variant),
    batchSize: Uint16Array.from(visits, (visit) => visit.batchSize),
    arrival: Float64Array.from(visits, (visit) => visit.arrival),
    start: Float64Array.from(visits, (visit) => visit.start),
    end: Float64Array.from(visits, (visit) => visit.end),
    outcome: Uint8Array.from(visits, (visit) => visitOutcomes.indexOf(visit.outcome)),
  };
}
