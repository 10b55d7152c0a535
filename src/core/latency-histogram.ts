import { increaseSince, scrapesOf, type LabelledSeries } from "./counters.ts";

/** The label of a bucket that holds its upper bound. */
const BOUND = "le";

/**
 * A quantile of what the buckets of a histogram counted, of all series together, over the samples that there are; null if they are not
 * scraped, or counted too few to tell. Between the bounds of a bucket by a line, as `histogram_quantile` of Prometheus
 * does, and beyond the last finite bound that bound.
 */
export function quantileOfBuckets(buckets: readonly LabelledSeries[], quantile: number, now: number): number | null {
  if (
    "problem" in
    scrapesOf(
      buckets.map(({ samples }) => samples),
      now,
    )
  )
    return null;
  const counts = new Map<number, number>();
  for (const { labels, samples } of buckets) {
    const bound = boundOf(labels[BOUND]);
    if (bound === null) continue;
    counts.set(bound, (counts.get(bound) ?? 0) + increaseSince(samples, -Infinity));
  }
  const all = [...counts].toSorted(([a], [b]) => a - b);
  const total = counts.get(Infinity);
  // One request at least is beyond the quantile.
  if (total === undefined || !(total * (1 - quantile) >= 1)) return null;
  let [lower, below] = [0, 0];
  for (const [upper, counted] of all) {
    // Buckets that were not scraped at one instant may disagree.
    const upTo = Math.max(below, counted);
    if (upTo >= quantile * total) {
      if (upper === Infinity) return lower;
      if (upper <= 0) return upper;
      return lower + (upper - lower) * ((quantile * total - below) / (upTo - below));
    }
    [lower, below] = [upper, upTo];
  }
  return null;
}

function boundOf(text: string | undefined): number | null {
  if (text === undefined) return null;
  const bound = text === "+Inf" ? Infinity : Number(text);
  return Number.isNaN(bound) ? null : bound;
}
