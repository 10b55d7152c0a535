// What if the profiles were wrong? Changes of their numbers, for `loadPipeline`.
import type { PipelineChanges } from "../../src/formats/files.ts";
import type { PointProvenance, Provenance } from "../../src/formats/profile-csv.ts";

type Change = NonNullable<PipelineChanges["profiles"]>;

/** All throughputs times a factor; service times stay. */
export function scaledThroughput(factor: number): Change {
  return (file) => ({
    ...file,
    entries: file.entries.map((entry) => ({
      ...entry,
      profile: entry.profile.map((point) =>
        point.throughput === undefined ? point : { ...point, throughput: factor * point.throughput },
      ),
    })),
  });
}

const KNOWN: readonly Provenance[] = ["measured", "derived"];

/** Variants as fast as said times a factor, wherever a number was inferred or modelled: throughput × factor, service times / factor. */
export function scaledGuesses(factor: number): Change {
  const guessed = (known: Provenance | undefined): number =>
    known === undefined || KNOWN.includes(known) ? 1 : factor;
  return (file) => ({
    ...file,
    entries: file.entries.map((entry) => ({
      ...entry,
      profile: entry.profile.map((point, i) => {
        const { mean, p99, throughput }: Partial<PointProvenance> = entry.provenance[i] ?? {};
        const ofMean = point.mean / guessed(mean);
        return {
          ...point,
          mean: ofMean,
          // Where only one of the two is a guess, it may not fall below what no distribution can have.
          p99: Math.max(ofMean, point.p99 / guessed(p99)),
          ...(point.throughput === undefined ? {} : { throughput: point.throughput * guessed(throughput) }),
        };
      }),
    })),
  });
}
