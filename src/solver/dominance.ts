import type { Places } from "./columns.ts";

/** How many of the places that are kept a new one is compared with, where one cost more does not tell. */
const COMPARED = 64;

/**
 * Of places in ascending order of some cost, stage by stage, those that no earlier place of their stage
 * dominates: one that is worth at least as much and costs at most as much in every further column. Of
 * equals the first stays.
 */
export function undominated(first: Int32Array, worth: Float64Array, costs: readonly Float64Array[]): Places {
  const at = new Int32Array(worth.length);
  const begins = new Int32Array(first.length);
  let count = 0;
  for (let s = 0; s + 1 < first.length; s++) {
    let most = -Infinity;
    for (let place = first[s]!; place < first[s + 1]!; place++) {
      if (worth[place]! > most) {
        most = worth[place]!;
        at[count++] = place;
      } else if (costs.length > 0 && !dominated(worth, costs, at, begins[s]!, count, place)) at[count++] = place;
    }
    begins[s + 1] = count;
  }
  return { first: begins, at: at.subarray(0, count) };
}

function dominated(
  worth: Float64Array,
  costs: readonly Float64Array[],
  kept: Int32Array,
  from: number,
  to: number,
  place: number,
): boolean {
  // Backwards: near ones dominate most often. What slips through is only not dropped.
  for (let k = to - 1; k >= Math.max(from, to - COMPARED); k--) {
    const other = kept[k]!;
    let covers = worth[other]! >= worth[place]!;
    for (let c = 0; c < costs.length && covers; c++) covers = costs[c]![other]! <= costs[c]![place]!;
    if (covers) return true;
  }
  return false;
}
