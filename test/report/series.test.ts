import assert from "node:assert/strict";
import { test } from "node:test";
import { answeredWithin, steps } from "../../src/report/series.ts";
import { plausibleRun } from "./fake-runs.ts";

test("a step line has a point per interval and ends where the run does", () => {
  const { intervals } = plausibleRun({ cores: 10, accuracy: 0.7, latency: 0.3 }, 3);
  const points = steps(intervals, (row) => row.accuracy);
  assert.deepEqual(
    points.map(({ x }) => x),
    [0, 10, 20, 30],
  );
  assert.equal(points[3]?.y, points[2]?.y);
});

test("a long run is thinned: means of neighbours, or their peak", () => {
  const [row] = plausibleRun({ cores: 10, accuracy: 0.7, latency: 0.3 }, 1).intervals;
  assert.ok(row);
  const rows = Array.from({ length: 1000 }, (_, k) => ({ ...row, from: k * 10, to: k * 10 + 10, costCores: k % 3 }));
  const means = steps(rows, ({ costCores }) => costCores);
  assert.ok(means.length <= 401);
  assert.equal(means[0]?.y, 1);
  assert.equal(steps(rows, ({ costCores }) => costCores, "max")[0]?.y, 2);
});

test("where nothing was measured the line breaks", () => {
  const { intervals } = plausibleRun({ cores: 10, accuracy: 0.7, latency: 0.3 }, 2);
  assert.equal(steps(intervals, (row) => row.predicted)[0]?.y, null);
  assert.deepEqual(
    steps([], (row) => row.accuracy),
    [],
  );
});

test("the share answered counts the dropped, and is exact at the end", () => {
  const points = answeredWithin(Float64Array.of(0.1, 0.2, 0.3, 4), 8, 1);
  assert.deepEqual(points.at(0), { x: 0, y: 0 });
  assert.deepEqual(points.at(-1), { x: 1, y: 3 / 8 });
  assert.ok(points.some(({ x, y }) => x === 0.2 && y === 2 / 8));
  assert.ok(answeredWithin(new Float64Array(100_000).fill(0.5), 100_000, 1).length < 310);
});
