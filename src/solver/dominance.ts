/** How many of the places that are kept a new one is compared with, where one cost more does not tell. */
const COMPARED = 64;

/**
 * Of places in ascending order of some cost, those that no earlier place dominates: one that is worth
 * at least as much and costs at most as much in every further column. Of equals the first stays.
 */
export function undominated(worth: Float64Array, costs: readonly Float64Array[]): Int32Array {
  const kept = new Int32Array(worth.length);
  let count = 0;
  let most = -Infinity;
  for (let place = 0; place < worth.length; place++) {
    if (worth[place]! > most) {
      most = worth[place]!;
      kept[count++] = place;
    } else if (costs.length > 0 && !dominated(worth, costs, kept, count, place)) kept[count++] = place;
  }
  return kept.subarray(0, count);
}

function dominated(
  worth: Float64Array,
  costs: readonly Float64Array[],
  kept: Int32Array,
  count: number,
  place: number,
): boolean {
  // Backwards: near ones dominate most often. What slips through is only not dropped.
  for (let k = count - 1; k >= Math.max(0, count - COMPARED); k--) {
    const other = kept[k]!;
    let covers = worth[other]! >= worth[place]!;
    for (let c = 0; c < costs.length && covers; c++) covers = costs[c]![other]! <= costs[c]![place]!;
    if (covers) return true;
  }
  return false;
}
