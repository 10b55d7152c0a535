import { combineScores } from "./accuracy.ts";
import { ROW_TOLERANCE } from "./pipeline.ts";
import type { Plan, StagePlan } from "./plan.ts";
import { addTerms, composeLatency, type LatencyTerms } from "./queueing/latency.ts";

/** One way to run one stage, with all its numbers. */
export interface Option extends StagePlan {
  /** Of the accuracy metric. */
  readonly score: number;
  /** Replicas times cores per replica. */
  readonly cores: number;
  /** What the objective loses by it. */
  readonly penalty: number;
  /** A far smaller loss that only settles ties; no part of the objective that is reported. */
  readonly tie: number;
  readonly latency: LatencyTerms;
  /** Use of each linear row, in the order of `Problem.rows`; finite. */
  readonly uses: readonly number[];
}

/** Σ uses ≤ limit, over all stages. */
export interface Row {
  readonly name: RowName;
  readonly limit: number;
}

export type RowName = "sla" | "cores" | "accuracy_floor";

/**
 * Choose one option per stage: maximise (alpha + tieAlpha)·A − Σ (penalty + tie), where A is the sum
 * or product of the scores, such that every path keeps the latency limit and every row holds.
 * All that a solver ever sees.
 */
export interface Problem {
  readonly alpha: number;
  readonly tieAlpha: number;
  readonly combine: "sum" | "product";
  /** By stage; may be empty for a stage that nothing can serve. */
  readonly options: readonly (readonly Option[])[];
  /** The latency of each source–sink path, given as stage indices, is at most `limit` seconds. */
  readonly latency: { readonly limit: number; readonly paths: readonly (readonly number[])[] };
  readonly rows: readonly Row[];
}

/** An answer with a plan. */
export interface Solved {
  readonly status: "optimal" | "feasible";
  readonly engine: string;
  readonly options: readonly Option[];
  readonly objective: number;
  readonly bound: number;
}

/** A solver's answer. `bound` is an upper bound of the objective over all plans. */
export type Outcome =
  | Solved
  | { readonly status: "infeasible"; readonly engine: string }
  | { readonly status: "unknown"; readonly engine: string; readonly bound: number };

/**
 * Synchronous; an engine that must load first is made by an async function. Infeasible is an
 * answer, not an error. `stop` is the only way to a time limit: an engine asks it now and then.
 */
export type Solver = (problem: Problem, stop?: () => boolean) => Outcome;

/** Whether an engine found a plan. */
export function isSolved(outcome: Outcome): outcome is Solved {
  return outcome.status === "optimal" || outcome.status === "feasible";
}

/** The plan that a choice is, without the numbers that only solvers need. */
export function planOf(options: readonly Option[]): Plan {
  return options.map(({ stage, variant, batch, batchTimeout, replicas }) => ({
    stage,
    variant,
    batch,
    batchTimeout,
    replicas,
  }));
}

/** The objective of a choice, without what only settles ties. */
export function objectiveOf(problem: Problem, options: readonly Option[]): number {
  const accuracy = combineScores(
    problem.combine,
    options.map((option) => option.score),
  );
  return problem.alpha * accuracy - options.reduce((sum, option) => sum + option.penalty, 0);
}

/** What a solver maximises: the objective and, far below it, what settles ties. */
export function valueOf(problem: Problem, options: readonly Option[]): number {
  const accuracy = combineScores(
    problem.combine,
    options.map((option) => option.score),
  );
  return (
    (problem.alpha + problem.tieAlpha) * accuracy -
    options.reduce((sum, option) => sum + (option.penalty + option.tie), 0)
  );
}

/** The greatest latency over the paths, seconds. */
export function latencyOf(problem: Problem, options: readonly Option[]): number {
  return Math.max(
    ...problem.latency.paths.map((path) =>
      composeLatency(addTerms(path.flatMap((stage) => options[stage]?.latency ?? []))),
    ),
  );
}

/** Σ uses of a linear row. */
export function useOf(options: readonly Option[], row: number): number {
  return options.reduce((sum, option) => sum + (option.uses[row] ?? 0), 0);
}

/** Whether a choice keeps the latency limit and every row. */
export function holds(problem: Problem, options: readonly Option[]): boolean {
  return (
    latencyOf(problem, options) <= problem.latency.limit + ROW_TOLERANCE &&
    problem.rows.every((row, r) => useOf(options, r) <= row.limit + ROW_TOLERANCE)
  );
}

/** Two objectives within this of each other are a tie. */
export function tieWidth(objective: number): number {
  return 1e-9 * Math.max(1, Math.abs(objective));
}
