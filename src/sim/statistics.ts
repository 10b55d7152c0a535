import { percentilePlace } from "../core/percentile.ts";
import { ROW_TOLERANCE } from "../core/pipeline.ts";
import { GrowingArray } from "../workload/growing-array.ts";
import { select } from "./select.ts";
import { ascending } from "./sort.ts";

/** To find percentiles in. */
let scratch = new Float64Array(0);

/** What became of the requests that ended in some interval. */
export class Ended {
  served = 0;
  late = 0;
  dropped = 0;
  private readonly latencies: GrowingArray;

  /** `expected`: how many requests will be served, about. */
  constructor(expected = 1024) {
    this.latencies = new GrowingArray(expected);
  }

  /** A request that was served with this latency; returns whether it was on time. */
  serve(latency: number, sla: number): boolean {
    const onTime = latency <= sla + ROW_TOLERANCE;
    this.served++;
    if (!onTime) this.late++;
    this.latencies.push(latency);
    return onTime;
  }

  ascending(): Float64Array {
    return ascending(this.latencies.view());
  }

  /** Percentiles of latency, the lower first; null if nothing was served. */
  percentiles(low: number, high: number): readonly [number | null, number | null] {
    const count = this.latencies.length;
    if (count === 0) return [null, null];
    if (scratch.length < count) scratch = new Float64Array(2 * count);
    scratch.set(this.latencies.view());
    const place = percentilePlace(count, low);
    const first = select(scratch, 0, count, place);
    return [first, select(scratch, place, count, percentilePlace(count, high))];
  }

  clear(): void {
    this.served = this.late = this.dropped = this.latencies.length = 0;
  }
}

/** The items that one stage handled. Times in seconds. */
export class StageTally {
  batches = 0;
  items = 0;
  dropped = 0;
  switches = 0;
  replicasStarted = 0;
  private waited = 0;
  private stayed = 0;

  serve(arrival: number, start: number, end: number): void {
    this.items++;
    this.waited += start - arrival;
    this.stayed += end - arrival;
  }

  meanWait(): number | null {
    return this.items === 0 ? null : this.waited / this.items;
  }

  meanSojourn(): number | null {
    return this.items === 0 ? null : this.stayed / this.items;
  }
}

/** Time averages of what changes in steps: each value holds until the next is set. */
export class TimeAverage {
  private area = 0;
  private value = 0;
  private since: number;
  private readonly from: number;

  constructor(from: number) {
    this.from = from;
    this.since = from;
  }

  /** Setting the value that holds changes nothing, to the last bit. */
  set(value: number, now: number): void {
    if (value === this.value) return;
    this.area += this.value * Math.max(0, now - this.since);
    this.since = Math.max(this.since, now);
    this.value = value;
  }

  /** The average from the beginning to `now`. */
  over(now: number): number {
    return (this.area + this.value * Math.max(0, now - this.since)) / (now - this.from);
  }
}
