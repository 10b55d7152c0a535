import { InputError } from "../core/errors.ts";
import { inShard, parseShard, shardText, type Shard } from "../core/shard.ts";
import { hasColumns, sweepColumns, type SweepRow } from "../core/sweep-row.ts";
import { rowsFromArrow, rowsToArrow } from "./arrow.ts";

/** What a sweep's Arrow file says of itself beside its rows. */
export interface SweepIdentity {
  /** Name of the sweep. */
  readonly sweep: string;
  /** Of all that its runs depend on. */
  readonly digest: string;
  /** How many runs the whole sweep has. */
  readonly runs: number;
}

/** The rows of a sweep, or of a shard of it, in the order of its runs. */
export interface SweepTable extends SweepIdentity {
  readonly shard?: Shard;
  readonly rows: readonly SweepRow[];
}

export function formatSweepTable({ sweep, digest, runs, shard, rows }: SweepTable): Uint8Array {
  const metadata = {
    sweep,
    digest,
    runs: String(runs),
    checksum: checksum(rows),
    ...(shard === undefined ? {} : { shard: shardText(shard) }),
  };
  return rowsToArrow(sweepColumns, rows, metadata);
}

/** Reads what `formatSweepTable` wrote, and checks that no run is missing. */
export function parseSweepTable(bytes: Uint8Array, path: string): SweepTable {
  const { rows = [], metadata = new Map<string, string>() } = rowsFromArrow(bytes) ?? {};
  const [sweep, digest, runs] = ["sweep", "digest", "runs"].map((key) => metadata.get(key));
  const known = rows.filter((row) => hasColumns(sweepColumns, row));
  if (sweep === undefined || digest === undefined || runs === undefined || known.length < rows.length) {
    throw new InputError("wrong_kind", `${path}: this is no Arrow file that \`ipa sweep\` wrote. Name another file.`);
  }
  const shard = parseShard(metadata.get("shard") ?? "");
  const due = numbersOf(Number(runs), shard ?? { index: 1, count: 1 });
  if (due.length !== known.length || due.some((run, r) => known[r]?.run !== run)) {
    throw new InputError("bad_value", `${path}: runs are missing from this file. Make it again.`);
  }
  if (metadata.get("checksum") !== checksum(known)) {
    throw new InputError(
      "bad_value",
      `${path}: the rows are not those that were written: the file is damaged. Make it again.`,
    );
  }
  return { sweep, digest, runs: Number(runs), rows: known, ...(shard === null ? {} : { shard }) };
}

/** FNV-1a over the rows as text, 32 bits: finds damage, not malice. */
function checksum(rows: readonly SweepRow[]): string {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(JSON.stringify(rows))) hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash >>> 0).toString(16);
}

function numbersOf(runs: number, shard: Shard): readonly number[] {
  return Array.from({ length: runs }, (_, run) => run).filter((run) => inShard(run, shard));
}

/** The whole sweep from its shards, in whatever order they are given; they must be all, and each once. */
export function mergeShards(
  parts: readonly { readonly path: string; readonly table: SweepTable }[],
): Omit<SweepTable, "shard"> {
  const [first] = parts;
  if (first === undefined) throw new RangeError("there are no shards to merge");
  const { sweep, digest, runs, shard: { count } = { count: 1 } } = first.table;
  const byIndex = new Map<number, string>();
  for (const { path, table } of parts) {
    if (table.shard === undefined)
      throw new InputError(
        "wrong_kind",
        `${path}: this is a whole sweep, not a shard of one. There is nothing to merge.`,
      );
    const { index } = table.shard;
    const twin = byIndex.get(index);
    if (table.digest !== digest) {
      throw new InputError(
        "bad_value",
        `${path}: this is a shard of another sweep than ${first.path} is, or was made by another version of ipa or Node. ` +
          `Make all shards from the same files with the same program.`,
      );
    }
    if (table.shard.count !== count) {
      throw new InputError(
        "bad_value",
        `${path}: this is shard ${shardText(table.shard)}, and ${first.path} is one of ${count}. Cut the sweep into as many shards everywhere.`,
      );
    }
    if (twin !== undefined)
      throw new InputError(
        "duplicate",
        `${path}: this is shard ${shardText(table.shard)}, as ${twin} is. Give each shard once.`,
      );
    byIndex.set(index, path);
  }
  const missing = Array.from({ length: count }, (_, i) => i + 1).filter((index) => !byIndex.has(index));
  if (missing.length > 0) {
    const names = missing.map((index) => shardText({ index, count })).join(", ");
    throw new InputError("bad_value", `shards are missing: ${names}. Name the files of all ${count}.`);
  }
  const rows = parts.flatMap(({ table }) => table.rows).toSorted((a, b) => a.run - b.run);
  return { sweep, digest, runs, rows };
}
