import { ROW_TOLERANCE } from "../core/pipeline.ts";
import { holds, objectiveOf, type Option, type Outcome, type Problem, type Solver } from "../core/problem.ts";
import { objectiveBound } from "./bound.ts";

const ENGINE = "exhaustive";

/** How many choices are looked at between two questions to `stop`. */
const STOP_EVERY = 512;

/**
 * Looks at every choice, in file order; a strictly better value replaces, so of equals the first
 * stays. Skips only what cannot hold even with the least use of every stage that is still open.
 */
export const exhaustive: Solver = (problem, stop = () => false) => {
  const stages = problem.options.length;
  if (problem.options.some((ofStage) => ofStage.length === 0)) return { status: "infeasible", engine: ENGINE };

  const sums = runningSums(problem);
  const weight = problem.alpha + problem.tieAlpha;
  const add = problem.combine === "sum";
  const chosen: Option[] = [];
  let best: { readonly value: number; readonly options: readonly Option[] } | undefined;
  let looked = 0;
  let stopped = false;

  // Accuracy and loss are folded in the order in which `valueOf` folds them: the same bits.
  const choose = (stage: number, accuracy: number, loss: number): void => {
    if (stage === stages) {
      const value = weight * accuracy - loss;
      if ((best === undefined || value > best.value) && holds(problem, chosen)) best = { value, options: [...chosen] };
      return;
    }
    const ofStage = problem.options[stage] ?? [];
    for (let o = 0; o < ofStage.length && !stopped; o++) {
      const option = ofStage[o];
      if (looked++ % STOP_EVERY === 0 && stop()) stopped = true;
      if (option === undefined || stopped || !sums.mayHold(stage, o)) continue;
      chosen[stage] = option;
      const { score, penalty, tie } = option;
      choose(stage + 1, add ? accuracy + score : accuracy * score, loss + (penalty + tie));
    }
  };
  choose(0, add ? 0 : 1, 0);
  return outcomeOf(problem, best?.options, stopped);
};

function outcomeOf(problem: Problem, options: readonly Option[] | undefined, stopped: boolean): Outcome {
  const engine = ENGINE;
  if (options === undefined) {
    return stopped ? { status: "unknown", engine, bound: objectiveBound(problem) } : { status: "infeasible", engine };
  }
  const objective = objectiveOf(problem, options);
  return stopped
    ? { status: "feasible", engine, options, objective, bound: objectiveBound(problem) }
    : { status: "optimal", engine, options, objective, bound: objective };
}

/**
 * What a partial choice uses, in columns: mean, forming and excessSquared of each path, then each
 * row. Row `s` of the sums is what the choices of the stages before `s` use; only filling it in, and
 * no allocation, goes with a step of the search.
 */
function runningSums(problem: Problem): { readonly mayHold: (stage: number, option: number) => boolean } {
  const { options, latency, rows } = problem;
  const paths = latency.paths.length;
  const columns = 3 * paths + rows.length;
  const uses = options.map((ofStage, s) => {
    const onPath = latency.paths.map((path) => path.includes(s));
    return ofStage.map((option) => {
      const { mean, forming, excessSquared } = option.latency;
      return Float64Array.from([
        ...onPath.flatMap((on) => (on ? [mean, forming, excessSquared] : [0, 0, 0])),
        ...rows.map((_, r) => option.uses[r] ?? 0),
      ]);
    });
  });
  // The least that the stages after `s` can use.
  const after = options.map(() => new Float64Array(columns));
  for (let s = options.length - 2; s >= 0; s--) {
    for (let c = 0; c < columns; c++) {
      let least = Infinity;
      for (const use of uses[s + 1] ?? []) least = Math.min(least, use[c]!);
      after[s]![c] = after[s + 1]![c]! + least;
    }
  }
  const sums = Array.from({ length: options.length + 1 }, () => new Float64Array(columns));
  // Twice the tolerance: these sums are not added in the order of `holds`, which has the last word.
  const latencyLimit = latency.limit + 2 * ROW_TOLERANCE;
  const limits = rows.map((row) => row.limit + 2 * ROW_TOLERANCE);

  return {
    /** Adds an option to the choices before its stage; false if then no choice of the rest can hold. */
    mayHold: (stage, option) => {
      const [before, with_, rest, use] = [sums[stage]!, sums[stage + 1]!, after[stage]!, uses[stage]![option]!];
      for (let c = 0; c < columns; c++) with_[c] = before[c]! + use[c]!;
      for (let p = 0; p < paths; p++) {
        const c = 3 * p;
        const forming = with_[c + 1]! + rest[c + 1]!;
        const excess = Math.sqrt(forming * forming + with_[c + 2]! + rest[c + 2]!);
        if (with_[c]! + rest[c]! + excess > latencyLimit) return false;
      }
      for (let r = 0; r < limits.length; r++) {
        const c = 3 * paths + r;
        if (with_[c]! + rest[c]! > limits[r]!) return false;
      }
      return true;
    },
  };
}
