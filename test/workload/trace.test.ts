import assert from "node:assert/strict";
import { test } from "node:test";
import { perSecond, traceEnd, type Trace } from "../../src/workload/trace.ts";

const arrivals = (...values: readonly number[]): Trace => ({
  kind: "arrivals",
  name: "log",
  arrivals: Float64Array.from(values),
});

test("a trace of rates ends with its last second", () => {
  const trace: Trace = { kind: "rates", name: "t", rates: Float64Array.of(1, 0, 2.5) };
  assert.equal(traceEnd(trace), 3);
  assert.deepEqual(perSecond(trace), Float64Array.of(1, 0, 2.5));
});

test("a log ends with the second that holds its last arrival; an arrival on the second is in the next", () => {
  assert.equal(traceEnd(arrivals(0)), 1);
  assert.equal(traceEnd(arrivals(0.2, 2.999)), 3);
  assert.equal(traceEnd(arrivals(0.2, 3)), 4);
  assert.deepEqual(perSecond(arrivals(0, 0.2, 0.999, 1, 3)), Float64Array.of(3, 1, 0, 1));
});

test("a log of nothing lasts no time", () => {
  assert.equal(traceEnd(arrivals()), 0);
  assert.deepEqual(perSecond(arrivals()), new Float64Array(0));
});
