import assert from "node:assert/strict";
import { test } from "node:test";
import { formatEntry, parseJournal } from "../../src/formats/journal.ts";
import { fakeFigures } from "./fake-sweep.ts";
import { refused } from "./refusal.ts";

const entries = [
  ["a", fakeFigures({ accuracy: null, objective: -0.1 - 0.2 })],
  ["b", fakeFigures({ offered: 0 })],
] as const;
const text = entries.map(([key, figures]) => formatEntry(key, figures)).join("");

test("a journal gives back what was written, to the last bit", () => {
  assert.deepEqual(parseJournal(text, "j"), { done: new Map(entries), whole: text });
  assert.deepEqual(parseJournal("", "j"), { done: new Map(), whole: "" });
});

test("wherever its last line is torn, the lines before are kept", () => {
  const first = text.indexOf("\n") + 1;
  for (let end = 0; end < text.length; end++) {
    const { done, whole } = parseJournal(text.slice(0, end), "j");
    assert.equal(whole, end < first ? "" : text.slice(0, first));
    assert.deepEqual([...done.keys()], end < first ? [] : ["a"]);
  }
});

test("a file that is no journal is refused, and not taken for a torn line", () => {
  for (const [content, line] of [
    ["second,rps\n0,1\n", 1],
    ["notes", 1],
    [`${text}{"run":"c"}\n`, 3],
    [`${text}{"run":"c","figures":{"offered":1}}\n`, 3],
    [`${text}more`, 3],
  ] as const) {
    refused(
      () => parseJournal(content, "j"),
      "wrong_kind",
      new RegExp(`^j:${line}: this is no line of a sweep's journal`),
    );
  }
});
