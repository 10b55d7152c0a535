import assert from "node:assert/strict";
import { test } from "node:test";
import type { SweepRow } from "../../src/core/sweep-row.ts";
import { curvesOf, settingsOf, sweepText } from "../../src/report/sweep.ts";
import { fakeRow } from "../formats/fake-sweep.ts";

/** A row for each combination. */
function rowsOf(lists: { readonly [K in keyof SweepRow]?: readonly SweepRow[K][] }): readonly SweepRow[] {
  const overrides = Object.entries(lists).reduce<Partial<SweepRow>[]>(
    (rows, [name, values]) => rows.flatMap((row) => values.map((value) => ({ ...row, [name]: value }))),
    [{}],
  );
  return overrides.map((row, run) => fakeRow({ run, ...row }));
}

test("a setting is the mean over its seeds; numbers that do not exist are left out", () => {
  const rows = rowsOf({ alpha: [1, 2], seed: [1, 2] }).map((row) =>
    row.seed === 2 ? { ...row, cost_cores: 20, accuracy: null } : row,
  );
  const { settings, varied, seeds } = settingsOf(rows);
  assert.deepEqual([varied, seeds], [["alpha"], 2]);
  assert.deepEqual(
    settings.map(({ at, cost, accuracy }) => [at.alpha, cost, accuracy]),
    [
      [1, 15, 0.8],
      [2, 15, 0.8],
    ],
  );
});

test("a curve goes along the weights, from little worth of accuracy to much; all else makes another", () => {
  const curves = curvesOf(
    settingsOf(rowsOf({ policy: ["ipa", "rim"], queueing: ["tail", "paper"], sla_s: [1, 2], alpha: [4, 1, 2] })),
  );
  assert.deepEqual(
    curves.map(({ policy, rest }) => `${policy}, ${rest}`),
    ["ipa", "rim"].flatMap((policy) =>
      ["tail", "paper"].flatMap((model) => [1, 2].map((sla) => `${policy}, ${model}, SLA ${sla} s`)),
    ),
  );
  for (const { points } of curves)
    assert.deepEqual(
      points.map(({ label }) => label),
      ["α 1", "α 2", "α 4"],
    );
  const [both] = curvesOf(settingsOf(rowsOf({ alpha: [1, 2], beta: [0, 1] })));
  assert.deepEqual(
    both?.points.map(({ label }) => label),
    ["α 1, β 1", "α 2, β 1", "α 1, β 0", "α 2, β 0"],
  );
});

test("where no weights vary a curve goes along the SLA; where nothing does it is a point", () => {
  const [curve, ...rest] = curvesOf(settingsOf(rowsOf({ sla_s: [3, 1], seed: [1, 2] })));
  assert.deepEqual([curve?.rest, rest], ["", []]);
  assert.deepEqual(
    curve?.points.map(({ label }) => label),
    ["SLA 1 s", "SLA 3 s"],
  );
  assert.deepEqual(curvesOf(settingsOf([fakeRow()])), [
    { policy: "ipa", rest: "", points: [{ x: 10, y: 0.8, label: "" }] },
  ]);
  assert.deepEqual(curvesOf(settingsOf([fakeRow({ accuracy: null })]))[0]?.points, []);
});

test("the text has a row per setting, of what varies, and leaves the rest of a long sweep to the file", () => {
  assert.deepEqual(
    sweepText("demo", rowsOf({ policy: ["ipa", "rim"], alpha: [1] }))
      .split("\n")
      .slice(0, 5),
    [
      "demo: 2 runs, 2 settings",
      "",
      "policy  cost (cores)  accuracy  in SLA (%)  p99 (s)  objective",
      "──────  ────────────  ────────  ──────────  ───────  ─────────",
      "ipa            10.00     0.800       60.00     2.00      4.000",
    ],
  );
  const long = sweepText("demo", rowsOf({ alpha: Array.from({ length: 50 }, (_, i) => i), seed: [1, 2] }));
  assert.match(long, /^demo: 100 runs, 50 settings\n[^]*\n… and 10 settings more in the file\n\nMeans over 2 seeds\.$/);
});
