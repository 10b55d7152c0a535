import loadHighsModule from "highs";
import { holds, objectiveOf, valueOf, type Option, type Outcome, type Problem, type Solver } from "../core/problem.ts";
import { objectiveBound } from "./bound.ts";
import { atLeast, latencyCuts, lpText, milpOf, noGood, type LinearRow, type Milp, type Terms } from "./milp.ts";

const ENGINE = "highs";

// The package's types hide its own default export under `nodenext`.
const load = loadHighsModule as unknown as typeof loadHighsModule.default;

type Highs = Awaited<ReturnType<typeof load>>;

/**
 * The least tolerances that HiGHS takes. A row may still be broken by them, and an entry of 1e-12 or
 * less is dropped, so each answer is judged anew.
 */
const OPTIONS = {
  output_flag: false,
  primal_feasibility_tolerance: 1e-10,
  dual_feasibility_tolerance: 1e-10,
  mip_feasibility_tolerance: 1e-10,
  mip_rel_gap: 0,
  mip_abs_gap: 0,
  small_matrix_value: 1e-12,
} as const;

/**
 * Tried in this order until an answer counts. With presolve HiGHS is about three times as fast, but
 * at these tolerances it may call infeasible what is feasible (seen with products whose scores differ
 * by 1e-9 to 1e-6), or refuse its own answer ("Solve error"). So a plan counts from any attempt, since
 * it is judged anew, but that there is none only without presolve. Wider rows are for a solve that is
 * refused even so.
 */
const ATTEMPTS = [
  { presolve: "choose" },
  { presolve: "off" },
  { presolve: "off", primal_feasibility_tolerance: 1e-8, mip_feasibility_tolerance: 1e-8 },
] as const;

/** HiGHS prunes with an absolute tolerance, about 1e-6; its objective is scaled so that the greatest coefficient is this. */
const OBJECTIVE_SIZE = 1e4;

/**
 * A plan must beat the best by this, relative, to be looked for: above rounding
 * and the tolerance of HiGHS's rows (1e-10, beyond which it need not forbid what is no better), and
 * well below the width of a tie (1e-9, half of which may go to the tie penalties).
 */
const IMPROVEMENT = 2e-10;

/**
 * HiGHS compiled to WebAssembly, as a general engine and as a check on the special ones.
 *
 * HiGHS alone is not exact to 1e-9: it may accept a plan that breaks a row a little and stop at one
 * that is a little worse than the best. So each plan it proposes is recomputed and judged by `holds`,
 * then forbidden by a row of its own, and it is asked again for a plan that beats the best one so far
 * by more than `IMPROVEMENT`. Without presolve (see `ATTEMPTS`) tolerances only let through more than is
 * asked for, so the answer "infeasible" says that there is none. Then ties are settled by one more
 * solve, which maximises the tie terms alone among the plans that are not worse.
 */
export async function loadHighs(): Promise<Solver> {
  const highs = await load();
  return (problem, stop = () => false) => {
    if (problem.options.some((ofStage) => ofStage.length === 0)) return { status: "infeasible", engine: ENGINE };
    return solve(highs, problem, stop);
  };
}

interface Best {
  readonly options: readonly Option[];
  readonly value: number;
}

function solve(highs: Highs, problem: Problem, stop: () => boolean): Outcome {
  const engine = ENGINE;
  const milp = milpOf(problem);
  const search = searchOf(highs, problem, milp, stop);
  let best: Best | undefined;
  for (;;) {
    const found = search(milp.value, best === undefined ? [] : [beats(milp, best, IMPROVEMENT)]);
    if (found === "stopped") {
      const bound = objectiveBound(problem);
      if (best === undefined) return { status: "unknown", engine, bound };
      return {
        status: "feasible",
        engine,
        options: best.options,
        objective: objectiveOf(problem, best.options),
        bound,
      };
    }
    if (found !== "none" && (best === undefined || found.value > best.value)) best = found;
    // Where nothing is maximised any plan is as good as another.
    if (found === "none" || milp.value.size === 0) break;
  }
  if (best === undefined) return { status: "infeasible", engine };

  if (milp.ties.size > 0) {
    const tied = search(milp.ties, [beats(milp, best, -IMPROVEMENT)]);
    if (typeof tied === "object" && tied.value > best.value) best = tied;
  }
  const objective = objectiveOf(problem, best.options);
  return { status: "optimal", engine, options: best.options, objective, bound: objective };
}

function beats(milp: Milp, best: Best, by: number): LinearRow {
  const size = Math.max(1, Math.abs(best.value));
  return atLeast("beats", milp.value, best.value + by * size, 1 / size);
}

/** Proposes the best plan that holds, forbids it to all later calls, and learns from those that do not hold. */
function searchOf(highs: Highs, problem: Problem, milp: Milp, stop: () => boolean) {
  const learnt: LinearRow[] = [];
  return (objective: Terms, extra: readonly LinearRow[]): Best | "none" | "stopped" => {
    const greatest = Math.max(0, ...[...objective.values()].map(Math.abs));
    const factor = greatest === 0 ? 0 : OBJECTIVE_SIZE / greatest;
    const scaled = new Map([...objective].map(([name, coefficient]) => [name, factor * coefficient]));
    for (;;) {
      if (stop()) return "stopped";
      const names = run(highs, lpText(milp, scaled, [...learnt, ...extra]), stop);
      if (typeof names === "string") return names;
      const options = problem.options.map((ofStage, s) => {
        const option = ofStage.find((_, o) => names.has(milp.choices[s]?.[o] ?? ""));
        if (option === undefined) throw new Error(`highs chose no option for stage ${s}`);
        return option;
      });
      const name = `learnt_${learnt.length}`;
      learnt.push(noGood(name, problem, options));
      if (holds(problem, options)) return { options, value: valueOf(problem, options) };
      learnt.push(...latencyCuts(`${name}_latency`, problem, options));
    }
  };
}

type Answer = ReadonlySet<string> | "none" | "stopped";

/** The names of the columns that are 1 in an optimum of one model. */
function run(highs: Highs, text: string, stop: () => boolean): Answer {
  for (const attempt of ATTEMPTS) {
    const answer = highs.withModel((model) => attemptOn(highs, model, { ...OPTIONS, ...attempt }, text, stop));
    if (answer === "failed" || (answer === "none" && attempt.presolve !== "off")) continue;
    return answer;
  }
  throw new Error("highs could not solve a model, with or without presolve");
}

function attemptOn(
  highs: Highs,
  model: ReturnType<Highs["createModel"]>,
  options: Readonly<Record<string, string | number | boolean>>,
  text: string,
  stop: () => boolean,
): Answer | "failed" {
  const { modelStatus, callbackType } = highs.constants;
  // Before the model: entries below `small_matrix_value` are dropped as it is read.
  model.options.set(options);
  model.readModel({ format: "lp", data: text });
  try {
    model.run({
      [callbackType.mipInterrupt]: (event) => {
        if (stop()) event.interrupt();
      },
    });
  } catch (error) {
    if (model.getModelStatus() === modelStatus.solveError) return "failed";
    throw error;
  }
  const status = model.getModelStatus();
  if (status === modelStatus.optimal) {
    const values = model.getSolution().colValue;
    return new Set([...values.keys()].filter((column) => values[column]! > 0.5).map((c) => model.getColName(c)));
  }
  // All columns are bounded, so what is not feasible is just that.
  if (status === modelStatus.infeasible || status === modelStatus.unboundedOrInfeasible) return "none";
  if (status === modelStatus.interrupted) return "stopped";
  throw new Error(`highs ended with model status ${status}`);
}
