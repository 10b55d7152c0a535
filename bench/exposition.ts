/** A sample of a metric as Prometheus's text format shows it. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export type Samples = readonly Sample[];

/** Reads a text without timestamps, whose labels hold no escapes. */
export function parseExposition(text: string): Samples {
  return text.split("\n").flatMap((line): readonly Sample[] => {
    const [, name = "", list = "", value] = /^([a-z_]+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
    if (value === undefined) return [];
    const labels = Object.fromEntries([...list.matchAll(/(\w+)="([^"]*)"/g)].map(([, key = "", of = ""]) => [key, of]));
    return [{ name, labels, value: Number(value) }];
  });
}

/** What counters have counted since. */
export function difference(now: Samples, before: Samples): Samples {
  const was = new Map(before.map((sample) => [keyOf(sample), sample.value]));
  return now.map((sample) => ({ ...sample, value: sample.value - (was.get(keyOf(sample)) ?? 0) }));
}

/** A bound of a quantile of what a histogram counted: that of its bucket. */
export function quantileBound(samples: Samples, histogram: string, quantile: number): number {
  const buckets = samples
    .filter(({ name }) => name === `${histogram}_bucket`)
    .map(({ labels, value }) => ({ bound: labels["le"] === "+Inf" ? Infinity : Number(labels["le"]), value }))
    .toSorted((a, b) => a.bound - b.bound);
  const total = buckets.at(-1)?.value ?? 0;
  return buckets.find(({ value }) => value >= quantile * total)?.bound ?? NaN;
}

function keyOf({ name, labels }: Sample): string {
  return `${name} ${JSON.stringify(labels)}`;
}
