import { combineScores } from "../core/accuracy.ts";
import { holds, valueOf, type Option, type Problem, type Solver } from "../core/problem.ts";

/** A trade-off that no plan improves upon: no other has at least its accuracy for at most its cores. */
export interface FrontierPoint {
  readonly accuracy: number;
  readonly cores: number;
  /** The plan that the tie rule prefers among those of this point. */
  readonly options: readonly Option[];
  /** How many other plans have the same accuracy and cores; null if there are too many to count. */
  readonly others: number | null;
}

/** Accuracies and costs closer than this, relative, are equal. */
const EQUAL = 1e-12;
/** Less than a plan's cores by more than what a row is allowed to be exceeded by. */
const CHEAPER = 3e-9;

/**
 * All such points of a problem, cheapest first, by the ε-constraint method (Haimes, Lasdon & Wismer, IEEE
 * Transactions SMC 1(3), 1971): the greatest accuracy within a budget of cores; then the budget is set
 * below what that plan takes, and so on until no plan is left. The problem maximises accuracy alone
 * (alpha 1, no penalties) and has a row of cores.
 */
export function frontier(problem: Problem, solver: Solver): readonly FrontierPoint[] {
  const row = problem.rows.findIndex(({ name }) => name === "cores");
  if (row < 0) throw new RangeError("a frontier needs a row of cores");
  // Ties would count for more than the differences that matter here.
  const untied = problem.options.map((ofStage) => ofStage.map((option) => ({ ...option, tie: 0 })));
  const within = (limit: number): Problem => ({
    ...problem,
    tieAlpha: 0,
    options: untied,
    rows: problem.rows.map((one, r) => (r === row ? { ...one, limit } : one)),
  });
  const corners: { accuracy: number; cores: number }[] = [];
  for (let budget = problem.rows[row]?.limit ?? Infinity; ;) {
    const outcome = solver(within(budget));
    if (outcome.status !== "optimal") break;
    const [accuracy, cores] = [accuracyOf(problem, outcome.options), coresOf(outcome.options)];
    const dearer = corners.at(-1);
    // As accurate for fewer cores: the dearer one was no trade-off.
    if (dearer !== undefined && dearer.accuracy - accuracy <= near(accuracy)) corners.pop();
    corners.push({ accuracy, cores });
    budget = cores - CHEAPER * Math.max(1, cores);
  }
  return corners.toReversed().map((corner) => ({ ...corner, ...plansOf(problem, corner) }));
}

function near(value: number): number {
  return EQUAL * Math.max(1, Math.abs(value));
}

/** Partial plans that are looked at in search of the plans of one point. */
const LOOKED_AT = 50_000;

/** The preferred one of all plans at a corner, and how many others there are: by depth-first search within what the rest can still reach. */
function plansOf(
  problem: Problem,
  { accuracy, cores }: { readonly accuracy: number; readonly cores: number },
): { readonly options: readonly Option[]; readonly others: number | null } {
  const { options } = problem;
  const add = problem.combine === "sum";
  const [least, most] = [accuracy - near(accuracy), cores + near(cores)];
  // Of the stages from s on: the greatest accuracy and the fewest cores.
  const best = Array<number>(options.length + 1).fill(add ? 0 : 1);
  const fewest = Array<number>(options.length + 1).fill(0);
  for (let s = options.length - 1; s >= 0; s--) {
    const score = Math.max(...(options[s] ?? []).map((option) => option.score));
    best[s] = add ? (best[s + 1] ?? 0) + score : (best[s + 1] ?? 0) * score;
    fewest[s] = (fewest[s + 1] ?? 0) + Math.min(...(options[s] ?? []).map((option) => option.cores));
  }
  const chosen: Option[] = [];
  let preferred: { readonly value: number; readonly options: readonly Option[] } | undefined;
  let [found, looked] = [0, 0];
  const visit = (s: number, score: number, used: number): void => {
    if (s === options.length) {
      if (!holds(problem, chosen)) return;
      found++;
      const value = valueOf(problem, chosen);
      if (preferred === undefined || value > preferred.value) preferred = { value, options: [...chosen] };
      return;
    }
    for (const option of options[s] ?? []) {
      if (looked > LOOKED_AT) return;
      const next = add ? score + option.score : score * option.score;
      const reach = add ? next + (best[s + 1] ?? 0) : next * (best[s + 1] ?? 0);
      if (reach < least - near(accuracy) || used + option.cores + (fewest[s + 1] ?? 0) > most + near(cores)) continue;
      looked++;
      chosen[s] = option;
      visit(s + 1, next, used + option.cores);
    }
  };
  visit(0, add ? 0 : 1, 0);
  if (preferred === undefined) throw new Error("the plan of a frontier's point was not found again");
  return { options: preferred.options, others: looked > LOOKED_AT ? null : found - 1 };
}

function coresOf(options: readonly Option[]): number {
  return options.reduce((sum, option) => sum + option.cores, 0);
}

function accuracyOf(problem: Problem, options: readonly Option[]): number {
  return combineScores(
    problem.combine,
    options.map((option) => option.score),
  );
}

/** Between which α/β a point is the best plan of the weighted objective (δ = 0). */
export interface Support {
  /** From the cheaper points, 0 if there are none; from the dearer ones, ∞ if there are none. */
  readonly from: number;
  readonly to: number;
  /** `always` within the interval; `tie`: only together with others, where both ends meet; `never`: for no weights. */
  readonly optimal: "always" | "tie" | "never";
}

/** Ends of an interval closer than this, relative, meet. */
const MEET = 1e-9;

/** The support of each point, in their order. */
export function supports(points: readonly Pick<FrontierPoint, "accuracy" | "cores">[]): readonly Support[] {
  return points.map((point) => {
    let [from, to] = [0, Infinity];
    for (const other of points) {
      const slope = (point.cores - other.cores) / (point.accuracy - other.accuracy);
      if (other.cores < point.cores) from = Math.max(from, slope);
      else if (other.cores > point.cores) to = Math.min(to, slope);
    }
    const room = to - from;
    const meets = Number.isFinite(room) && Math.abs(room) <= MEET * Math.max(1, from);
    return { from, to, optimal: meets ? "tie" : room > 0 ? "always" : "never" };
  });
}
