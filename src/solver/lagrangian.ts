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

/** A line that rises above the dual by no more than this, relative, touches it. */
const TOUCHES = 1e-13;
/** Prices of one row that are tried: rarely more than ten, but where rounding leads it may creep. Any price bounds. */
const TRIED = 60;
/** Only what exceeds a limit by more than this, relative, is said not to keep it: a bound is rounded. */
const BEYOND = 1e-7;
/** Where a price is so high that its terms cancel, their rounding counts; relative. */
const CANCELS = 1e3;
const CANCELLED = 1e-14;
/** Rows whose best prices are found together: each multiplies the work by ten. */
const MOST_NESTED = 3;
/** Rounds in which more rows are priced one by one. */
const ROUNDS = 6;
/** A round that lowers the bound by less, relative, is the last. */
const SETTLED = 1e-9;

/**
 * Lagrangian relaxation: with a price λ_r ≥ 0 on each row's use every stage chooses alone, and
 * Σ λ·limit + Σ_s max (value − Σ λ·use) bounds the value of all plans that keep the rows (Fisher,
 * Management Science 27(1), 1981). Returns the best prices: those of each row for the best of the rows before it.
 * Of many rows, good ones.
 */
export function dualOf(problem: LinearProblem): Dual {
  const prices = new Float64Array(problem.limits.length);
  const met: Int32Array[] = [];
  const bound =
    prices.length <= MOST_NESTED
      ? (leastDual(problem, prices.length - 1, problem.values, prices, met)?.bound ?? null)
      : oneByOne(problem, prices, met);
  if (bound === null) return { prices, bound: -Infinity, met };
  const priced = costOf(problem.limits.map(Math.abs), prices);
  const cancels = priced > CANCELS * Math.max(1, Math.abs(bound));
  return { prices, bound: cancels ? bound + CANCELLED * priced : bound, met };
}

/** Σ price · limit; a row without a limit has no price. */
function costOf(limits: readonly number[], prices: Float64Array): number {
  return prices.reduce((sum, price, row) => sum + (price > 0 ? price * limits[row]! : 0), 0);
}

/**
 * Sets the best price of one row after the other while the others stay, for some rounds. Each step lowers the bound, though
 * not always to the least: the dual has edges along which no price alone gets lower. Null if a row cannot be kept.
 */
function oneByOne(problem: LinearProblem, prices: Float64Array, met: Int32Array[]): number | null {
  const { limits, uses } = problem;
  let bound = Infinity;
  for (let round = 0; round < ROUNDS; round++) {
    const before = bound;
    for (let row = 0; row < prices.length; row++) {
      prices[row] = 0;
      const alone = { ...problem, uses: [uses[row]!], limits: [limits[row]!] };
      const price = new Float64Array(1);
      const least = leastDual(alone, 0, worthAt(problem, prices), price, met);
      if (least === null) return null;
      bound = costOf(limits, prices) + least.bound;
      prices[row] = price[0]!;
    }
    if (before - bound <= SETTLED * Math.max(1, Math.abs(bound))) break;
  }
  return bound;
}

/** By place: the value less what its uses cost. */
export function worthAt({ values, uses }: LinearProblem, prices: Float64Array): Float64Array {
  let worth = values.slice();
  for (let row = 0; row < prices.length; row++) if (prices[row]! > 0) worth = lessCost(worth, prices[row]!, uses[row]!);
  return worth;
}

function lessCost(worth: Float64Array, price: number, use: Float64Array): Float64Array<ArrayBuffer> {
  const less = new Float64Array(worth.length);
  for (let place = 0; place < worth.length; place++) less[place] = worth[place]! - price * use[place]!;
  return less;
}

/** Plans with shares that add up to 1: what is best at the best prices keeps the rows only on average. */
type Mixture = readonly { readonly plan: Int32Array; readonly share: number }[];

/** The least that the dual can be over some rows' prices, and a mixture that attains it. */
interface Least {
  readonly bound: number;
  readonly mixture: Mixture;
}

/** The least over the prices of the rows up to `row`, which are set; null if no mixture keeps these rows. */
function leastDual(
  problem: LinearProblem,
  row: number,
  worth: Float64Array,
  prices: Float64Array,
  met: Int32Array[],
): Least | null {
  const limit = problem.limits[row]!;
  const use = problem.uses[row]!;
  if (limit === Infinity) {
    prices[row] = 0;
    if (row > 0) return leastDual(problem, row - 1, worth, prices, met);
    // Uses may be infinite here: overloaded stages, where no latency is asked for.
    const plan = choose(problem.kept, worth, worth, 0);
    met.push(plan);
    return { bound: total(worth, plan), mixture: [{ plan, share: 1 }] };
  }
  const lineAt =
    row === 0
      ? (price: number): Line => {
          const plan = choose(problem.kept, worth, use, price);
          met.push(plan);
          return { value: total(worth, plan), use: total(use, plan), mixture: [{ plan, share: 1 }] };
        }
      : (price: number): Line | null => {
          const inner = leastDual(problem, row - 1, lessCost(worth, price, use), prices, met);
          if (inner === null) return null;
          const used = mean(use, inner.mixture);
          return { value: inner.bound + price * used, use: used, mixture: inner.mixture };
        };
  const frugal = (): Frugal | null => {
    if (row === 0) {
      const plan = frugalest(problem.kept, worth, use);
      met.push(plan);
      const least = total(use, plan);
      return { value: total(worth, plan), use: least, mixture: [{ plan, share: 1 }], least };
    }
    const inner = leastDual(problem, row - 1, lessCost(new Float64Array(use.length), 1, use), prices.slice(), met);
    if (inner === null) return null;
    const { mixture } = inner;
    return { value: mean(worth, mixture), use: mean(use, mixture), mixture, least: -inner.bound };
  };
  const found = bestPrice(limit, lineAt, frugal);
  if (found === null) return null;
  prices[row] = found.price;
  return found;
}

/** A mixture as a line over the price of a row: value − price·use. */
interface Line {
  readonly value: number;
  readonly use: number;
  readonly mixture: Mixture;
}

/** The line of least use, and what no plan uses less than: its mixture's use may come out greater by rounding. */
interface Frugal extends Line {
  readonly least: number;
}

/**
 * The price at which price·limit + max (value − price·use) is least. That is convex and piecewise
 * linear: where the lines of a mixture that uses too much and of one that does not cross, either a third
 * line lies above and replaces one of them, or the least is found. Null if all use too much.
 */
function bestPrice(
  limit: number,
  lineAt: (price: number) => Line | null,
  frugal: () => Frugal | null,
): (Least & { readonly price: number }) | null {
  let more = lineAt(0);
  if (more === null) return null;
  if (more.use <= limit) return { price: 0, bound: more.value, mixture: more.mixture };
  const frugalest = frugal();
  if (frugalest === null || frugalest.least > limit + BEYOND * Math.max(1, Math.abs(limit))) return null;
  let less: Line = frugalest;
  let [at, bound] = [0, more.value];
  let [low, high] = [0, Infinity];
  for (let tried = 0; tried < TRIED; tried++) {
    const price: number = (more.value - less.value) / (more.use - less.use);
    // A line that is one of the two again has risen by rounding only: the price stays.
    if (!(price > low && price < high)) break;
    const height: number = less.value - price * less.use;
    const line = lineAt(price);
    if (line === null) break;
    const risen = Math.max(0, line.value - price * line.use - height);
    [at, bound] = [price, price * limit + height + risen];
    if (risen <= TOUCHES * Math.max(1, Math.abs(height))) break;
    if (line.use > limit) [more, low] = [line, price];
    else [less, high] = [line, price];
  }
  const share = more.use > less.use ? Math.min(1, Math.max(0, (limit - less.use) / (more.use - less.use))) : 0;
  return { price: at, bound, mixture: mixed(more.mixture, share, less.mixture) };
}

function mixed(a: Mixture, share: number, b: Mixture): Mixture {
  return [
    ...a.map((part) => ({ plan: part.plan, share: share * part.share })),
    ...b.map((part) => ({ plan: part.plan, share: (1 - share) * part.share })),
  ];
}

/** Each stage's best place at a price. */
function choose({ first, at }: Places, worth: Float64Array, uses: Float64Array, price: number): Int32Array {
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
  return plan;
}

/** Each stage's place of least use, and of those of greatest worth. */
function frugalest({ first, at }: Places, worth: Float64Array, uses: Float64Array): Int32Array {
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
  return plan;
}

function total(column: Float64Array, plan: Int32Array): number {
  let sum = 0;
  for (let s = 0; s < plan.length; s++) sum += column[plan[s]!]!;
  return sum;
}

function mean(column: Float64Array, mixture: Mixture): number {
  return mixture.reduce((sum, { plan, share }) => sum + share * total(column, plan), 0);
}
