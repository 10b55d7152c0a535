import assert from "node:assert/strict";
import { test } from "node:test";
import { select } from "../../src/sim/select.ts";
import { ascending } from "../../src/sim/sort.ts";
import { stream } from "../../src/workload/streams.ts";

/** Latencies of several kinds: spread, all but equal, equal in groups, in order, none. */
function samples(): readonly Float64Array[] {
  const draw = stream(1, "sort");
  const of = (count: number, value: (i: number) => number): Float64Array =>
    Float64Array.from({ length: count }, (_, i) => value(i));
  return [
    of(0, () => 0),
    of(1, draw),
    of(400, draw),
    of(30_000, () => Math.exp(20 * draw() - 10)),
    // Constant service times: sums that differ by rounding only. Insertion alone would take minutes.
    of(300_000, () => 0.1 + 2 ** -50 * Math.floor(1000 * draw())),
    of(5000, () => Math.floor(5 * draw())),
    of(5000, (i) => i / 7),
    of(5000, (i) => -i / 7 + 1000),
  ];
}

test("ascending: as the engine sorts, and the given values stay as they are", () => {
  for (const values of samples()) {
    const before = values.slice();
    assert.deepEqual(ascending(values), values.toSorted());
    assert.deepEqual(values, before);
  }
});

test("select: the value that sorting would put there, none greater before it, none less after it", () => {
  for (const values of samples()) {
    const sorted = values.toSorted();
    for (const share of [0, 0.3, 0.5, 0.99, 1]) {
      const k = Math.floor(share * (values.length - 1));
      if (k < 0) continue;
      const mixed = values.slice();
      assert.equal(select(mixed, 0, mixed.length, k), sorted[k]);
      assert.ok(mixed.subarray(0, k).every((x) => x <= (sorted[k] ?? NaN)));
      assert.ok(mixed.subarray(k).every((x) => x >= (sorted[k] ?? NaN)));
    }
  }
});
