import { ROW_TOLERANCE } from "../core/pipeline.ts";
import type { Budget } from "./budget.ts";
import type { Columns, Places } from "./columns.ts";
import { undominated } from "./dominance.ts";
import { Labels } from "./labels.ts";
import { dualOf, worthAt, type Dual, type LinearProblem } from "./lagrangian.ts";
import { latencyOn, quickest, tangent } from "./tangents.ts";

/**
 * One option per stage such that the sum of their values is greatest, the latency of each path within
 * the limit, and the use of each row within its own: a multiple-choice knapsack with few rows.
 */
export interface SumProblem {
  readonly columns: Columns;
  /** By place: what is maximised. */
  readonly values: Float64Array;
  readonly latencyLimit: number;
  readonly limits: readonly number[];
}

export interface SumAnswer {
  /** By stage the place; null if no plan is worth more than was asked for, or none was found in time. */
  readonly plan: Int32Array | null;
  /** Of the plan; without one what was asked for. */
  readonly value: number;
  /** No plan is worth more than this and the value. −∞ if no plan keeps the limits. */
  readonly bound: number;
}

/** A bound that is closer above a plan's value than this, relative, is rounding. */
const ROUNDING = 1e-15;
/** With no more, the relaxation meets plans that keep them. */
const FEW_PATHS = 2;
/** Rounds in which the linear latency row is made anew where the last one led. */
const TANGENTS = 3;
/** A label is completed with the rest of each of these many plans. */
const COMPLETIONS = 3;

const labels = new Labels();

/**
 * The best plan that is worth more than `above`: dominated options are dropped, a Lagrangian relaxation
 * bounds the value, options and labels that are too far from the bound to beat the best known plan are
 * dropped, and label setting over the stages, with dominance among labels, finds the best of the rest
 * (Kellerer, Pferschy & Pisinger, Knapsack Problems, 2004, chapter 11).
 */
export function solveSum(problem: SumProblem, above: number, budget: Budget): SumAnswer {
  const search = new Search(problem, above);
  const relaxation = search.relax();
  if (relaxation === null) return { plan: null, value: above, bound: -Infinity };
  search.improve();
  const bound = search.label(relaxation, budget);
  return { plan: search.best, value: search.value, bound };
}

/** What the relaxation alone says: a bound, and the best plan met on the way, if any, brought further by exchanges. */
export function relaxSum(problem: SumProblem): { readonly plan: Int32Array | null; readonly bound: number } {
  const search = new Search(problem, -Infinity);
  const relaxation = search.relax();
  if (relaxation === null) return { plan: null, bound: -Infinity };
  search.improve();
  return { plan: search.best, bound: relaxation.dual.bound };
}

interface Relaxation {
  readonly dual: Dual;
  readonly linear: LinearProblem;
}

class Search {
  best: Int32Array | null = null;
  /** The second best, if there are several: what it alone excludes is excluded too. */
  private other: Relaxation | null = null;
  value: number;
  private readonly problem: SumProblem;
  private readonly latencyLimit: number;
  private readonly limits: readonly number[];
  /** Whether latency is more than a sum of means. */
  private readonly composed: boolean;
  private readonly kept: Places;
  /** By path, by stage: 1 if it is on the path. */
  private readonly onPath: readonly Int32Array[];
  /** The least that the stages from s on use. */
  private readonly rest: Rest;

  constructor(problem: SumProblem, above: number) {
    this.problem = problem;
    this.value = above;
    const { columns, values } = problem;
    const { mean, forming, excessSquared, uses } = columns;
    this.latencyLimit = problem.latencyLimit + ROW_TOLERANCE;
    this.limits = problem.limits.map((limit) => limit + ROW_TOLERANCE);
    this.composed = columns.composed;
    this.kept = undominated(columns.first, values, this.composed ? [forming, excessSquared, ...uses] : uses);
    this.onPath = columns.paths.map((path) => this.kept.first.slice(1).map((_, s) => (path.includes(s) ? 1 : 0)));
    const ofPaths = (column: Float64Array): readonly Float64Array[] =>
      this.onPath.map((onPath) => this.leastFrom(column, onPath));
    this.rest = {
      mean: ofPaths(mean),
      forming: ofPaths(forming),
      excessSquared: ofPaths(excessSquared),
      uses: uses.map((use) => this.leastFrom(use)),
    };
  }

  /** The dual of all rows, latency made linear; null if one of them cannot be kept. */
  relax(): Relaxation | null {
    const { columns, values } = this.problem;
    const fastest = quickest(columns, this.kept);
    const { paths } = columns;
    // Where many paths must be kept the relaxation may meet no plan that does.
    if (paths.length > FEW_PATHS) this.consider(fastest);
    let best: Relaxation | null = null;
    let along = this.composed ? fastest : null;
    for (let round = 0; round < (this.composed ? TANGENTS : 1); round++) {
      const linear = {
        kept: this.kept,
        values,
        uses: [...paths.map((path) => tangent(columns, path, along)), ...columns.uses],
        limits: [...paths.map(() => this.latencyLimit), ...this.limits],
      };
      const dual = dualOf(linear);
      if (dual.bound === -Infinity) return null;
      for (const plan of dual.met) this.consider(plan);
      if (best === null || dual.bound < best.dual.bound) {
        this.other = best;
        best = { dual, linear };
      } else if (this.other === null || dual.bound < this.other.dual.bound) this.other = { dual, linear };
      along = dual.met.at(-1) ?? null;
    }
    return best;
  }

  /** Exchanges one stage's place after the other in the best plan, as long as it gets better and keeps the limits. */
  improve(): void {
    const { values } = this.problem;
    const { first, at } = this.kept;
    for (let exchanged = true; exchanged && this.best !== null;) {
      exchanged = false;
      for (let s = 0; s + 1 < first.length; s++) {
        const plan: Int32Array = this.best.slice();
        const own = values[plan[s]!]!;
        for (let i = first[s]!; i < first[s + 1]!; i++) {
          if (!(values[at[i]!]! > own)) continue;
          plan[s] = at[i]!;
          exchanged = this.consider(plan) || exchanged;
        }
      }
    }
  }

  /**
   * Label setting over the stages in order. Returns a bound of what was left out when the budget ended;
   * the best value when nothing was.
   */
  label({ dual, linear }: Relaxation, budget: Budget): number {
    const { columns, values } = this.problem;
    const { limits, kept } = this;
    const rounding = ROUNDING * Math.max(1, Math.abs(dual.bound));
    // The first question is often the last: a plan that reaches the bound.
    if (!(dual.bound - this.value > rounding)) return this.value;
    const gaps = gapsOf(linear, dual);
    const other = this.other ?? { dual, linear };
    const otherGaps = gapsOf(other.linear, other.dual);
    const otherBound = other.dual.bound;
    const stages = kept.first.length - 1;
    const slack = dual.bound - this.value - rounding;
    const ordered = Array.from({ length: stages }, (_, s) =>
      kept.at
        .subarray(kept.first[s], kept.first[s + 1])
        .filter((place) => gaps[place]! < slack)
        .sort((a, b) => gaps[a]! - gaps[b]!),
    );
    const tails = dual.met.slice(-COMPLETIONS);
    labels.start(columns.paths.length, limits.length);
    let layer: Int32Array = Int32Array.of(0);
    for (let s = 0; s < stages; s++) {
      const places = ordered[s]!;
      const first = labels.count;
      for (let l = 0; l < layer.length; l++) {
        const parent = layer[l]!;
        if (budget.spent) return Math.max(this.value, dual.bound - this.leastGap(layer, l, first));
        for (let i = 0; i < places.length; i++) {
          const o = places[i]!;
          const gap = labels.gap[parent]! + gaps[o]!;
          // All later places are farther still.
          if (!(gap < dual.bound - this.value - rounding)) break;
          const otherGap = labels.otherGap[parent]! + otherGaps[o]!;
          if (!(otherGap < otherBound - this.value - rounding)) continue;
          if (!this.fits(parent, o, s)) continue;
          const label = labels.add();
          labels.value[label] = labels.value[parent]! + values[o]!;
          labels.gap[label] = gap;
          labels.otherGap[label] = otherGap;
          this.addLatency(label, parent, o, s);
          for (let r = 0; r < limits.length; r++) {
            labels.uses[r]![label] = labels.uses[r]![parent]! + columns.uses[r]![o]!;
          }
          labels.parent[label] = parent;
          labels.place[label] = o;
          budget.spend();
        }
      }
      for (const tail of tails) this.complete(first, s, tail);
      layer = s + 1 < stages ? this.undominated(first) : layer;
    }
    return this.value;
  }

  /** Sets the latency terms of a label that chose a place after its parent. */
  private addLatency(label: number, parent: number, place: number, s: number): void {
    const { columns } = this.problem;
    for (let p = 0; p < this.onPath.length; p++) {
      const on = this.onPath[p]![s]!;
      labels.mean[p]![label] = labels.mean[p]![parent]! + on * columns.mean[place]!;
      labels.forming[p]![label] = labels.forming[p]![parent]! + on * columns.forming[place]!;
      labels.excessSquared[p]![label] = labels.excessSquared[p]![parent]! + on * columns.excessSquared[place]!;
    }
  }

  /** Whether a parent with a place of stage `s` can be completed within the limits, as far as least uses tell. */
  private fits(parent: number, place: number, s: number): boolean {
    const { columns } = this.problem;
    const { rest, composed } = this;
    for (let p = 0; p < this.onPath.length; p++) {
      if (this.onPath[p]![s] === 0) continue;
      let latency = labels.mean[p]![parent]! + columns.mean[place]! + rest.mean[p]![s + 1]!;
      if (composed) {
        const forming = labels.forming[p]![parent]! + columns.forming[place]! + rest.forming[p]![s + 1]!;
        const squared =
          labels.excessSquared[p]![parent]! + columns.excessSquared[place]! + rest.excessSquared[p]![s + 1]!;
        latency += Math.sqrt(forming * forming + squared);
      }
      if (latency > this.latencyLimit + ROW_TOLERANCE) return false;
    }
    for (let r = 0; r < this.limits.length; r++) {
      const use = labels.uses[r]![parent]! + columns.uses[r]![place]! + rest.uses[r]![s + 1]!;
      // Sums in another order than that of `consider`, which has the last word.
      if (use > this.limits[r]! + ROW_TOLERANCE * Math.max(1, Math.abs(this.limits[r]!))) return false;
    }
    return true;
  }

  /** Of the labels from `first` on, those that may lead to a better plan than each other. */
  private undominated(first: number): Int32Array {
    const { composed, limits } = this;
    const sorted = new Int32Array(labels.count - first);
    for (let i = 0; i < sorted.length; i++) sorted[i] = first + i;
    const { value } = labels;
    const [mean] = labels.mean;
    if (sorted.length === 1 || mean === undefined) return sorted;
    sorted.sort((a, b) => mean[a]! - mean[b]! || value[b]! - value[a]!);
    const by = (column: Float64Array): Float64Array => {
      const inOrder = new Float64Array(sorted.length);
      for (let i = 0; i < sorted.length; i++) inOrder[i] = column[sorted[i]!]!;
      return inOrder;
    };
    const costs: Float64Array[] = [];
    for (let p = 0; p < this.onPath.length; p++) {
      if (p > 0) costs.push(by(labels.mean[p]!));
      if (composed) costs.push(by(labels.forming[p]!), by(labels.excessSquared[p]!));
    }
    for (let r = 0; r < limits.length; r++) costs.push(by(labels.uses[r]!));
    const { at } = undominated(Int32Array.of(0, sorted.length), by(value), costs);
    return at.map((place) => sorted[place]!);
  }

  /** Completes the labels from `first` on, of stage `s`, with the rest of a plan: good plans are found early. */
  private complete(first: number, s: number, tail: Int32Array): void {
    const { columns, values } = this.problem;
    const paths = this.onPath.length;
    const [mean, forming, squared] = [new Float64Array(paths), new Float64Array(paths), new Float64Array(paths)];
    let value = 0;
    for (let t = s + 1; t < tail.length; t++) {
      const o = tail[t]!;
      value += values[o]!;
      for (let p = 0; p < paths; p++) {
        const on = this.onPath[p]![t]!;
        mean[p]! += on * columns.mean[o]!;
        forming[p]! += on * columns.forming[o]!;
        squared[p]! += on * columns.excessSquared[o]!;
      }
    }
    for (let label = first; label < labels.count; label++) {
      if (!(labels.value[label]! + value > this.value)) continue;
      let late = false;
      for (let p = 0; p < paths && !late; p++) {
        const f = labels.forming[p]![label]! + forming[p]!;
        const excess = Math.sqrt(f * f + labels.excessSquared[p]![label]! + squared[p]!);
        late = labels.mean[p]![label]! + mean[p]! + excess > this.latencyLimit + ROW_TOLERANCE;
      }
      if (late) continue;
      const plan = tail.slice();
      for (let t = s, l = label; t >= 0; t--) {
        plan[t] = labels.place[l]!;
        l = labels.parent[l]!;
      }
      this.consider(plan);
    }
  }

  /** Takes a plan, as a copy, that keeps the limits and is worth more than the best; sums in the order in which `holds` adds. */
  private consider(plan: Int32Array): boolean {
    const { columns, values } = this.problem;
    let value = 0;
    for (let s = 0; s < plan.length; s++) value += values[plan[s]!]!;
    if (!(value > this.value)) return false;
    for (const path of columns.paths) if (latencyOn(columns, path, plan) > this.latencyLimit) return false;
    for (let r = 0; r < this.limits.length; r++) {
      let use = 0;
      for (let s = 0; s < plan.length; s++) use += columns.uses[r]![plan[s]!]!;
      if (use > this.limits[r]!) return false;
    }
    this.best = plan.slice();
    this.value = value;
    return true;
  }

  private leastGap(layer: Int32Array, from: number, first: number): number {
    let least = Infinity;
    for (let l = from; l < layer.length; l++) least = Math.min(least, labels.gap[layer[l]!]!);
    for (let l = first; l < labels.count; l++) least = Math.min(least, labels.gap[l]!);
    return least;
  }

  /** By stage s: the least sum of a column over the stages from s on, those alone that count. */
  private leastFrom(column: Float64Array, counts: Int32Array | null = null): Float64Array {
    const { first, at } = this.kept;
    const least = new Float64Array(first.length);
    for (let s = first.length - 2; s >= 0; s--) {
      least[s] = least[s + 1]!;
      if (counts !== null && counts[s] === 0) continue;
      let own = Infinity;
      for (let i = first[s]!; i < first[s + 1]!; i++) own = Math.min(own, column[at[i]!]!);
      least[s]! += own;
    }
    return least;
  }
}

interface Rest {
  /** By path. */
  readonly mean: readonly Float64Array[];
  readonly forming: readonly Float64Array[];
  readonly excessSquared: readonly Float64Array[];
  /** By row. */
  readonly uses: readonly Float64Array[];
}

/** By place: how much less than its stage's best it is worth at the dual's prices. */
function gapsOf(linear: LinearProblem, { prices }: Dual): Float64Array {
  const gaps = worthAt(linear, prices);
  const { first, at } = linear.kept;
  for (let s = 0; s + 1 < first.length; s++) {
    let most = -Infinity;
    for (let i = first[s]!; i < first[s + 1]!; i++) most = Math.max(most, gaps[at[i]!]!);
    for (let i = first[s]!; i < first[s + 1]!; i++) gaps[at[i]!] = most - gaps[at[i]!]!;
  }
  return gaps;
}
