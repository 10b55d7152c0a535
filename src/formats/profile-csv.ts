import { InputError } from "../core/errors.ts";
import { MAX_P99_OVER_MEAN, type Profile, type ProfilePoint } from "../core/profile.ts";
import { Complaints } from "./complaints.ts";
import { numberCell, readCsv, type CsvRow } from "./csv.ts";

/** Where a number comes from (profiles/README.md). */
export const provenances = ["measured", "derived", "inferred", "modelled"] as const;

/** Larger batches do not fit into the records of a run. */
export const MOST_BATCH = 65_535;

const REQUIRED = [
  "variant",
  "cores",
  "batch",
  "latency_mean_s",
  "latency_mean_provenance",
  "latency_p99_s",
  "latency_p99_provenance",
];
const OPTIONAL = ["throughput_rps", "throughput_provenance", "source"];

export type Provenance = (typeof provenances)[number];

/** Where the numbers of a row come from. */
export interface PointProvenance {
  readonly mean: Provenance;
  readonly p99: Provenance;
  readonly throughput?: Provenance;
}

/** The profiles of a file, by variant and cores per replica. */
export interface ProfileFile {
  readonly path: string;
  readonly entries: readonly ProfileEntry[];
}

export interface ProfileEntry {
  readonly variant: string;
  readonly cores: number;
  readonly profile: Profile;
  /** Of each point of the profile. */
  readonly provenance: readonly PointProvenance[];
}

/** Reads a profile file; an InputError names each bad cell with its line. */
export function parseProfiles(text: string, path: string): ProfileFile {
  const rows = readCsv(text, path, REQUIRED, OPTIONAL);
  if (rows.length === 0)
    throw new InputError("bad_value", `${path}: the file has no rows. Add one row per variant, cores and batch.`);
  const complaints = new Complaints(path);
  const found = new Map<string, { variant: string; cores: number; points: Map<number, Row> }>();
  for (const row of rows) {
    const before = complaints.count;
    const variant = row.cell("variant");
    if (variant === "") complaints.add({ line: row.line }, "variant", "is empty. Name the variant.");
    const cores = numberCell(row, "cores", complaints, { above: 0 });
    const read = pointOf(row, complaints);
    if (read === null || complaints.count > before) continue;
    const { point } = read;
    const key = JSON.stringify([variant, cores]);
    const entry = found.get(key) ?? { variant, cores, points: new Map<number, Row>() };
    found.set(key, entry);
    if (entry.points.has(point.batch)) {
      complaints.add(
        { line: row.line },
        "batch",
        `variant "${variant}" with ${cores} cores has batch ${point.batch} twice. Keep one of the rows.`,
        "duplicate",
      );
    }
    entry.points.set(point.batch, read);
  }
  complaints.throwIfAny();
  const entries = [...found.values()].map(({ variant, cores, points }) => {
    const ascending = [...points.values()].sort((a, b) => a.point.batch - b.point.batch);
    return {
      variant,
      cores,
      profile: ascending.map(({ point }) => point),
      provenance: ascending.map(({ provenance }) => provenance),
    };
  });
  return { path, entries };
}

interface Row {
  readonly point: ProfilePoint;
  readonly provenance: PointProvenance;
}

function pointOf(row: CsvRow, complaints: Complaints): Row | null {
  const batch = numberCell(row, "batch", complaints, { atLeast: 1 });
  if (!Number.isNaN(batch) && !Number.isInteger(batch)) {
    complaints.add(
      { line: row.line },
      "batch",
      `${batch} is no whole number. Give the number of requests served together.`,
    );
  }
  if (batch > MOST_BATCH) {
    complaints.add({ line: row.line }, "batch", `${batch} is above ${MOST_BATCH}, the largest batch. Remove the row.`);
  }
  const mean = numberCell(row, "latency_mean_s", complaints, { above: 0 });
  const p99 = numberCell(row, "latency_p99_s", complaints, { above: 0 });
  if (p99 / mean > MAX_P99_OVER_MEAN) {
    complaints.add(
      { line: row.line },
      "latency_p99_s",
      `is more than ${MAX_P99_OVER_MEAN} times the mean, which no lognormal time can be. Check the units (seconds).`,
    );
  }
  const ofMean = provenanceOf(row, "latency_mean_provenance", complaints);
  const ofP99 = provenanceOf(row, "latency_p99_provenance", complaints);
  if (row.cell("throughput_rps") === "") {
    return ofMean && ofP99 && { point: { batch, mean, p99 }, provenance: { mean: ofMean, p99: ofP99 } };
  }
  const throughput = numberCell(row, "throughput_rps", complaints, { above: 0 });
  const ofThroughput = provenanceOf(row, "throughput_provenance", complaints);
  if (ofMean === null || ofP99 === null || ofThroughput === null) return null;
  return {
    point: { batch, mean, p99, throughput },
    provenance: { mean: ofMean, p99: ofP99, throughput: ofThroughput },
  };
}

/** Null, and a complaint, if the word is none of them. */
function provenanceOf(row: CsvRow, column: string, complaints: Complaints): Provenance | null {
  const word = row.cell(column);
  const known = provenances.find((one) => one === word);
  if (known !== undefined) return known;
  complaints.add(
    { line: row.line },
    column,
    `"${word}" is none of ${provenances.join(", ")}. Say where the number comes from.`,
  );
  return null;
}
