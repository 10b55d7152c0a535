import assert from "node:assert/strict";
import { test } from "node:test";
import { tableFromIPC } from "apache-arrow";
import { requestsToArrow, runLogToArrow, visitsToArrow } from "../../src/formats/arrow.ts";
import { plausibleRun } from "../report/fake-runs.ts";
import { requests, stages, visits } from "./fake-records.ts";

test("the run log keeps every row, null and name, and what it is about", () => {
  const { intervals } = plausibleRun({ cores: 12, accuracy: 0.7, latency: 0.3 });
  const table = tableFromIPC(runLogToArrow(["detect", "classify"], intervals, { policy: "ipa", seed: "1" }));
  assert.equal(table.numRows, 60);
  assert.deepEqual(
    [...table.schema.metadata],
    [
      ["policy", "ipa"],
      ["seed", "1"],
    ],
  );
  const [first, second] = intervals;
  const column = (name: string): unknown[] => [...(table.getChild(name) ?? [])].slice(0, 2);
  assert.deepEqual(column("from_s"), [0, 10]);
  assert.deepEqual(column("predicted_rps"), [null, second?.predicted]);
  assert.deepEqual(column("reason"), [first?.reason, second?.reason]);
  assert.deepEqual(column("feasible"), [first?.feasible, second?.feasible]);
  assert.deepEqual(column("latency_p99_s"), [first?.latencyP99, second?.latencyP99]);
  assert.deepEqual(column("detect.variant"), ["yolov5n", "yolov5n"]);
  assert.deepEqual(column("classify.batch"), [4, 4]);
  assert.deepEqual(column("classify.ready"), [first?.ready[1], second?.ready[1]]);
});

test("an interval without requests has null latencies, and a stage without a plan null settings", () => {
  const [row] = plausibleRun({ cores: 12, accuracy: 0.7, latency: 0.3 }, 1).intervals;
  assert.ok(row);
  const table = tableFromIPC(
    runLogToArrow(["detect"], [{ ...row, latencyP50: null, latencyP99: null, plan: [], ready: [] }]),
  );
  for (const name of ["latency_p50_s", "latency_p99_s", "detect.variant", "detect.batch", "detect.ready"]) {
    assert.equal(table.getChild(name)?.get(0), null, name);
  }
});

test("no rows make a readable file", () => {
  assert.equal(tableFromIPC(runLogToArrow(["detect"], [])).numRows, 0);
  const none = { arrival: new Float64Array(), departure: new Float64Array() };
  const bytes = requestsToArrow([], { ...none, outcome: new Uint8Array(), droppedAt: new Int16Array() });
  assert.equal(tableFromIPC(bytes).numRows, 0);
});

test("the same records give the same bytes", () => {
  assert.deepEqual(
    requestsToArrow(["detect", "classify"], requests),
    requestsToArrow(["detect", "classify"], requests),
  );
  assert.deepEqual(visitsToArrow(stages, visits), visitsToArrow(stages, visits));
});

test("a million requests take less than two seconds", () => {
  const count = 1_000_000;
  const arrival = Float64Array.from({ length: count }, (_, i) => i / 100);
  const started = performance.now();
  requestsToArrow(["detect"], {
    arrival,
    departure: arrival,
    outcome: new Uint8Array(count),
    droppedAt: new Int16Array(count).fill(-1),
  });
  assert.ok(performance.now() - started < 2000);
});
