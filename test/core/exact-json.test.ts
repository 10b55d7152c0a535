import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { firstDifference, fromExactJson, toCanonicalJson, toExactJson } from "../../src/core/exact-json.ts";

const number = fc.oneof(fc.double(), fc.constantFrom(-0, Infinity, -Infinity, NaN, Number.MIN_VALUE, 0.1 + 0.2));
const value = fc.letrec((tie) => ({
  any: fc.oneof({ maxDepth: 4 }, number, fc.string(), fc.boolean(), fc.constant(null), tie("list"), tie("object")),
  list: fc.array(tie("any"), { maxLength: 4 }),
  object: fc.dictionary(fc.oneof(fc.string(), fc.constantFrom("1", "__proto__", "number")), tie("any"), { maxKeys: 4 }),
})).any;

test("every number comes back to the bit, and the text is JSON", () => {
  fc.assert(
    fc.property(value, (given) => {
      const text = toExactJson(given);
      JSON.parse(text);
      assert.deepEqual(plain(fromExactJson(text)), plain(given));
      assert.equal(toExactJson(fromExactJson(text)), text);
      assert.equal(toCanonicalJson(fromExactJson(text)), toCanonicalJson(given));
      assert.equal(firstDifference(given, fromExactJson(text)), null);
    }),
    { numRuns: 500 },
  );
});

/** Without the prototypes that fast-check varies. */
function plain(given: unknown): unknown {
  if (typeof given !== "object" || given === null) return given;
  return Array.isArray(given) ? given.map(plain) : Object.entries(given).map(([key, of]) => [key, plain(of)]);
}

test("what JSON has no number for is written as an object", () => {
  assert.equal(
    toExactJson([-0, Infinity, -Infinity, NaN, 0]),
    '[{"$number":"-0"},{"$number":"Infinity"},{"$number":"-Infinity"},{"$number":"NaN"},0]',
  );
  assert.deepEqual(fromExactJson('{"$number":"1","more":2}'), { $number: "1", more: 2 });
});

test("canonical JSON does not depend on the order of keys, JSON does", () => {
  const [one, other] = [
    { a: 1, b: { c: -0, d: [2] } },
    { b: { d: [2], c: -0 }, a: 1 },
  ];
  assert.equal(toCanonicalJson(one), toCanonicalJson(other));
  assert.notEqual(toExactJson(one), toExactJson(other));
  assert.equal(firstDifference(one, other), null);
});

test("the first difference is told by its place", () => {
  const one = { plan: [{ replicas: 1 }, { replicas: 2 }], state: null };
  assert.deepEqual(firstDifference(one, { ...one, plan: [{ replicas: 1 }, { replicas: 3 }] }), {
    path: "plan.1.replicas",
    before: 2,
    after: 3,
  });
  assert.deepEqual(firstDifference(one, { ...one, more: -0 }), { path: "more", before: undefined, after: -0 });
  assert.deepEqual(firstDifference([0], [-0]), { path: "0", before: 0, after: -0 });
  assert.equal(firstDifference({ a: [] }, { a: {} })?.path, "a");
});
