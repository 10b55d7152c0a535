import assert from "node:assert/strict";
import { test } from "node:test";
import { tableFromIPC } from "@uwdata/flechette";
import { tableFromIPC as tableFromArrow } from "apache-arrow";
import fc from "fast-check";
import { inShard, parseShard } from "../../src/core/shard.ts";
import { sweepColumns } from "../../src/core/sweep-row.ts";
import { requestsToArrow } from "../../src/formats/arrow.ts";
import { formatSweepTable, mergeShards, parseSweepTable, type SweepTable } from "../../src/formats/sweep-table.ts";
import { requests } from "./fake-records.ts";
import { fakeRow } from "./fake-sweep.ts";
import { refused } from "./refusal.ts";

function tableOf(runs: number): SweepTable {
  const policies = ["rim", "ipa", "fa2-low"];
  const rows = Array.from({ length: runs }, (_, run) =>
    fakeRow({
      run,
      policy: policies[(run % 7) % 3] ?? "ipa",
      accuracy: run % 3 === 0 ? null : 0.1 * run,
      alpha: run % 2 === 0 ? null : 1e300 / run,
    }),
  );
  return { sweep: "demo", digest: "d1", runs, rows };
}

function shardsOf(table: SweepTable, count: number): { path: string; table: SweepTable }[] {
  return Array.from({ length: count }, (_, i) => {
    const shard = { index: i + 1, count };
    const rows = table.rows.filter(({ run }) => inShard(run, shard));
    return { path: `${i + 1}.arrow`, table: { ...table, shard, rows } };
  });
}

test("rows come back from their file; another implementation reads the same", () => {
  const table = tableOf(5);
  const bytes = formatSweepTable(table);
  assert.deepEqual(parseSweepTable(bytes, "x"), table);
  const other = tableFromIPC(bytes);
  assert.deepEqual(
    other.schema.fields.map(({ name }) => name),
    Object.keys(sweepColumns),
  );
  assert.deepEqual([...other.getChild("policy")], ["rim", "ipa", "fa2-low", "rim", "ipa"]);
  assert.deepEqual([...other.getChild("accuracy")].slice(0, 3), [null, 0.1, 0.2]);
  const { checksum, ...metadata } = Object.fromEntries(tableFromArrow(bytes).schema.metadata);
  assert.deepEqual(metadata, { sweep: "demo", digest: "d1", runs: "5" });
  assert.match(checksum ?? "", /^[0-9a-f]+$/);
});

test("a file in which a number was damaged is refused", () => {
  const bytes = formatSweepTable(tableOf(5));
  // Where the accuracy of 0.1 lies.
  const at = Buffer.from(bytes).indexOf(Buffer.from(Float64Array.of(0.1).buffer));
  assert.ok(at > 0);
  const damaged = bytes.slice();
  damaged[at] = (damaged[at] ?? 0) ^ 1;
  refused(() => parseSweepTable(damaged, "s.arrow"), "bad_value", /^s\.arrow: .*damaged\. Make it again/);
});

test("however a sweep is cut and its shards are ordered, merged they are the same bytes", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 30 }),
      fc.integer({ min: 1, max: 8 }),
      fc.boolean(),
      (runs, count, reverse) => {
        const whole = tableOf(runs);
        const parts = shardsOf(whole, count).map(({ path, table }) => ({
          path,
          table: parseSweepTable(formatSweepTable(table), path),
        }));
        const merged = formatSweepTable(mergeShards(reverse ? parts.toReversed() : parts));
        assert.deepEqual(merged, formatSweepTable(whole));
      },
    ),
    { numRuns: 30 },
  );
});

test("shards that do not make one sweep are refused", () => {
  const [one, two, three] = shardsOf(tableOf(9), 3);
  assert.ok(one && two && three);
  const other = { path: "o.arrow", table: { ...two.table, digest: "d2" } };
  const half = shardsOf(tableOf(9), 2)[1];
  assert.ok(half);
  refused(() => mergeShards([one, three]), "bad_value", /^shards are missing: 2\/3\. Name the files of all 3/);
  refused(() => mergeShards([two]), "bad_value", /missing: 1\/3, 3\/3/);
  refused(() => mergeShards([one, two, three, one]), "duplicate", /^1\.arrow: this is shard 1\/3, as 1\.arrow is/);
  refused(
    () => mergeShards([one, other, three]),
    "bad_value",
    /^o\.arrow: this is a shard of another sweep than 1\.arrow/,
  );
  refused(() => mergeShards([one, half]), "bad_value", /^2\.arrow: this is shard 2\/2, and 1\.arrow is one of 3/);
  refused(
    () => mergeShards([{ path: "w.arrow", table: tableOf(9) }]),
    "wrong_kind",
    /^w\.arrow: this is a whole sweep/,
  );
});

test("a file that no sweep wrote, or a damaged one, is refused", () => {
  const bytes = formatSweepTable(tableOf(4));
  for (const wrong of [
    new Uint8Array(),
    Uint8Array.of(1, 2, 3),
    bytes.slice(0, 200),
    requestsToArrow(["a"], requests),
  ]) {
    refused(() => parseSweepTable(wrong, "w"), "wrong_kind", /^w: this is no Arrow file that `ipa sweep` wrote/);
  }
  const { rows, ...identity } = tableOf(4);
  const short = formatSweepTable({ ...identity, rows: rows.slice(1) });
  refused(() => parseSweepTable(short, "w"), "bad_value", /^w: runs are missing from this file/);
});

test("a shard is written as its place and their number", () => {
  assert.deepEqual(parseShard("2/3"), { index: 2, count: 3 });
  for (const wrong of ["0/3", "4/3", "1", "1/", "a/b", "1/3/5", "-1/3", "1.5/3"])
    assert.equal(parseShard(wrong), null, wrong);
});
