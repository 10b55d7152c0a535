import assert from "node:assert/strict";
import { test } from "node:test";
import { notesOf } from "../../src/report/notes.ts";
import { fakeComparison } from "./fake-comparison.ts";

test("a best effort at the start, a run without decisions, requests left over and a full cluster are told; else there is nothing to tell", () => {
  const [policy] = fakeComparison([1, 2]);
  assert.ok(policy);
  assert.deepEqual(notesOf([policy]), []);
  const runs = policy.runs.map((run) => ({
    ...run,
    intervals: run.intervals.map((row, i) => (i === 0 ? { ...row, feasible: false } : row)),
  }));
  const requests = { ...policy.summary.requests, offered: 100, in_flight: 7 };
  const summary = { ...policy.summary, decisions: 0, blocked: 0.5, requests };
  const [start, nothing, left, blocked, ...rest] = notesOf([{ summary, runs }]);
  assert.match(start ?? "", /^policy ipa: no plan keeps all limits at the start load/);
  assert.match(nothing ?? "", /^policy ipa: nothing was decided/);
  assert.match(left ?? "", /^policy ipa: 7 of 100 requests still waited at the end/);
  assert.match(blocked ?? "", /^policy ipa: the cluster had no room/);
  assert.deepEqual(rest, []);
});
