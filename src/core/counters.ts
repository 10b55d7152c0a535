import type { LoadSeries } from "./cluster.ts";

/** What a counter said at an instant, Unix seconds. */
export interface CounterSample {
  readonly at: number;
  readonly value: number;
}

/** The raw samples of one counter at their own, ascending instants. */
export type CounterSeries = readonly CounterSample[];

/** The same with what tells it from others of its metric. */
export interface LabelledSeries {
  readonly labels: Readonly<Record<string, string>>;
  readonly samples: CounterSeries;
}

/** Why the load is not known. */
export type LoadProblem = "Absent" | "Stale" | "NotANumber" | "SeriesVanished" | "ResolutionTooCoarse" | "Unreachable";

/** What keeps counters from being measured, in one word for programs, and in many for people. */
export interface Unmeasured {
  readonly problem: LoadProblem;
  readonly message: string;
}

export type MeasuredLoad = { readonly load: LoadSeries } | Unmeasured;

/** What is asked of a measured load, seconds. */
export interface LoadWanted {
  readonly history: number;
  readonly loadWindow: number;
}

/** After so many of its own scrape intervals without a sample a series is not fresh: what is seldom scraped says nothing of the others. */
const FRESH = 3;
/** Samples that lie further apart than so many scrape intervals of their series have a gap between them. */
const GAP = 2;
/** Scrapes come a little early and late: a scrape interval is known to this share. */
const JITTER = 0.05;
/** Fewer spacings do not tell a series' own scrape interval. */
const TELLING = 3;

/**
 * The load that counters of requests show, all added up, or why they show none. It ends at the newest instant that all fresh
 * counters have reached: nothing is extrapolated. The increase between two samples is spread evenly over the time between them;
 * a counter that falls began anew at 0. A counter counts from its first sample on; before it, it counts as 0 where others
 * were measured. The steps are the longest that divide the load window and are as fine as the scrapes; none is finer.
 */
export function loadFromCounters(
  series: readonly CounterSeries[],
  now: number,
  { history, loadWindow }: LoadWanted,
): MeasuredLoad {
  const scraped = scrapesOf(series, now);
  if ("problem" in scraped) return scraped;
  const { fresh, late, interval } = scraped;
  const steps = Math.floor((loadWindow / interval) * (1 + JITTER));
  if (steps === 0) {
    return {
      problem: "ResolutionTooCoarse",
      message: `the counters are scraped every ${seconds(interval)}, and loads of ${seconds(loadWindow)} are asked for: set adaptation.loadWindow to ${seconds(Math.ceil(interval * (1 - JITTER)))} or more, or scrape every ${seconds(loadWindow)} or more often`,
    };
  }

  const step = loadWindow / steps;
  const count = Math.max(1, Math.floor(history / step + 1e-9));
  const end = Math.min(...fresh.map(({ last }) => last));
  // What one replica no longer counts, others may, or nobody: until it is out of sight the load is not known.
  const vanished = late.filter(({ last }) => last > end - count * step);
  if (vanished.length > 0) {
    const one = newestOf(vanished);
    return {
      problem: "SeriesVanished",
      message: `${vanished.length} of ${fresh.length + vanished.length} counters ended, the last ${seconds(now - one.last)} ago, more than ${FRESH} of its scrape intervals of ${seconds(one.interval)}: the load is not known until that is ${seconds(count * step)} ago, or they are back`,
    };
  }
  const broken = fresh.filter(({ samples }) => !isCount(samples.at(-1)));
  if (broken.length > 0) {
    return {
      problem: "NotANumber",
      message: `the newest sample of ${broken.length} of ${fresh.length} counters is no count: check what exports it`,
    };
  }
  return { load: addUp(fresh, { end, step, count }) };
}

/** A counter that has samples. */
interface ScrapedSeries {
  readonly samples: CounterSeries;
  /** Instant of its newest sample. */
  readonly last: number;
  /** Seconds between two of its scrapes. */
  readonly interval: number;
}

/** Counters of which some are scraped still. */
interface Scraped {
  readonly fresh: readonly ScrapedSeries[];
  readonly late: readonly ScrapedSeries[];
  /** Seconds between two scrapes, of those that are scraped least often. */
  readonly interval: number;
}

/** Looks whether counters are there, and are scraped still. */
export function scrapesOf(series: readonly CounterSeries[], now: number): Scraped | Unmeasured {
  const all = series.filter((one) => one.length > 0);
  if (all.length === 0) {
    return {
      problem: "Absent",
      message: "no counter matches the selector: check its name, labels, and whether it is scraped",
    };
  }
  const spacings = all.map((one) => one.slice(1).map(({ at }, i) => at - (one[i]?.at ?? at)));
  const interval = longestInterval(spacings);
  if (interval === null) {
    const newest = Math.max(...all.map(lastOf));
    return {
      problem: "Absent",
      message: `no counter has two samples yet, and a rate needs two (the newest is ${seconds(now - newest)} old): wait for the next scrape, or scrape more often`,
    };
  }
  const scraped = all.map((samples, s): ScrapedSeries => {
    return { samples, last: lastOf(samples), interval: intervalOf(spacings[s] ?? [], interval) };
  });
  const isFresh = (one: ScrapedSeries): boolean => now - one.last <= FRESH * one.interval;
  const [fresh, late] = [scraped.filter(isFresh), scraped.filter((one) => !isFresh(one))];
  if (fresh.length === 0) {
    const newest = newestOf(late);
    return {
      problem: "Stale",
      message: `the newest sample is ${seconds(now - newest.last)} old, more than ${FRESH} scrape intervals of ${seconds(newest.interval)}: check that the target is up and scraped, and the clocks`,
    };
  }
  return { fresh, late, interval };
}

/** How much a counter rose between its first sample at or after an instant and its last; NaN and what is no count left out. */
export function increaseSince(series: CounterSeries, since: number): number {
  return series.reduce((sum, to, i) => {
    const from = series[i - 1];
    return from === undefined || from.at < since ? sum : sum + (risen(from, to) ?? 0);
  }, 0);
}

/** From one sample to the next: a counter that falls began anew at 0. Null where one is no count. */
function risen(from: CounterSample, to: CounterSample): number | null {
  if (!isCount(from) || !isCount(to)) return null;
  return to.value >= from.value ? to.value - from.value : to.value;
}

function lastOf(series: CounterSeries): number {
  return series.at(-1)?.at ?? -Infinity;
}

function isCount(sample: CounterSample | undefined): boolean {
  return sample !== undefined && Number.isFinite(sample.value) && sample.value >= 0;
}

/** The scrape interval as seen, seconds: of the counters that are scraped least often; null where no counter has two samples. */
function longestInterval(spacings: readonly (readonly number[])[]): number | null {
  const telling = spacings.filter((own) => own.length >= TELLING);
  const medians = (telling.length > 0 ? telling : [spacings.flat()]).flatMap((own) => median(own) ?? []);
  return medians.length === 0 ? null : Math.max(...medians);
}

/** The scrape interval of one counter, by what is between its samples: of few the longest, for one may be short by chance. `longest`: that of all. */
function intervalOf(spacings: readonly number[], longest: number): number {
  const own = spacings.length >= TELLING ? median(spacings) : spacings.length > 0 ? Math.max(...spacings) : null;
  return Math.min(own ?? longest, longest);
}

function newestOf(series: readonly ScrapedSeries[]): ScrapedSeries {
  return series.reduce((newest, one) => (one.last > newest.last ? one : newest));
}

function median(values: readonly number[]): number | null {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? null;
}

/** Steps of a load series: `count` of them up to `end`. */
interface Steps {
  readonly end: number;
  readonly step: number;
  readonly count: number;
}

/** The rates of several counters together; null where one has a gap, or none was measured. */
function addUp(series: readonly ScrapedSeries[], steps: Steps): LoadSeries {
  const { end, step, count } = steps;
  const sums = new Float64Array(count);
  const measured = new Uint8Array(count);
  const missing = new Uint8Array(count);
  for (const { samples: one, interval } of series) {
    const longest = GAP * interval * (1 + JITTER);
    const increases = new Float64Array(count);
    for (let i = 1; i < one.length; i++) {
      const [from, to] = [one[i - 1], one[i]];
      if (from === undefined || to === undefined) continue;
      const increase = to.at - from.at <= longest ? risen(from, to) : null;
      for (const [s, share] of overlaps(steps, from.at, to.at)) {
        if (increase !== null) increases[s] = (increases[s] ?? 0) + share * increase;
        else missing[s] = 1;
      }
    }
    for (let s = 0; s < count; s++) {
      sums[s] = (sums[s] ?? 0) + (increases[s] ?? 0);
      if ((one[0]?.at ?? Infinity) <= end - (count - s) * step + 1e-6) measured[s] = 1;
    }
  }
  return {
    end,
    step,
    rates: Array.from(sums, (sum, s) => (measured[s] === 0 || missing[s] === 1 ? null : sum / step)),
  };
}

/** The steps that a span of time shares in, each with its share of the span. */
function* overlaps(
  { end, step, count }: Steps,
  from: number,
  to: number,
): Generator<readonly [step: number, share: number]> {
  const start = end - count * step;
  const first = Math.max(0, Math.floor((from - start) / step));
  for (let s = first; s < count && start + s * step < to; s++) {
    const shared = Math.min(to, start + (s + 1) * step) - Math.max(from, start + s * step);
    if (shared > 0) yield [s, shared / (to - from)];
  }
}

/** For people: to the tenth of a second. */
function seconds(value: number): string {
  return `${Math.round(10 * value) / 10} s`;
}
