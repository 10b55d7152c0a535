import assert from "node:assert/strict";
import { test } from "node:test";
import { judge } from "../../src/core/setback.ts";

const plan = { stage: "s", variant: "v", batch: 1, batchTimeout: 0, replicas: 7 };
const before = { progress: { variant: "v", replicas: 7, ready: 0, since: 0 }, setbacks: [] };

function most(of: { readonly ready: number; readonly coming?: number; readonly now: number; readonly bar?: boolean }) {
  const { ready, coming, now, bar = false } = of;
  const count = { stage: "s", variant: "v", ready, starting: 7 - ready, serving: ready };
  const refused = coming === undefined ? {} : { refused: "Unschedulable" as const, coming };
  return judge(plan, before, [{ ...count, ...refused }], { now, deadline: 60, bar }).setbacks[0]?.most;
}

test("what has room is not given up with what has none", () => {
  assert.equal(most({ ready: 1, coming: 3, now: 5 }), 4);
  assert.equal(most({ ready: 1, coming: 0, now: 5 }), 1);
});
test("of a variant that is to take over all of it is given up", () => {
  assert.equal(most({ ready: 1, coming: 3, now: 5, bar: true }), 0);
});
test("at the deadline what is ready is all that counts", () => {
  assert.equal(most({ ready: 0, now: 59 }), undefined);
  assert.equal(most({ ready: 0, now: 60 }), 0);
});
