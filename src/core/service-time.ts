import { increaseSince, scrapesOf, type CounterSeries, type LabelledSeries, type Unmeasured } from "./counters.ts";
import { batchSigma, serviceTime, type Profile } from "./profile.ts";

/** What is counted of a stage's batches, as raw samples. */
export interface ServiceCounters {
  /** Seconds that replicas spent serving them. */
  readonly seconds: readonly LabelledSeries[];
  readonly batches: readonly LabelledSeries[];
  /** Requests in them; null: not counted. */
  readonly requests: readonly LabelledSeries[] | null;
}

/** What a stage runs, since when: what was counted before may be of something else. */
export interface InForce {
  readonly stage: string;
  readonly variant: string;
  readonly batch: number;
  readonly since: number;
}

/** Batches that one variant of a stage served lately. */
export interface ServedBatches {
  readonly stage: string;
  readonly variant: string;
  /** The most that are served together. */
  readonly batch: number;
  readonly batches: number;
  /** All of them took so long together. */
  readonly seconds: number;
  /** Requests in them, where they are counted; partial batches are then told from whole ones. */
  readonly requests?: number;
}

/**
 * What counters show of the variant in force over the samples that there are, or why they show nothing. `variantLabel`: the label that
 * tells whose a counter is; without one all are taken for the variant's in force, from when it came into force on.
 */
export function servedFrom(
  { seconds, batches, requests }: ServiceCounters,
  { stage, variant, batch, since }: InForce,
  variantLabel: string | null,
  now: number,
): ServedBatches | Unmeasured {
  const ofVariant = (all: readonly LabelledSeries[]): readonly CounterSeries[] =>
    all.flatMap(({ labels, samples }) => (variantLabel === null || labels[variantLabel] === variant ? [samples] : []));
  // Batches of another size, or of another variant, took another time.
  const from = variantLabel === null || (requests === null && batch > 1) ? since : -Infinity;
  const sum = (all: readonly LabelledSeries[]): number =>
    ofVariant(all).reduce((total, one) => total + increaseSince(one, from), 0);
  for (const counted of [seconds, batches, requests ?? batches]) {
    const scraped = scrapesOf(ofVariant(counted), now);
    if ("problem" in scraped) return scraped;
  }
  return {
    stage,
    variant,
    batch,
    batches: sum(batches),
    seconds: sum(seconds),
    ...(requests === null ? {} : { requests: sum(requests) }),
  };
}

/** Fewer batches tell nothing. */
const ENOUGH = 20;
/** Service times vary by more than this, as a fraction, whatever a profile says. */
const LEAST_VARIATION = 0.1;
/** Standard errors within which the mean of all is: beyond them 3 of 1000. */
const SURELY = 3;

/** Mean service time over the profile's. */
export interface ServiceRatio {
  readonly ratio: number;
  /** What chance may make of it, as a fraction of it. */
  readonly error: number;
}

/**
 * How long batches took beside what the profile says; null where too few were served. Of batches whose requests are not counted, the whole batch is
 * compared with: where partial ones are served they are then slower than it seems, never faster. With a batch of 1 it is exact; where requests are counted nearly so, as a profile is almost a line.
 */
export function serviceRatio(profile: Profile, served: ServedBatches): ServiceRatio | null {
  const { batches, seconds } = served;
  if (!(batches >= ENOUGH) || !Number.isFinite(seconds)) return null;
  const size = sizeOf(profile, served);
  const sigma = batchSigma(profile, Math.ceil(size));
  const variation = Math.max(LEAST_VARIATION, Math.sqrt(Math.exp(sigma * sigma) - 1));
  return {
    ratio: seconds / batches / profiledMean(profile, size),
    error: (SURELY * variation) / Math.sqrt(batches),
  };
}

/** Requests in a batch, on average; within the profile. */
function sizeOf(profile: Profile, { batch, batches, requests }: ServedBatches): number {
  return Math.min(Math.max(1, requests === undefined ? batch : requests / batches), largestOf(profile));
}

/** What the profile says of batches of such a mean size, seconds; between two sizes by a line. */
function profiledMean(profile: Profile, size: number): number {
  const [below, above] = [Math.floor(size), Math.ceil(size)];
  const [low, high] = [serviceTime(profile, below).mean, serviceTime(profile, above).mean];
  return low + (high - low) * (size - below);
}

function largestOf(profile: Profile): number {
  return profile.at(-1)?.batch ?? 1;
}
