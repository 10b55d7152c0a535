import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { toExactJson } from "../../src/core/exact-json.ts";
import type { Setup } from "../../src/core/setup.ts";
import {
  DECISION_ID,
  decisionLines,
  findDecision,
  parseDecisions,
  plannerDigest,
} from "../../src/formats/decision-journal.ts";
import { decision, pipelineOf, variant } from "../fixtures.ts";
import { entryOf, textOf } from "../recorded-run.ts";
import { refused } from "./refusal.ts";

const setup: Setup = {
  pipeline: pipelineOf([[variant("v", { 1: 0.1 })]]),
  policy: "ipa",
  predictor: "max",
  queueing: "tail",
  engine: "exact",
};

function entry(now: number, of = setup) {
  const load = { end: now, step: 1, rates: [-0, null, 0.1 + 0.2] };
  const seen = { now, load, running: [], replicas: [], stages: [], state: null };
  return entryOf(of, seen, { ...decision(seen, []), outcome: { status: "unknown", engine: "e", bound: Infinity } });
}

const entries = [entry(10), entry(20), entry(30)];
const [first, second, third] = entries.map(({ decision_id }) => decision_id);
const text = textOf(setup, entries);
const parse = (given: string, path = "j") => parseDecisions([{ path, text: given }]);

describe("a journal of decisions", () => {
  test("gives back what was written, and names planners once", () => {
    assert.deepEqual(
      text.split("\n").map((line) => /^\{"(\w+)":/.exec(line)?.[1]),
      ["planner", "decision_id", "decision_id", "decision_id", undefined],
    );
    const journal = parse(text);
    assert.deepEqual([...journal.entries.values()], entries);
    assert.deepEqual(journal.torn, []);
    assert.deepEqual(findDecision(journal, second ?? ""), { entry: entries[1], setup });
    assert.deepEqual(findDecision(journal, null).entry, entries[2]);
  });

  test("has ids of the inputs: the same for the same, and no other's", () => {
    assert.equal(entry(10).decision_id, first);
    assert.match(first ?? "", DECISION_ID);
    const other = { ...setup, policy: "hpa" };
    assert.equal(new Set([first, second, third, entry(10, other).decision_id]).size, 4);
    const shuffled = Object.fromEntries(Object.entries(setup).toReversed()) as unknown as Setup;
    assert.equal(plannerDigest(shuffled), plannerDigest(setup));
  });

  test("is found between the lines of others, and behind what collectors put before each", () => {
    const noise = [
      "",
      "starting",
      "{",
      '{"level":"info"}',
      '{"planner":"mine"}',
      '{"decision_id":1}',
      "[1]",
      "null",
      '"x"',
      "{}}",
      "\u0000",
    ];
    for (const before of ["", "2026-01-02T03:04:05.6Z ", "[pod/ipa-0/ipa] "]) {
      const lines = text
        .split("\n")
        .flatMap((line, l) => [...noise, line === "" ? "" : `${before}${line}`, noise[l] ?? ""]);
      const journal = parse(lines.join("\r\n"));
      assert.deepEqual([...journal.entries.values()], entries);
      assert.deepEqual(journal.torn, []);
      assert.deepEqual(findDecision(journal, third ?? "").setup, setup);
    }
  });

  test("has its planner wherever that stands", () => {
    const [planner = "", ...rest] = text.trimEnd().split("\n");
    assert.deepEqual(findDecision(parse([...rest, planner].join("\n")), first ?? "").setup, setup);
    const apart = parseDecisions([
      { path: "a", text: rest.join("\n") },
      { path: "b", text: planner },
    ]);
    assert.deepEqual(findDecision(apart, first ?? "").setup, setup);
    refused(
      () => findDecision(parse(rest.join("\n")), first ?? ""),
      "missing_file",
      /^j: decision \w+ was made by planner \w+, which no line tells/,
    );
  });

  test("tells of an id that is not there the last ones that are", () => {
    refused(
      () => findDecision(parse(text), "0000000000000000"),
      "unknown_name",
      new RegExp(
        `^j: there is no whole decision 0000000000000000. The last are ${first} \\(test/demo, 2026.*, ${second} .*${third}`,
      ),
    );
    for (const empty of ["", "hello\n", '{"level":"info"}\n']) {
      refused(() => findDecision(parse(empty), null), "wrong_kind", /^j: there is no whole decision in it\. Give what/);
    }
  });

  test("wherever its last line is torn, the lines before are kept and the torn one is told", () => {
    const start = text.lastIndexOf("{", text.indexOf(third ?? ""));
    for (let end = start; end < text.length - 1; end += 7) {
      const { entries: kept, torn } = parse(text.slice(0, end));
      assert.deepEqual([...kept.keys()], [first, second]);
      assert.deepEqual(
        torn.map(({ place }) => place),
        end < start + 15 ? [] : ["j:4"],
      );
    }
    const torn = parse(text.slice(0, -20));
    refused(() => findDecision(torn, third ?? ""), "unknown_name", /j:4 holds a part of it, and was cut/);
    assert.equal(findDecision(torn, null).entry.decision_id, second);
    refused(() => findDecision(parse(text.slice(0, 100)), null), "wrong_kind", /j:1 holds a part of it/);
  });

  test("of several Pods, one log after the other: the last decision is the last that was made", () => {
    const at = (now: number, clock: string) => ({ ...entry(now), meta: { ...entry(now).meta, clock } });
    const [early, late] = [at(10, "2026-01-02T03:04:05.6Z"), at(20, "2026-01-02T03:04:15.6Z")];
    const journal = parse(textOf(setup, [late, early]));
    assert.deepEqual([...journal.entries.values()], [early, late]);
    assert.equal(findDecision(journal, null).entry.decision_id, late.decision_id);
  });

  test("goes on after a line that is torn, whoever wrote on behind it", () => {
    const [planner = "", one = "", two = ""] = text.trimEnd().split("\n");
    const journal = parse(`${planner}\n{"a":{}} ${one.slice(0, 40)}${two}\n`);
    assert.deepEqual([...journal.entries.keys()], [second]);
    assert.deepEqual(
      journal.torn.map(({ place }) => place),
      ["j:2"],
    );
    // The start of a log is cut off anywhere.
    for (let begin = 1; begin < one.length; begin += 7) {
      assert.deepEqual([...parse(`${one.slice(begin)}\n${planner}\n${two}`).entries.keys()], [second]);
    }
  });

  test("tells the ids that are nearly the one that is asked for", () => {
    const [id = ""] = [second];
    const wrong = [
      id.slice(0, -1),
      id.slice(1),
      `${id.slice(0, 5)}${id.slice(6)}`,
      `${id}0`,
      id.slice(0, 6),
      id.toUpperCase(),
    ];
    const swapped = `${id.slice(0, 7)}${id[8]}${id[7]}${id.slice(9)}`;
    for (const one of [...wrong, ...(swapped === id ? [] : [swapped])]) {
      refused(
        () => findDecision(parse(text), one),
        "unknown_name",
        new RegExp(
          `^j: there is no whole decision ${one}\\. Is it ${id} \\(test/demo, [^,]*\\)\\? --list names all\\.$`,
        ),
      );
    }
  });

  test("passes over lines that have its keys and are none of its, and refuses inputs that were changed", () => {
    for (const line of [
      '{"decision_id":"x","seen":{},"decision":{}}',
      '{"decision_id":"x","seen":null,"decision":null}',
      toExactJson({ ...entries[0], seen: { now: 1 } }),
      toExactJson({ ...entries[0], meta: { clock: "noon" } }),
      '{"planner":1,"setup":{}}',
      '{"planner":"x","setup":null}',
    ]) {
      const journal = parse(`${line}\n${text}`);
      assert.deepEqual([journal.odd, journal.torn], [[{ place: "j:1", text: line }], []]);
      assert.deepEqual([...journal.entries.values()], entries);
    }
    for (const [from, to] of [
      ["0.30000000000000004", "0.3"],
      ['"policy":"ipa"', '"policy":"hpa"'],
    ] as const) {
      refused(
        () => findDecision(parse(text.replaceAll(from, to)), first ?? ""),
        "bad_value",
        /are not those that it was made from/,
      );
    }
  });

  test("writes a planner's line again where it is not known to be written", () => {
    const written = new Set<string>();
    const [one] = entries;
    assert.ok(one !== undefined);
    assert.equal(decisionLines(one, setup, written).split("\n").length, 3);
    assert.equal(decisionLines(one, setup, written).split("\n").length, 2);
    assert.equal(decisionLines(one, setup, new Set()).split("\n").length, 3);
  });
});
