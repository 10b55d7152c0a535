import type { Adaptation } from "../core/pipeline.ts";
import type { ServedBatches } from "../core/service-time.ts";

/** What stages served in the last intervals, as many as predictors see (S18). */
export class Lately {
  private readonly most: number;
  private readonly intervals: (readonly ServedBatches[])[] = [];

  constructor({ history, interval }: Pick<Adaptation, "history" | "interval">) {
    this.most = Math.max(1, Math.floor(history / interval));
  }

  /** Adds what was served in one more interval; returns all of them together, of each stage the variant that served last. */
  add(served: readonly ServedBatches[]): readonly ServedBatches[] {
    this.intervals.push(served);
    if (this.intervals.length > this.most) this.intervals.shift();
    const sums = new Map<string, ServedBatches>();
    const last = new Map<string, string>();
    for (const one of this.intervals.flat()) {
      const key = JSON.stringify([one.stage, one.variant]);
      const { batches = 0, seconds = 0, requests = 0 } = sums.get(key) ?? {};
      sums.set(key, {
        ...one,
        batches: batches + one.batches,
        seconds: seconds + one.seconds,
        requests: requests + (one.requests ?? 0),
      });
      last.set(one.stage, key);
    }
    return [...last.values()].flatMap((key) => sums.get(key) ?? []);
  }
}
