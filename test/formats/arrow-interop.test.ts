import assert from "node:assert/strict";
import { test } from "node:test";
import { tableFromIPC, Type } from "@uwdata/flechette";
import { requestsToArrow, runLogToArrow, visitsToArrow } from "../../src/formats/arrow.ts";
import { plausibleRun } from "../report/fake-runs.ts";
import { requests, stages, visits } from "./fake-records.ts";

// Reads the files with an Arrow implementation that shares no code with the one that wrote them.

test("another implementation reads the requests", () => {
  const table = tableFromIPC(requestsToArrow(["detect", "classify"], requests, { policy: "ipa" }));
  assert.equal(table.schema.metadata?.get("policy"), "ipa");
  assert.deepEqual(table.toColumns(), {
    request: Uint32Array.of(0, 1, 2),
    arrival_s: Float64Array.of(0.5, 1.25, 2),
    departure_s: [0.9, null, null],
    outcome: ["served", "dropped", "in_flight"],
    dropped_at: [null, "classify", null],
  });
});

test("another implementation reads the visits", () => {
  const table = tableFromIPC(visitsToArrow(stages, visits));
  assert.deepEqual(table.toColumns(), {
    request: Uint32Array.of(0, 1, 2, 0, 1),
    item: Uint32Array.of(0, 0, 0, 0, 0),
    stage: ["detect", "detect", "detect", "classify", "classify"],
    variant: ["large", "small", "large", "small", null],
    batch_size: [2, 2, 1, 1, null],
    arrival_s: Float64Array.of(0.5, 1.25, 2, 0.75, 1.5),
    start_s: [0.5, 1.25, 2, 0.75, null],
    end_s: [0.75, 1.5, null, 0.9, null],
    outcome: ["served", "served", "in_flight", "served", "dropped"],
  });
});

test("another implementation reads the run log", () => {
  const { intervals } = plausibleRun({ cores: 12, accuracy: 0.7, latency: 0.3 });
  const table = tableFromIPC(runLogToArrow(["detect", "classify"], intervals));
  assert.equal(table.numRows, intervals.length);
  const column = (name: string): unknown[] => [...table.getChild(name)];
  assert.deepEqual(
    column("predicted_rps"),
    intervals.map((row) => row.predicted),
  );
  assert.deepEqual(
    column("reason"),
    intervals.map((row) => row.reason),
  );
  assert.deepEqual(
    column("feasible"),
    intervals.map((row) => row.feasible),
  );
  assert.deepEqual(
    column("classify.replicas"),
    intervals.map((row) => row.plan[1]?.replicas),
  );
  assert.equal(table.schema.fields.find((field) => field.name === "feasible")?.type.typeId, Type.Bool);
});
