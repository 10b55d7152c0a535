import assert from "node:assert/strict";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { openRing } from "../../../src/controller/tell/journal-ring.ts";
import type { Setup } from "../../../src/core/setup.ts";
import { findDecision, parseDecisions } from "../../../src/formats/decision-journal.ts";
import { loadDecisions } from "../../../src/formats/files.ts";
import { decision, pipelineOf, variant } from "../../fixtures.ts";
import { entryOf } from "../../recorded-run.ts";

const root = mkdtempSync(join(tmpdir(), "ipa-ring-"));
after(() => rmSync(root, { recursive: true }));
const folder = (name: string): string => join(root, name, "journal");

const setups = ["a", "b"].map((name): Setup => ({
  pipeline: pipelineOf([[variant("v", { 1: 0.1 })]], { name }),
  policy: "ipa",
  predictor: "max",
  queueing: "tail",
  engine: "exact",
}));

function entry(now: number) {
  const setup = setups[now % setups.length];
  assert.ok(setup !== undefined);
  const seen = { now, load: { end: now, step: 1, rates: [1] }, running: [], replicas: [], stages: [], state: null };
  return { setup, entry: entryOf(setup, seen, decision(seen, [])) };
}

function add(ring: ReturnType<typeof openRing>, from: number, to: number): void {
  for (let now = from; now < to; now++) {
    const { entry: made, setup } = entry(now);
    ring.add(made, setup);
  }
}

/** The instants of all decisions of a folder, each found with its planner in its own file. */
async function instants(directory: string): Promise<readonly number[]> {
  const texts = await loadDecisions(directory);
  return texts.flatMap((text) => {
    const journal = parseDecisions([text]);
    return [...journal.entries].map(([id, { seen }]) => {
      assert.deepEqual(findDecision(journal, id).setup, entry(seen.now).setup);
      return seen.now;
    });
  });
}

const from = (first: number, behind: number) => Array.from({ length: behind - first }, (_, i) => first + i);

describe("a ring of files", () => {
  test("keeps the newest decisions within its size, in files that can be read alone", async () => {
    const directory = folder("size");
    const limits = { maxBytes: 40_000, files: 4 };
    const ring = openRing(directory, limits);
    for (let now = 0; now < 300; now += 10) {
      add(ring, now, now + 10);
      const names = readdirSync(directory);
      assert.ok(names.length <= 4);
      assert.ok(names.reduce((sum, name) => sum + statSync(join(directory, name)).size, 0) <= 40_000);
    }
    const kept = await instants(directory);
    assert.ok(kept.length > 40, String(kept.length));
    assert.deepEqual(kept, from(300 - kept.length, 300));
    assert.ok(!existsSync(join(directory, "decisions-1.jsonl")));
  });

  test("goes on where another process left off, and ends a line that was torn", async () => {
    const directory = folder("again");
    const limits = { maxBytes: 1_000_000, files: 2 };
    for (let now = 0; now < 6; now += 2) {
      add(openRing(directory, limits), now, now + 2);
      appendFileSync(join(directory, "decisions-1.jsonl"), '{"decision_id":"torn');
    }
    assert.deepEqual(readdirSync(directory), ["decisions-1.jsonl"]);
    assert.deepEqual(await instants(directory), from(0, 6));
    const text = readFileSync(join(directory, "decisions-1.jsonl"), "utf8");
    assert.equal(text.match(/^\{"planner"/gm)?.length, 2);
  });

  test("leaves files of others alone, and forgets what is too much for it now", async () => {
    const directory = folder("others");
    add(openRing(directory, { maxBytes: 40_000, files: 8 }), 0, 100);
    const foreign = ["decisions.jsonl", "decisions-x.jsonl", "decisions-01.jsonl", "notes"];
    for (const name of foreign) writeFileSync(join(directory, name), "");
    const before = readdirSync(directory).length;
    openRing(directory, { maxBytes: 40_000, files: 2 });
    assert.ok(before > 8);
    assert.deepEqual(readdirSync(directory).filter((name) => !foreign.includes(name)).length, 2);
    assert.ok(foreign.every((name) => existsSync(join(directory, name))));
  });

  test("has a decision that is longer than a file's share in a file of its own", async () => {
    const directory = folder("long");
    add(openRing(directory, { maxBytes: 10, files: 3 }), 0, 5);
    assert.deepEqual(readdirSync(directory).toSorted(), [
      "decisions-3.jsonl",
      "decisions-4.jsonl",
      "decisions-5.jsonl",
    ]);
    assert.deepEqual(await instants(directory), [2, 3, 4]);
  });

  test("throws where it cannot write, and loses no more than that", async () => {
    const directory = folder("gone");
    const ring = openRing(directory, { maxBytes: 1_000_000, files: 2 });
    rmSync(directory, { recursive: true });
    assert.throws(() => add(ring, 0, 1), /ENOENT/);
    openRing(directory, { maxBytes: 1_000_000, files: 2 });
    add(ring, 1, 3);
    assert.deepEqual(await instants(directory), [1, 2]);
    assert.throws(() => openRing(directory, { maxBytes: 1, files: 1 }), RangeError);
  });
});

describe("a folder that cannot be written is told when it is opened, not at the first decision", () => {
  const file = join(root, "file");
  writeFileSync(file, "");
  const full = folder("full");
  // Where a journal would be begun something else is in the way: it holds for root, too, whom no permission stops.
  mkdirSync(join(full, "decisions-1.jsonl"), { recursive: true });
  for (const path of [file, join(file, "x"), full]) {
    test(path.slice(root.length + 1), () => {
      assert.throws(() => openRing(path, { maxBytes: 1000, files: 2 }));
    });
  }

  test("/proc", { skip: !existsSync("/proc/self") && "this system has none" }, () => {
    for (const path of ["/proc", "/proc/x", "/proc/x/y"]) {
      assert.throws(() => openRing(path, { maxBytes: 1000, files: 2 }));
    }
  });
});
