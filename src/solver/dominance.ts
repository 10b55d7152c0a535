import type { Places } from "./columns.ts";

/** How many of the places that are kept a new one is compared with, where its worth does not tell. */
const COMPARED = 32;

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
    // Who dominated the last one often dominates the next.
    let last = -1;
    for (let place = first[s]!; place < first[s + 1]!; place++) {
      if (worth[place]! > most) most = worth[place]!;
      else if (costs.length === 0) continue;
      else {
        if (last >= 0 && dominates(worth, costs, last, place)) continue;
        const by = dominator(worth, costs, at, Math.max(begins[s]!, count - COMPARED), count, place);
        if (by >= 0) {
          last = by;
          continue;
        }
      }
      at[count++] = place;
    }
    begins[s + 1] = count;
  }
  return { first: begins, at: at.subarray(0, count) };
}

/** Of the kept places from `from` to before `to` one that dominates a place; −1 if there is none. */
function dominator(
  worth: Float64Array,
  costs: readonly Float64Array[],
  kept: Int32Array,
  from: number,
  to: number,
  place: number,
): number {
  // Backwards: near ones dominate most often. What slips through is only not dropped.
  for (let k = to - 1; k >= from; k--) if (dominates(worth, costs, kept[k]!, place)) return kept[k]!;
  return -1;
}

function dominates(worth: Float64Array, costs: readonly Float64Array[], a: number, b: number): boolean {
  if (worth[a]! < worth[b]!) return false;
  for (let c = 0; c < costs.length; c++) if (costs[c]![a]! > costs[c]![b]!) return false;
  return true;
}
