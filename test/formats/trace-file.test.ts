import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import fc from "fast-check";
import { formatTrace, parseTrace } from "../../src/formats/trace-file.ts";
import { perSecond, traceEnd } from "../../src/workload/trace.ts";
import { refused } from "./refusal.ts";

const root = new URL("../..", import.meta.url);
const parse = (...lines: readonly string[]) => parseTrace(lines.join("\n"), "some/t.csv");

test("rates and arrivals, told by the header; the name is that of the file", () => {
  assert.deepEqual(parse("second,rps", "0,2", "1,0", "2,0.5"), {
    kind: "rates",
    name: "t",
    rates: Float64Array.of(2, 0, 0.5),
  });
  const arrivals = { kind: "arrivals", name: "t", arrivals: Float64Array.of(0, 0.5, 0.5, 3) };
  assert.deepEqual(parse("arrival_s", "0", "0.5", "0.5", "3"), arrivals);
  assert.deepEqual(parseTrace('\uFEFF"arrival_s"\r\n0\r\n0.5\r\n0.5\r\n3\r\n', "t.csv"), arrivals);
});

test("columns may be in any order", () => {
  assert.deepEqual(perSecond(parse("rps,second", "5,0", "6,1")), Float64Array.of(5, 6));
});

test("what was written is read again, exactly", () => {
  const rate = fc.double({ min: 0, max: 1e6, noNaN: true });
  fc.assert(
    fc.property(fc.array(rate, { minLength: 1, maxLength: 30 }), (rates) => {
      const read = parseTrace(formatTrace(Float64Array.from(rates)), "t.csv");
      assert.deepEqual(
        perSecond(read),
        Float64Array.from(rates, (value) => value + 0),
      );
    }),
    { seed: 1 },
  );
});

test("the four shipped traces", () => {
  const requests = { bursty: 14437, "steady-low": 6067, "steady-high": 34606, fluctuating: 19837 };
  for (const [name, total] of Object.entries(requests)) {
    const text = readFileSync(new URL(`traces/${name}.csv`, root), "utf8");
    const trace = parseTrace(text, `traces/${name}.csv`);
    assert.equal(trace.name, name);
    assert.equal(traceEnd(trace), 1200);
    const rates = perSecond(trace);
    assert.equal(
      rates.reduce((a, b) => a + b, 0),
      total,
    );
    assert.equal(formatTrace(rates), text);
  }
});

test("an empty trace", () => {
  for (const text of ["", "second,rps\n", "arrival_s\n"])
    refused(() => parseTrace(text, "t.csv"), "bad_value", /^t\.csv: the trace has no rows\. Add/);
});

test("seconds that are not consecutive from 0", () => {
  refused(() => parse("second,rps", "0,1", "2,1"), "bad_value", /^some\/t\.csv:3: second: is 2 where 1 is due\. Give/);
  refused(() => parse("second,rps", "1,1"), "bad_value", /^some\/t\.csv:2: second: is 1 where 0 is due/);
  refused(() => parse("second,rps", "0,1", "0,1"), "bad_value", /^some\/t\.csv:3: second: is 0 where 1 is due/);
  refused(() => parse("second,rps", "0,1", "0.5,1"), "bad_value", /^some\/t\.csv:3: second: is 0\.5 where 1 is due/);
  refused(() => parse("second,rps", "-1,1"), "bad_value", /^some\/t\.csv:2: second: "-1" is not a number at least 0/);
});

test("rates that are no rates", () => {
  for (const rate of ["", "-1", "NaN", "Infinity", "1e999", "ten"])
    refused(() => parse("second,rps", "0,1", `1,${rate}`), "bad_value", /^some\/t\.csv:3: rps: ".*" is not a number/);
});

test("arrivals that are not sorted, or no instants", () => {
  refused(() => parse("arrival_s", "1", "0.5"), "bad_value", /^some\/t\.csv:3: arrival_s: 0\.5 is before .*Sort/);
  refused(() => parse("arrival_s", "-1"), "bad_value", /^some\/t\.csv:2: arrival_s: "-1"/);
  // What is no instant does not hide what is out of order after it.
  const message = refused(() => parse("arrival_s", "2", "x", "1"), "bad_value");
  assert.equal(message.split("\n").length, 2);
});

test("a header that is not right", () => {
  refused(() => parse("second,load", "0,1"), "bad_value", /^some\/t\.csv:1: .*lacks "rps"; .*unknown "load"/);
  refused(() => parse("second,rps,rps", "0,1,1"), "bad_value", /^some\/t\.csv:1: .*"rps" twice/);
  refused(() => parse("arrival_s,user", "0,1"), "bad_value", /^some\/t\.csv:1: .*unknown "user"/);
  refused(() => parse("second,rps", "0,1,2"), "bad_syntax", /^some\/t\.csv:2: /);
});

test("files of another kind", () => {
  for (const name of ["pipelines/video.yaml", "profiles/sentiment.csv"]) {
    const text = readFileSync(new URL(name, root), "utf8");
    const message = refused(() => parseTrace(text, name), "wrong_kind", /Columns of this kind of file are second, rps/);
    assert.ok(message.startsWith(`${name}:1: `), message);
  }
  refused(() => parse("12 13 14 15"), "wrong_kind", /^some\/t\.csv:1: /);
});

test("of many problems ten are told, and how many more there are", () => {
  const rows = Array.from({ length: 30 }, (_, i) => `${i + 1},1`);
  const lines = refused(() => parse("second,rps", ...rows), "bad_value").split("\n");
  assert.equal(lines.length, 11);
  assert.equal(lines[10], "… and 20 more like these");
});

test("times of a clock are refused, with what to do", () => {
  assert.throws(
    () => parseTrace("arrival_s\n1700000000.5\n1700000001\n", "log.csv"),
    /^InputError: log\.csv: arrival_s: the last arrival is at 1700000001 s, .*Subtract the time/,
  );
});
