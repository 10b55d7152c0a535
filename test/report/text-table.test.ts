import assert from "node:assert/strict";
import { test } from "node:test";
import { summarise } from "../../src/report/summary.ts";
import { summaryTable, textTable } from "../../src/report/text-table.ts";
import { context, emptyRun, fakeRun } from "./fake-runs.ts";

test("columns are aligned and no line ends in a space", () => {
  const table = textTable(
    [
      { title: "stage", align: "left" },
      { title: "n", align: "right" },
      { title: "why", align: "left" },
    ],
    [
      ["detect", "12", "ok"],
      ["ocr", "3", ""],
    ],
  );
  assert.equal(table, "stage    n  why\n──────  ──  ───\ndetect  12  ok\nocr      3");
});

test("one seed: one row per policy, plain numbers", () => {
  const table = summaryTable([summarise([fakeRun()], context), summarise([emptyRun()], { ...context, policy: "rim" })]);
  const lines = table.split("\n");
  assert.match(lines[2] ?? "", /^ipa +10\.00 +0\.800 +60\.00 +0\.400 +2\.00 +10\.00 +11\.1 +11\.1 +4\.000$/);
  assert.match(lines[3] ?? "", /^rim( +–){6} +11\.1 +11\.1 +–$/);
});

test("several seeds: ± where it decides, at most 120 columns", () => {
  const runs = [fakeRun({ costCores: 110, objective: -14 }), fakeRun({ costCores: 111, objective: -15 })];
  const table = summaryTable([summarise(runs, { ...context, policy: "fa2-high", seeds: [1, 2] })]);
  assert.match(table, /110\.50 ±6\.35 +0\.800 ±0\.000/);
  assert.ok(table.split("\n").every((line) => line.length <= 120));
});
