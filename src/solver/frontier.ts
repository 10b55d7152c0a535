import { combineScores } from "../core/accuracy.ts";
import { InputError } from "../core/errors.ts";
import { ROW_TOLERANCE } from "../core/pipeline.ts";
import { holds, type Option, type Outcome, type Problem, type Solver } from "../core/problem.ts";

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
  const untied: Problem = {
    ...problem,
    tieAlpha: 0,
    options: problem.options.map((ofStage) => ofStage.map((option) => ({ ...option, tie: 0 }))),
  };
  const within = (of: Problem, limit: number): readonly Option[] | null => {
    const rows = of.rows.map((one, r) => (r === row ? { ...one, limit } : one));
    return optimum(solver({ ...of, rows }));
  };
  const corners: Corner[] = [];
  for (let budget = problem.rows[row]?.limit ?? Infinity; ;) {
    const next = cornerWithin(budget);
    if (next === null) break;
    const dearer = corners.at(-1);
    // As accurate for fewer cores: the dearer one was no trade-off.
    if (dearer !== undefined && dearer.accuracy - next.accuracy <= near(next.accuracy)) corners.pop();
    corners.push(next);
    budget = next.cores - CHEAPER * Math.max(1, next.cores);
  }
  return corners.toReversed().map((corner) => ({ ...corner, others: othersOf(problem, corner) }));

  /** The most accurate plan within a budget, and of equals the one that the tie rule prefers: above all fewer cores. */
  function cornerWithin(budget: number): Corner | null {
    const most = within(untied, budget);
    if (most === null) return null;
    const accuracy = accuracyOf(problem, most);
    const preferred = within(problem, budget);
    if (preferred !== null && accuracy - accuracyOf(problem, preferred) <= near(accuracy)) return cornerOf(preferred);
    // The tie rule may trade accuracy for cores, by less than a tie: here it did. What does it say without?
    const cores = coresOf(most);
    const thrifty = within(problem, cores);
    const same =
      thrifty !== null &&
      accuracy - accuracyOf(problem, thrifty) <= near(accuracy) &&
      coresOf(thrifty) - cores <= near(cores);
    return { accuracy, cores, options: same ? thrifty : tiedOf(most) };
  }

  function cornerOf(options: readonly Option[]): Corner {
    return { accuracy: accuracyOf(problem, options), cores: coresOf(options), options };
  }

  /** The problem's own options of a plan of the untied ones. */
  function tiedOf(options: readonly Option[]): readonly Option[] {
    return options.flatMap((option, s) => problem.options[s]?.[untied.options[s]?.indexOf(option) ?? -1] ?? []);
  }
}

type Corner = Omit<FrontierPoint, "others">;

/** The options of the best plan; null if there is none. An InputError if the engine gave up. */
function optimum(outcome: Outcome): readonly Option[] | null {
  if (outcome.status === "optimal") return outcome.options;
  if (outcome.status === "infeasible") return null;
  throw new InputError(
    "not_supported",
    `the ${outcome.engine} engine gave up: a trade-off of this pipeline takes too much work. ` +
      "Offer less: pin variants or batches by a policy, or lower limits.batch.",
  );
}

function near(value: number): number {
  return EQUAL * Math.max(1, Math.abs(value));
}

/** Partial plans that are looked at to count the plans of one point. */
const LOOKED_AT = 10_000;

/** How many other plans there are at a corner: by depth-first search within what the rest can still reach; null if that is too much. */
function othersOf(problem: Problem, { accuracy, cores }: Corner): number | null {
  const { options } = problem;
  const add = problem.combine === "sum";
  const [least, most] = [accuracy - near(accuracy), cores + near(cores)];
  // Of the stages from s on: the greatest accuracy, the fewest cores and, on a chain, the least latency.
  const onOnePath = problem.latency.paths.length === 1;
  const best = Array<number>(options.length + 1).fill(add ? 0 : 1);
  const fewest = Array<number>(options.length + 1).fill(0);
  const quickest = Array<number>(options.length + 1).fill(0);
  for (let s = options.length - 1; s >= 0; s--) {
    const ofStage = options[s] ?? [];
    const score = Math.max(...ofStage.map((option) => option.score));
    best[s] = add ? (best[s + 1] ?? 0) + score : (best[s + 1] ?? 0) * score;
    fewest[s] = (fewest[s + 1] ?? 0) + Math.min(...ofStage.map((option) => option.cores));
    quickest[s] = onOnePath ? (quickest[s + 1] ?? 0) + Math.min(...ofStage.map((option) => option.latency.mean)) : 0;
  }
  const chosen: Option[] = [];
  let [found, looked] = [0, 0];
  const visit = (s: number, score: number, used: number, latency: number): void => {
    if (s === options.length) {
      if (holds(problem, chosen)) found++;
      return;
    }
    for (const option of options[s] ?? []) {
      if (looked > LOOKED_AT) return;
      const next = add ? score + option.score : score * option.score;
      const reach = add ? next + (best[s + 1] ?? 0) : next * (best[s + 1] ?? 0);
      if (reach < least - near(accuracy) || used + option.cores + (fewest[s + 1] ?? 0) > most + near(cores)) continue;
      const soFar = onOnePath ? latency + option.latency.mean : 0;
      if (soFar + (quickest[s + 1] ?? 0) > problem.latency.limit + 2 * ROW_TOLERANCE) continue;
      looked++;
      chosen[s] = option;
      visit(s + 1, next, used + option.cores, soFar);
    }
  };
  visit(0, add ? 0 : 1, 0, 0);
  return looked > LOOKED_AT ? null : found - 1;
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
