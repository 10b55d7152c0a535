import { combineScores } from "../core/accuracy.ts";
import type { Problem } from "../core/problem.ts";

/**
 * An upper bound of the objective over all choices, whether they hold or not: each stage with its
 * best score and its least penalty. Scores are at least 0.
 */
export function objectiveBound(problem: Problem): number {
  const scores = problem.options.map((ofStage) => {
    const all = ofStage.map((option) => option.score);
    return problem.alpha >= 0 ? Math.max(...all) : Math.min(...all);
  });
  const penalty = problem.options.reduce(
    (sum, ofStage) => sum + Math.min(...ofStage.map((option) => option.penalty)),
    0,
  );
  return problem.alpha * combineScores(problem.combine, scores) - penalty;
}
