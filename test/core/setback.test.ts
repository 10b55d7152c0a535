import assert from "node:assert/strict";
import { test } from "node:test";
import { judge } from "../../src/core/setback.ts";

const plan = { stage: "s", variant: "v", batch: 1, batchTimeout: 0, replicas: 7 };
const before = { progress: { variant: "v", replicas: 7, ready: 0, since: 0 }, setbacks: [] };

function most(of: {
  readonly ready: number;
  readonly coming?: number;
  readonly now: number;
  readonly phase?: "Preparing" | "Draining";
}) {
  const { ready, coming, now, phase } = of;
  const count = { stage: "s", variant: "v", ready, starting: 7 - ready, serving: ready };
  const refused = coming === undefined ? {} : { refused: "Unschedulable" as const, coming };
  return judge(plan, before, [{ ...count, ...refused }], { now, deadline: 60, phase }).setbacks[0]?.most;
}

test("what has room is not given up with what has none", () => {
  assert.equal(most({ ready: 1, coming: 3, now: 5 }), 4);
  assert.equal(most({ ready: 1, coming: 0, now: 5 }), 1);
});
test("of a variant that is to take over all of it is given up", () => {
  assert.equal(most({ ready: 1, coming: 3, now: 5, phase: "Preparing" }), 0);
});
test("failures are forgotten once it is up with more and the switch to it is over", () => {
  const failed = { setbacks: [{ variant: "v", most: 0, until: 50, failures: 2 }] };
  const left = (phase?: "Ready" | "Draining") =>
    judge(plan, failed, [{ stage: "s", variant: "v", ready: 7, starting: 0, serving: 7 }], {
      now: 60,
      deadline: 60,
      phase,
    }).setbacks.length;
  assert.deepEqual([left("Ready"), left("Draining"), left()], [1, 1, 0]);
});
test("at the deadline what is ready is all that counts", () => {
  assert.equal(most({ ready: 0, now: 59 }), undefined);
  assert.equal(most({ ready: 0, now: 60 }), 0);
});
test("all are not enough as long as they are not to take over", () => {
  assert.equal(most({ ready: 7, now: 60 }), undefined);
  assert.equal(most({ ready: 7, now: 60, phase: "Preparing" }), undefined);
  // Nothing has moved since they were ready.
  const still = { progress: { variant: "v", replicas: 7, ready: 7, since: 0 }, setbacks: [] };
  const counts = [{ stage: "s", variant: "v", ready: 7, starting: 0, serving: 0 }];
  const at = (now: number): boolean => judge(plan, still, counts, { now, deadline: 60, phase: "Preparing" }).failed;
  assert.deepEqual([at(59), at(60)], [false, true]);
});
