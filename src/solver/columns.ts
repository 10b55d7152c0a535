import type { Problem } from "../core/problem.ts";

/** Options of one stage in columns of equal length, as the exact engine searches them; uses by row. */
export interface Columns {
  /** Place of each option among those of the problem. */
  readonly option: Int32Array;
  readonly score: Float64Array;
  /** What the value loses: penalty + tie. */
  readonly loss: Float64Array;
  readonly mean: Float64Array;
  readonly forming: Float64Array;
  readonly excessSquared: Float64Array;
  readonly uses: readonly Float64Array[];
}

/** The options of each stage, in ascending order of their mean latency. */
export function columnsOf({ options, rows }: Problem): readonly Columns[] {
  return options.map((ofStage) => {
    const sorted = Array.from(ofStage.keys()).sort((a, b) => ofStage[a]!.latency.mean - ofStage[b]!.latency.mean);
    const columns = emptyColumns(ofStage.length, rows.length);
    sorted.forEach((o, place) => {
      const { score, penalty, tie, latency, uses } = ofStage[o]!;
      columns.option[place] = o;
      columns.score[place] = score;
      columns.loss[place] = penalty + tie;
      columns.mean[place] = latency.mean;
      columns.forming[place] = latency.forming;
      columns.excessSquared[place] = latency.excessSquared;
      for (let r = 0; r < rows.length; r++) columns.uses[r]![place] = uses[r]!;
    });
    return columns;
  });
}

/** Only the given places, in their order. */
export function pick(columns: Columns, places: Int32Array): Columns {
  const from = [columns.score, columns.loss, columns.mean, columns.forming, columns.excessSquared, ...columns.uses];
  const picked = emptyColumns(places.length, columns.uses.length);
  const to = [picked.score, picked.loss, picked.mean, picked.forming, picked.excessSquared, ...picked.uses];
  for (let i = 0; i < places.length; i++) {
    picked.option[i] = columns.option[places[i]!]!;
    for (let c = 0; c < from.length; c++) to[c]![i] = from[c]![places[i]!]!;
  }
  return picked;
}

function emptyColumns(length: number, rows: number): Columns {
  return {
    option: new Int32Array(length),
    score: new Float64Array(length),
    loss: new Float64Array(length),
    mean: new Float64Array(length),
    forming: new Float64Array(length),
    excessSquared: new Float64Array(length),
    uses: Array.from({ length: rows }, () => new Float64Array(length)),
  };
}
