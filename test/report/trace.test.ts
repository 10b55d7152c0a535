import assert from "node:assert/strict";
import { test } from "node:test";
import { traceSummary, traceText } from "../../src/report/trace.ts";

test("the summary of a trace", () => {
  const rates = Float64Array.from({ length: 100 }, (_, second) => 100 - second);
  assert.deepEqual(traceSummary("t", rates), {
    trace: "t",
    duration_s: 100,
    requests: 5050,
    rps: { min: 1, mean: 50.5, p50: 50, p95: 95, p99: 99, max: 100 },
  });
  assert.equal(rates[0], 100, "the rates must stay in order");
});

test("the picture: a column for each second of a short trace, eight rows, eighths of a row", () => {
  const rates = Float64Array.of(0, 8, 4, 0.5);
  const lines = traceText(traceSummary("t", rates), rates).split("\n");
  assert.equal(lines[0], "t: 4 s, 12.5 requests");
  const rows = lines.slice(3, 11);
  assert.deepEqual(
    rows.map((row) => row.slice(8)),
    ["│ █  ", "│ █  ", "│ █  ", "│ █  ", "│ ██ ", "│ ██ ", "│ ██ ", "│ ██▄"],
  );
  assert.equal(rows[0]?.slice(0, 8).trim(), "8");
  assert.equal(rows[7]?.slice(0, 8).trim(), "0");
});

test("a long trace is drawn with 80 columns, and a burst of one second is seen", () => {
  const rates = new Float64Array(10_000).fill(1);
  rates[5_000] = 8;
  const lines = traceText(traceSummary("t", rates), rates).split("\n");
  assert.equal(lines[3]?.slice(9), `${" ".repeat(40)}█${" ".repeat(39)}`);
  assert.ok(lines.slice(3).every((line) => line.length <= 89));
});

test("a trace without load is drawn empty", () => {
  const rates = new Float64Array(3);
  const text = traceText(traceSummary("t", rates), rates);
  assert.match(text, /0 requests/);
  assert.doesNotMatch(text, /NaN|undefined|█/);
});
