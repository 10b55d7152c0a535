import type { Places } from "./columns.ts";

/** A multiple-choice problem with linear rows: one option per stage, of those that are kept. */
export interface LinearProblem {
  /** The places that may be chosen; at least one of each stage. */
  readonly kept: Places;
  /** By place: what is maximised. */
  readonly values: Float64Array;
  /** By row, by place. */
  readonly uses: readonly Float64Array[];
  readonly limits: readonly number[];
}

export interface Dual {
  /** By row. */
  readonly prices: Float64Array;
  /** No plan that keeps the rows has a greater value; −∞ if one of the rows alone cannot be kept. */
  readonly bound: number;
  /** Plans met on the way, by stage the place; some may keep the rows, the last ones most likely. */
  readonly met: readonly Int32Array[];
}

/** Rounds through several rows; a fifth rarely gains. */
const ROUNDS = 4;
/** Rounds go on while the bound falls by this share. */
const WORTHWHILE = 1e-4;
/** A line that rises above the dual by no more than this, relative, touches it. */
const TOUCHES = 1e-13;

/**
 * Lagrangian relaxation: with a price λ_r ≥ 0 on each row's use every stage chooses alone, and
 * Σ λ·limit + Σ_s max (value − Σ λ·use) bounds the value of all plans that keep the rows (Fisher,
 * Management Science 27(1), 1981). Returns good prices, found row by row: the best ones if there is one row.
 */
export function dualOf(problem: LinearProblem): Dual {
  const { kept, values, uses, limits } = problem;
  const prices = new Float64Array(limits.length);
  const met: Int32Array[] = [];
  let bound = Infinity;
  const rounds = limits.length > 1 ? ROUNDS : 1;
  for (let round = 0; round < rounds; round++) {
    const before = bound;
    for (let row = 0; row < limits.length; row++) {
      if (limits[row] === Infinity) continue;
      const worth = limits.length === 1 ? values : worthAt(problem, prices, row);
      const found = bestPrice(kept, worth, uses[row]!, limits[row]!, met);
      if (found === null) return { prices, bound: -Infinity, met };
      prices[row] = found.price;
      bound = found.bound;
      for (let r = 0; r < limits.length; r++) if (r !== row && prices[r]! > 0) bound += prices[r]! * limits[r]!;
    }
    if (!(before - bound > WORTHWHILE * Math.abs(bound))) break;
  }
  if (bound < Infinity) return { prices, bound, met };
  const { plan, value } = choose(kept, values, values, 0);
  return { prices, bound: value, met: [plan] };
}

/** By place: the value less what its uses cost, those of one row left out. */
export function worthAt({ values, uses }: LinearProblem, prices: Float64Array, except = -1): Float64Array {
  const worth = values.slice();
  for (let r = 0; r < prices.length; r++) {
    const price = prices[r]!;
    if (r === except || price === 0) continue;
    const use = uses[r]!;
    for (let place = 0; place < worth.length; place++) worth[place]! -= price * use[place]!;
  }
  return worth;
}

/** A plan as a line over the price of a row: value − price·use. */
interface Line {
  readonly plan: Int32Array;
  readonly value: number;
  readonly use: number;
}

/**
 * The price at which price·limit + max (value − price·use) is least. That is convex and piecewise
 * linear: where the lines of a plan that uses too much and of one that does not cross, either a third
 * line lies above and replaces one of them, or the least is found. Null if every plan uses too much.
 */
function bestPrice(
  kept: Places,
  worth: Float64Array,
  uses: Float64Array,
  limit: number,
  met: Int32Array[],
): { readonly price: number; readonly bound: number } | null {
  let greedy = choose(kept, worth, uses, 0);
  met.push(greedy.plan);
  if (greedy.use <= limit) return { price: 0, bound: greedy.value };
  let frugal = frugalest(kept, worth, uses);
  if (frugal.use > limit) return null;
  met.push(frugal.plan);
  for (;;) {
    const price = (greedy.value - frugal.value) / (greedy.use - frugal.use);
    const height = frugal.value - price * frugal.use;
    const line = choose(kept, worth, uses, price);
    const risen = Math.max(0, line.value - price * line.use - height);
    // A line that is one of the two again has risen by rounding only.
    const same = line.use === greedy.use || line.use === frugal.use;
    if (same || risen <= TOUCHES * Math.max(1, Math.abs(height))) {
      return { price, bound: price * limit + height + risen };
    }
    met.push(line.plan);
    if (line.use > limit) greedy = line;
    else frugal = line;
  }
}

/** Each stage's best place at a price. */
function choose({ first, at }: Places, worth: Float64Array, uses: Float64Array, price: number): Line {
  const plan = new Int32Array(first.length - 1);
  for (let s = 0; s < plan.length; s++) {
    let best = -1;
    let most = -Infinity;
    for (let i = first[s]!; i < first[s + 1]!; i++) {
      const place = at[i]!;
      const priced = worth[place]! - price * uses[place]!;
      if (priced > most) {
        most = priced;
        best = place;
      }
    }
    plan[s] = best;
  }
  return lineOf(plan, worth, uses);
}

/** Each stage's place of least use, and of those of greatest worth. */
function frugalest({ first, at }: Places, worth: Float64Array, uses: Float64Array): Line {
  const plan = new Int32Array(first.length - 1);
  for (let s = 0; s < plan.length; s++) {
    let best = at[first[s]!]!;
    for (let i = first[s]! + 1; i < first[s + 1]!; i++) {
      const place = at[i]!;
      const more = uses[place]! - uses[best]!;
      if (more < 0 || (more === 0 && worth[place]! > worth[best]!)) best = place;
    }
    plan[s] = best;
  }
  return lineOf(plan, worth, uses);
}

function lineOf(plan: Int32Array, worth: Float64Array, uses: Float64Array): Line {
  let value = 0;
  let use = 0;
  for (let s = 0; s < plan.length; s++) {
    value += worth[plan[s]!]!;
    use += uses[plan[s]!]!;
  }
  return { plan, value, use };
}
