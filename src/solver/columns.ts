import type { Problem } from "../core/problem.ts";

/**
 * The options of all stages in columns of equal length, as the exact engine searches them: one stage
 * after the other, each in ascending order of mean latency. A row is called a place.
 */
export interface Columns {
  /** Place at which each stage begins, and at last the number of places. */
  readonly first: Int32Array;
  /** Index of each place's option among those of its stage. */
  readonly option: Int32Array;
  readonly score: Float64Array;
  /** What the value loses: penalty + tie. */
  readonly loss: Float64Array;
  readonly mean: Float64Array;
  readonly forming: Float64Array;
  readonly excessSquared: Float64Array;
  /** By row. */
  readonly uses: readonly Float64Array[];
  /** By path, the stages on it in ascending order. */
  readonly paths: Problem["latency"]["paths"];
  /** Whether latency is more than a sum of means. */
  readonly composed: boolean;
}

/** Some places of each stage, in ascending order: those of stage s are `at[first[s]]` to before `at[first[s + 1]]`. */
export interface Places {
  readonly first: Int32Array;
  readonly at: Int32Array;
}

export function columnsOf({ options, rows, latency: { paths } }: Problem): Columns {
  const stages = options.length;
  const first = new Int32Array(stages + 1);
  for (let s = 0; s < stages; s++) first[s + 1] = first[s]! + options[s]!.length;
  const columns = emptyColumns(first, rows.length, paths, false);
  let composed = false;
  const means = new Float64Array(Math.max(0, ...options.map((ofStage) => ofStage.length)));
  let place = 0;
  for (const ofStage of options) {
    const order: number[] = [];
    for (let o = 0; o < ofStage.length; o++) {
      order.push(o);
      means[o] = ofStage[o]!.latency.mean;
    }
    order.sort((a, b) => means[a]! - means[b]!);
    for (let i = 0; i < order.length; i++) {
      const o = order[i]!;
      const { score, penalty, tie, latency, uses } = ofStage[o]!;
      columns.option[place] = o;
      columns.score[place] = score;
      columns.loss[place] = penalty + tie;
      columns.mean[place] = latency.mean;
      columns.forming[place] = latency.forming;
      columns.excessSquared[place] = latency.excessSquared;
      for (let r = 0; r < rows.length; r++) columns.uses[r]![place] = uses[r]!;
      composed ||= latency.forming > 0 || latency.excessSquared > 0;
      place++;
    }
  }
  return { ...columns, composed };
}

/** Only the given places. */
export function pick(columns: Columns, { first, at }: Places): Columns {
  const picked = emptyColumns(first, columns.uses.length, columns.paths, columns.composed);
  for (let i = 0; i < at.length; i++) picked.option[i] = columns.option[at[i]!]!;
  const from = [columns.score, columns.loss, columns.mean, columns.forming, columns.excessSquared, ...columns.uses];
  const to = [picked.score, picked.loss, picked.mean, picked.forming, picked.excessSquared, ...picked.uses];
  for (let c = 0; c < from.length; c++) {
    const [source, target] = [from[c]!, to[c]!];
    for (let i = 0; i < at.length; i++) target[i] = source[at[i]!]!;
  }
  return picked;
}

/** The places that pass a test. */
export function placesWhere(first: Int32Array, passes: (place: number) => boolean): Places {
  const at = new Int32Array(first.at(-1) ?? 0);
  const begins = new Int32Array(first.length);
  let count = 0;
  for (let s = 0; s + 1 < first.length; s++) {
    for (let place = first[s]!; place < first[s + 1]!; place++) if (passes(place)) at[count++] = place;
    begins[s + 1] = count;
  }
  return { first: begins, at: at.subarray(0, count) };
}

function emptyColumns(first: Int32Array, rows: number, paths: Columns["paths"], composed: boolean): Columns {
  const length = first.at(-1) ?? 0;
  return {
    first,
    option: new Int32Array(length),
    score: new Float64Array(length),
    loss: new Float64Array(length),
    mean: new Float64Array(length),
    forming: new Float64Array(length),
    excessSquared: new Float64Array(length),
    uses: Array.from({ length: rows }, () => new Float64Array(length)),
    paths,
    composed,
  };
}
