import assert from "node:assert/strict";
import { test } from "node:test";
import { parseLstm } from "../../src/formats/weights.ts";

const sum = { input: 1, recurrent: [2], bias: 3 };
const cell = { inputGate: sum, forgetGate: sum, candidate: sum, outputGate: sum, weight: 4 };
const network = { cells: [cell], bias: 5 };

test("weights are read; what else the file says is left", () => {
  assert.deepEqual(parseLstm(JSON.stringify({ seed: 1, ...network }), "w.json"), network);
});

const wrong: readonly (readonly [what: string, content: unknown, message: RegExp])[] = [
  ["a number", 3, /^w\.json: the file should be an object\. Train again/],
  ["nothing", null, /the file should be an object/],
  ["no cells", { ...network, cells: [] }, /cells should be a list, and not empty/],
  ["an empty cell", { ...network, cells: [{}] }, /cells\[0\]\.inputGate should be an object/],
  ["too many cells", { ...network, cells: [cell, cell] }, /cells\[0\]\.inputGate\.recurrent has 1 numbers for 2 cells/],
  [
    "a weight that is no number",
    { ...network, cells: [{ ...cell, weight: "4" }] },
    /cells\[0\]\.weight should be a number/,
  ],
  ["no bias", { cells: [cell] }, /: bias should be a number/],
];
for (const [what, content, message] of wrong) {
  test(`refused: ${what}`, () =>
    assert.throws(() => parseLstm(JSON.stringify(content), "w.json"), { name: "InputError", message }));
}

test("refused: no JSON", () =>
  assert.throws(() => parseLstm("{", "w.json"), { name: "InputError", code: "bad_syntax" }));
