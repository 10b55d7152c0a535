import type { Budget } from "./budget.ts";
import type { Columns } from "./columns.ts";
import { relaxSum, solveSum, type SumAnswer, type SumProblem } from "./exact-sum.ts";

/** One option per stage such that weight·Π score − Σ loss is greatest, within the limits. Scores and weight are above 0. */
export interface ProductProblem {
  readonly columns: Columns;
  readonly weight: number;
  readonly latencyLimit: number;
  readonly limits: readonly number[];
}

/** A plan as a point: z the logarithm of its product, and its loss. */
interface Point {
  readonly plan: Int32Array;
  readonly z: number;
  readonly loss: number;
  readonly value: number;
}

/** Steps in which each end of the range of z is brought inwards. */
const EXCLUSIONS = 4;

/** A plan counts as beyond an edge, or another z, only by more than rounding, relative. */
const ROUNDING = 1e-15;

/**
 * With z = Σ log score the value weight·e^z − loss is convex over the points (z, loss). So the best plan
 * is a corner of their convex hull and maximises slope·z − loss for some slope: a sum. Corners are found
 * as in the dichotomic search for two objectives (Aneja & Nair, Management Science 25(1), 1979): the
 * slope of the edge between two corners either finds a corner beyond it, which splits the edge, or shows
 * that there is none. An edge is only searched for plans that would beat the best one known, so good
 * ones are sought first, and plans too far off for any to be better are excluded by bounds alone.
 */
export function solveProduct(problem: ProductProblem, above: number, budget: Budget): SumAnswer {
  const search = new Search(problem, above, budget);
  return search.run();
}

class Search {
  private best: Point | null = null;
  private readonly points: Point[] = [];
  /** Where corners are that the value's slope at themselves leads to. */
  private readonly reached = new Set<number>();
  /** Of what was left out when the budget ended. */
  private bound = -Infinity;
  private readonly problem: ProductProblem;
  private readonly above: number;
  private readonly budget: Budget;
  private readonly logs: Float64Array;
  /** The least and the greatest z of any plan. */
  private readonly ends: readonly [number, number];

  constructor(problem: ProductProblem, above: number, budget: Budget) {
    this.problem = problem;
    this.above = above;
    this.budget = budget;
    const { first, score } = problem.columns;
    this.logs = score.map(Math.log);
    this.ends = endsOf(first, this.logs);
  }

  run(): SumAnswer {
    const [least, most] = this.ends;
    // A good plan to begin with.
    this.relaxAt((least + most) / 2);
    const from = this.exclude(least, most);
    const to = this.exclude(most, from);
    // The value's own slope at a better plan, weight·e^z, is between those at the ends of what is left.
    const left = this.corner(from, from, to);
    if (left === "none") return { plan: null, value: this.above, bound: -Infinity };
    const right = from < to ? this.corner(to, from, to) : left;
    const edges: (readonly [Point, Point])[] = [];
    if (left !== "cut" && right !== "cut" && right !== "none") edges.push([left, right]);
    for (let edge = edges.pop(); edge !== undefined; edge = edges.pop()) {
      const between = this.beyond(...edge);
      if (between !== null) edges.push([edge[0], between], [between, edge[1]]);
    }
    return { plan: this.best?.plan ?? null, value: this.value(), bound: Math.max(this.bound, this.value()) };
  }

  /** The Lagrangian bound of the sum whose slope is the value's own at z; takes the good plan that comes with it. */
  private relaxAt(z: number): number {
    const { plan, bound } = relaxSum(this.sumAt(this.problem.weight * Math.exp(z)));
    if (plan !== null) this.take(plan);
    return bound;
  }

  /**
   * Brings one end of a range nearer to the other, past plans that the bounds alone show to be no better
   * than the best: slope·z − loss ≤ bound leaves a plan at z at most weight·e^z − slope·z + bound.
   */
  private exclude(end: number, other: number): number {
    const { weight } = this.problem;
    let at = end;
    for (let step = 0; step < EXCLUSIONS; step++) {
      const slope = weight * Math.exp(at);
      const bound = this.relaxAt(at);
      const most = (z: number): number => weight * Math.exp(z) - slope * z + bound;
      if (!(most(at) < this.value())) break;
      if (most(other) <= this.value()) return other;
      // Convex, and least where the slope was taken: one crossing.
      let [worse, better] = [at, other];
      for (let halving = 0; halving < 20; halving++) {
        const middle = (worse + better) / 2;
        if (most(middle) < this.value()) worse = middle;
        else better = middle;
      }
      at = worse;
    }
    return at;
  }

  private value(): number {
    return this.best?.value ?? this.above;
  }

  /**
   * The corner that the value's slope leads to from z: what lies between z and there is worth less. "none"
   * if there is no plan, "cut" if the budget ended: then plans between `least` and `most` may be better.
   */
  private corner(z: number, least: number, most: number): Point | "none" | "cut" {
    let last = -Infinity;
    for (let from = z; ;) {
      const slope = this.problem.weight * Math.exp(from);
      // The plans met so far give a value to beat.
      const known = this.bestAt(slope);
      const above = known === null ? -Infinity : slope * known.z - known.loss;
      const { plan, value, bound } = solveSum(this.sumAt(slope), above, this.budget);
      if (bound === -Infinity) return "none";
      if (bound > value) this.leave(slope, bound, least, most);
      const point = plan === null ? known : this.take(plan);
      if (point === null || bound > value) return "cut";
      // Each step gains value, but for rounding, which must not make it go round.
      if (!(point.value > last) || this.reached.has(point.z)) {
        this.reached.add(point.z);
        return point;
      }
      last = point.value;
      from = point.z;
    }
  }

  /** A corner beyond the edge between two, which would split it; null if none can beat the best plan. */
  private beyond(left: Point, right: Point): Point | null {
    if (!(right.z > left.z)) return null;
    const slope = (right.loss - left.loss) / (right.z - left.z);
    const height = slope * left.z - left.loss;
    // By convexity a plan that is d beyond the edge is worth at most d more than the better of its ends.
    const needed = Math.max(0, this.value() - Math.max(left.value, right.value));
    const above = height + needed + ROUNDING * Math.max(1, Math.abs(height));
    const { plan, value, bound } = solveSum(this.sumAt(slope), above, this.budget);
    if (bound > value) this.leave(slope, bound, left.z, right.z);
    if (plan === null) return null;
    const point = this.take(plan);
    return point.z > left.z && point.z < right.z ? point : null;
  }

  /** Bounds the value of the plans between two z's whose slope·z − loss is at most `most`: convex, so greatest at an end. */
  private leave(slope: number, most: number, from: number, to: number): void {
    const at = (z: number): number => this.problem.weight * Math.exp(z) + most - slope * z;
    this.bound = Math.max(this.bound, at(from), at(to));
  }

  private sumAt(slope: number): SumProblem {
    const { columns, latencyLimit, limits } = this.problem;
    const { loss } = columns;
    const values = new Float64Array(loss.length);
    for (let place = 0; place < loss.length; place++) values[place] = slope * this.logs[place]! - loss[place]!;
    return { columns, values, latencyLimit, limits };
  }

  /** Of the points met so far the one whose slope·z − loss is greatest. */
  private bestAt(slope: number): Point | null {
    const at = ({ z, loss }: Point): number => slope * z - loss;
    return this.points.reduce<Point | null>(
      (best, point) => (best === null || at(point) > at(best) ? point : best),
      null,
    );
  }

  private take(plan: Int32Array): Point {
    const { columns, weight } = this.problem;
    let [product, z, loss] = [1, 0, 0];
    for (let s = 0; s < plan.length; s++) {
      const place = plan[s]!;
      product *= columns.score[place]!;
      z += this.logs[place]!;
      loss += columns.loss[place]!;
    }
    const point = { plan, z, loss, value: weight * product - loss };
    this.points.push(point);
    if (point.value > this.value()) this.best = point;
    return point;
  }
}

/** The least and the greatest sum of one place per stage. */
function endsOf(first: Int32Array, values: Float64Array): readonly [number, number] {
  let [least, most] = [0, 0];
  for (let s = 0; s + 1 < first.length; s++) {
    let [low, high] = [Infinity, -Infinity];
    for (let place = first[s]!; place < first[s + 1]!; place++) {
      low = Math.min(low, values[place]!);
      high = Math.max(high, values[place]!);
    }
    least += low;
    most += high;
  }
  return [least, most];
}
