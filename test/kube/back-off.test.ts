import assert from "node:assert/strict";
import { test } from "node:test";
import { backOff } from "../../src/kube/back-off.ts";

const range = { first: 0.5, most: 8 };

test("pauses double up to the longest", () => {
  assert.deepEqual(
    [1, 2, 3, 4, 5, 6, 2000].map((failures) => backOff(failures, null, range)),
    [0.5, 1, 2, 4, 8, 8, 8],
  );
});

test("Retry-After makes a pause longer, never shorter, and is obeyed for a minute", () => {
  assert.equal(backOff(1, 7, range), 7);
  assert.equal(backOff(4, 1, range), 4);
  assert.equal(backOff(1, 3600, range), 60);
});
