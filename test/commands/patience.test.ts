import assert from "node:assert/strict";
import { test } from "node:test";
import { longestWait, patience, pauseAfter } from "../../src/commands/patience.ts";

test("the pause grows with each time in a row, up to a bound", () => {
  const pauses = Array.from({ length: 10 }, (_, i) => pauseAfter(i, 2));
  assert.deepEqual(pauses, [0, 0, 0, 20, 40, 80, 160, 320, 600, 600]);
  assert.equal(pauseAfter(10_000, 1), 300);
});

test("what was lost again and again is asked when its pause is over, once, and freely when it has answered", () => {
  const { mayAsk, lost, inTime } = patience(1, 3600);
  for (let n = 0; n < 2; n++) {
    lost("hard", n);
    assert.ok(mayAsk("hard", n));
  }
  lost("hard", 2);
  assert.deepEqual([mayAsk("hard", 11.9), mayAsk("easy", 2), mayAsk("hard", 12)], [false, true, true]);
  lost("hard", 13);
  assert.deepEqual([mayAsk("hard", 32.9), mayAsk("hard", 33)], [false, true]);
  inTime("hard");
  lost("hard", 34);
  assert.ok(mayAsk("hard", 34));
});

test("what was lost long ago is forgotten when something else is", () => {
  const { mayAsk, lost } = patience(1, 100);
  for (let n = 0; n < 3; n++) lost("gone", n);
  lost("other", 12 + 101);
  lost("gone", 200);
  assert.ok(mayAsk("gone", 200));
});

test("a pipeline waits for others until it has missed a turn", () => {
  assert.equal(longestWait(1, 10), 11);
});
