import { objectiveOf, type Outcome, type Problem, type Solver } from "../core/problem.ts";
import { objectiveBound } from "./bound.ts";
import { Budget } from "./budget.ts";
import { columnsOf, pick, placesWhere, type Columns } from "./columns.ts";
import { undominated } from "./dominance.ts";
import { solveProduct } from "./exact-product.ts";
import { solveSum, type SumAnswer } from "./exact-sum.ts";

const ENGINE = "exact";

/**
 * The exact engine: certified optimal, unless the search ends for want of labels (partial
 * plans looked at, of one decision) or because `stop` says so; then the best plan found, with a bound.
 */
export function exactWithin(mostLabels: number): Solver {
  return (problem, stop = () => false) => solve(problem, new Budget(mostLabels, stop));
}

/** In loops too an answer must come, and memory has an end: this takes about a second and half a gigabyte. */
const MOST_LABELS = 3_000_000;

export const exact: Solver = exactWithin(MOST_LABELS);

/** The answer, and the columns whose places it names. */
interface Found extends SumAnswer {
  readonly columns: Columns;
}

function solve(problem: Problem, budget: Budget): Outcome {
  const engine = ENGINE;
  const { options, combine } = problem;
  if (options.some((ofStage) => ofStage.length === 0)) return { status: "infeasible", engine };
  const found = combine === "sum" ? sum(problem, budget) : product(problem, budget);
  if (found.bound === -Infinity) return { status: "infeasible", engine };
  // The engine's bound counts what settles ties, and rounding: a plan that is proved best is its own bound.
  const proved = !(found.bound > found.value);
  if (found.plan === null) return { status: "unknown", engine, bound: Math.min(found.bound, objectiveBound(problem)) };
  const { plan, columns } = found;
  const chosen = options.map((ofStage, s) => ofStage[columns.option[plan[s]!]!]!);
  const objective = objectiveOf(problem, chosen);
  return proved
    ? { status: "optimal", engine, options: chosen, objective, bound: objective }
    : { status: "feasible", engine, options: chosen, objective, bound: Math.max(objective, found.bound) };
}

function limitsOf(problem: Problem): { readonly latencyLimit: number; readonly limits: readonly number[] } {
  return { latencyLimit: problem.latency.limit, limits: problem.rows.map((row) => row.limit) };
}

function sum(problem: Problem, budget: Budget): Found {
  const columns = columnsOf(problem);
  const weight = problem.alpha + problem.tieAlpha;
  const values = columns.loss.map((lost, place) => weight * columns.score[place]! - lost);
  return { columns, ...solveSum({ columns, values, ...limitsOf(problem) }, -Infinity, budget) };
}

/** A product is of plans without a score of 0, which have a logarithm, or 0: then only the loss counts. */
function product(problem: Problem, budget: Budget): Found {
  const limits = limitsOf(problem);
  const weight = problem.alpha + problem.tieAlpha;
  const given = columnsOf(problem);
  const { first, score, loss, forming, excessSquared, uses } = given;
  const all = pick(given, undominated(first, score, [loss, forming, excessSquared, ...uses]));
  const withZero = weight === 0 || all.score.includes(0);
  const free: Found = withZero
    ? {
        columns: all,
        ...solveSum({ columns: all, values: all.loss.map((lost) => -lost), ...limits }, -Infinity, budget),
      }
    : { columns: all, plan: null, value: -Infinity, bound: -Infinity };
  if (weight === 0) return free;

  const columns = withZero
    ? pick(
        all,
        placesWhere(all.first, (place) => all.score[place]! > 0),
      )
    : all;
  if (columns.first.some((begin, s) => begin === columns.first[s + 1])) return free;
  const lossless = columns.loss.every((lost) => lost === 0);
  const found = lossless
    ? greatestProduct(columns, weight, limits, budget)
    : solveProduct({ columns, weight, ...limits }, free.value, budget);
  const bound = Math.max(free.bound, found.bound);
  return found.plan === null ? { ...free, bound } : { columns, ...found, bound };
}

/** Where nothing is lost by any option, the greatest product is the greatest sum of logarithms. */
function greatestProduct(
  columns: Columns,
  weight: number,
  limits: ReturnType<typeof limitsOf>,
  budget: Budget,
): SumAnswer {
  const { plan, value, bound } = solveSum(
    { columns, values: columns.score.map(Math.log), ...limits },
    -Infinity,
    budget,
  );
  const product = plan === null ? -Infinity : plan.reduce((of, place) => of * columns.score[place]!, weight);
  return { plan, value: product, bound: bound > value ? weight * Math.exp(bound) : product };
}
