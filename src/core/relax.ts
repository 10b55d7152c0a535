import { floorAccuracy, formulate, type Formulation } from "./formulate.ts";
import { plannedLoad } from "./load.ts";
import { settingsOf, usefulCounts } from "./options.ts";
import { unpinned } from "./pins.ts";
import type { Plan } from "./plan.ts";
import {
  isSolved,
  latencyOf,
  type Option,
  type Outcome,
  type Problem,
  type RowName,
  type Solver,
  tieWidth,
  useOf,
} from "./problem.ts";
import { visitsOf } from "./visits.ts";

/** The least change of one row, or of the load, that makes a plan possible, all else as it is. */
export interface Relaxation {
  readonly row: RowName | "load";
  /** Seconds, cores, accuracy, or requests per second before the margin; null if this alone does not help. */
  readonly value: number | null;
  readonly exact: boolean;
}

/** Names of the rows that a problem has. */
export function rowNames(problem: Problem): readonly RowName[] {
  return ["sla", ...problem.rows.map((row) => row.name)];
}

/** The same problem with one row at another limit. */
function withLimit(problem: Problem, name: RowName, limit: number): Problem {
  return name === "sla"
    ? { ...problem, latency: { ...problem.latency, limit } }
    : { ...problem, rows: problem.rows.map((row) => (row.name === name ? { ...row, limit } : row)) };
}

function use(problem: Problem, name: RowName, options: readonly Option[]): number {
  return name === "sla"
    ? latencyOf(problem, options)
    : useOf(
        options,
        problem.rows.findIndex((row) => row.name === name),
      );
}

/**
 * The rows that cost something: without the row alone there is a plan that is better by more than a
 * tie (of an infeasible problem: any plan). Found by solving again.
 */
export function bindingRows(problem: Problem, outcome: Outcome, solver: Solver): readonly RowName[] {
  return rowNames(problem).filter((name) => improves(withLimit(problem, name, Infinity), outcome, solver));
}

/** Whether a problem that asks for less has a plan that is better than an outcome by more than a tie; than none, any plan. */
export function improves(eased: Problem, outcome: Outcome, solver: Solver): boolean {
  const without = solver(eased);
  if (without.status !== "optimal" && without.status !== "feasible") return false;
  if (outcome.status !== "optimal" && outcome.status !== "feasible") return true;
  return without.objective > outcome.objective + tieWidth(outcome.objective);
}

/** Whether, likewise, all that the stages pin, forbid and bound costs something. What the policy pins stays. */
export function pinsBind(from: Formulation, planned: number, running: Plan, outcome: Outcome, solver: Solver): boolean {
  const pipeline = unpinned(from.pipeline);
  return pipeline !== from.pipeline && improves(formulate({ ...from, pipeline }, planned, running), outcome, solver);
}

/** The least relaxation of each row, and of the load, of an infeasible problem. `load`: before the margin. */
export function relaxations(from: Formulation, load: number, running: Plan, solver: Solver): readonly Relaxation[] {
  const problem = formulate(from, plannedLoad(from.pipeline, load), running);
  const rows = rowNames(problem).map((row): Relaxation => {
    const least = leastLimit(problem, row, solver);
    const { objective } = from.pipeline;
    return {
      row,
      value: least === null || row !== "accuracy_floor" ? least : floorAccuracy(objective, least),
      exact: true,
    };
  });
  // Rounded to the nearest whole rate, the loads of one plan have no greatest: the next half rate is planned higher.
  const exact = !from.pipeline.reproduction.roundLoad && !from.queueing.replicasMatter;
  const value = from.queueing.replicasMatter
    ? scannedLoad(from, load, running, solver)
    : greatestLoad(from, load, running, solver);
  return [...rows, { row: "load", value, exact }];
}

/** The least limit of one row at which the rest can be met, or null if no limit helps. */
export function leastLimit(problem: Problem, name: RowName, solver: Solver): number | null {
  const row = problem.rows.findIndex((one) => one.name === name);
  // Least total use; where the use of a path is more than the sum of its means, a first guess only.
  const least: Problem = {
    ...problem,
    alpha: 0,
    tieAlpha: 0,
    options: problem.options.map((ofStage) =>
      ofStage.map((option) => ({
        ...option,
        tie: 0,
        penalty: name === "sla" ? option.latency.mean : (option.uses[row] ?? 0),
      })),
    ),
  };
  let limit: number | null = null;
  for (;;) {
    const below = limit === null ? Infinity : limit - 2e-9 * Math.max(1, Math.abs(limit));
    const outcome = solver(withLimit(least, name, below));
    if (outcome.status !== "optimal" && outcome.status !== "feasible") return limit;
    limit = use(problem, name, outcome.options);
  }
}

/**
 * The greatest load below the asked one that has a plan, requests per second before the margin; null
 * if none down to `minLoad` has. With `paper` latency the loads that a choice of variants and
 * batches can carry are an interval, whose right end is where the replicas of one stage are full
 * (n·h for some n): so one of these loads is the answer, and the feasibility of loads need not be
 * monotone (a slow trickle never fills a batch).
 */
function greatestLoad(from: Formulation, load: number, running: Plan, solver: Solver): number | null {
  const { pipeline, policy } = from;
  const asked = plannedLoad(pipeline, load);
  const full = visitsOf(pipeline.stages).flatMap(({ stage, items }) =>
    settingsOf(pipeline, stage, policy.pins[stage.name]).flatMap((setting) =>
      // In requests per second.
      usefulCounts(setting, items * asked).map((n) => (n * setting.capacity.rate) / items),
    ),
  );
  const { loadStep, minLoad } = pipeline.adaptation;
  // A load below the least one is planned for as that one is.
  const least = plannedLoad(pipeline, minLoad);
  const step = pipeline.reproduction.roundLoad ? 1 : loadStep;
  const ends = full.map((end) => (step > 0 ? Math.floor(end / step + 1e-9) * step : end));
  const candidates = [...new Set([least, ...ends])].filter((end) => end < asked && end >= least).sort((a, b) => b - a);
  const found = candidates.find((end) => hasPlan(from, end, running, solver));
  return found === undefined ? null : Math.max(minLoad, found / (1 + pipeline.margins.load));
}

/** Loads are tried downwards in steps of this share. */
const SCAN = 0.005;

/**
 * The same where the waits depend on the load in no simple way: the first of a falling series of loads
 * that has a plan, brought up to the last that had none. Requests per second before the margin.
 */
function scannedLoad(from: Formulation, load: number, running: Plan, solver: Solver): number | null {
  const { minLoad } = from.pipeline.adaptation;
  const at = (asked: number): boolean => hasPlan(from, plannedLoad(from.pipeline, asked), running, solver);
  let high = load;
  let low = high;
  do {
    if (low <= minLoad) return null;
    high = low;
    low = Math.max(minLoad, low * (1 - SCAN));
  } while (!at(low));
  while (high - low > 1e-9 * high) {
    const middle = (low + high) / 2;
    if (at(middle)) low = middle;
    else high = middle;
  }
  return low;
}

function hasPlan(from: Formulation, planned: number, running: Plan, solver: Solver): boolean {
  const problem = formulate(from, planned, running);
  if (!mayHold(problem)) return false;
  return isSolved(solver(problem));
}

/** A quick refusal: each row with the least use of every stage. */
function mayHold(problem: Problem): boolean {
  const all = problem.options.map((_, s) => s);
  const least = (of: (option: Option) => number, stages: readonly number[] = all): number =>
    stages.reduce((sum, s) => sum + Math.min(Infinity, ...(problem.options[s] ?? []).map(of)), 0);
  return (
    problem.latency.paths.every(
      (path) => least((option) => option.latency.mean, path) <= problem.latency.limit + 1e-9,
    ) && problem.rows.every((row, r) => least((option) => option.uses[r] ?? 0) <= row.limit + 1e-9)
  );
}
