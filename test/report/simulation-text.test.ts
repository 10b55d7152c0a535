import assert from "node:assert/strict";
import { test } from "node:test";
import { shapeText } from "../../src/report/simulation-text.ts";

test("the stages of a pipeline in one line, as they follow each other", () => {
  const of = (after: Readonly<Record<string, readonly string[]>>): string =>
    shapeText(Object.entries(after).map(([name, before]) => ({ name, after: before })));
  assert.equal(of({ a: [], b: ["a"], c: ["b"] }), "a → b → c");
  assert.equal(of({ a: [], b: ["a"], c: ["a"] }), "a → b, c");
  assert.equal(of({ a: [], b: ["a"], c: ["a"], d: ["b", "c"] }), "a → b, c; b → d; c → d");
  assert.equal(of({ a: [], b: [], c: ["b"] }), "a; b → c");
});
