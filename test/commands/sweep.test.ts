import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import {
  appendFileSync,
  existsSync,
  linkSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { tableFromIPC } from "apache-arrow";
import { z } from "zod";
import { sweepColumns } from "../../src/core/sweep-row.ts";

// Runs `ipa sweep` as a process: what must not depend on threads, shards and interruptions.

const root = new URL("../..", import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), "ipa-sweep-"));
after(() => rmSync(folder, { recursive: true }));

interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

function ipa(...args: readonly string[]): Promise<Ran> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [join(root, "bin/ipa.mjs"), ...args],
      { cwd: folder },
      (_error, out, err) => resolve({ code: child.exitCode, out, err }),
    );
  });
}

function put(name: string, content: string): string {
  writeFileSync(join(folder, name), content);
  return name;
}

const pipeline = readFileSync(join(root, "pipelines/video.yaml"), "utf8").replaceAll(
  "../profiles",
  join(root, "profiles"),
);
put("video.yaml", pipeline);
put("short.csv", `second,rps\n${Array.from({ length: 60 }, (_, s) => `${s},${5 + (s % 7)}\n`).join("")}`);
const SWEEP = `apiVersion: ipa.dev/v1alpha1
kind: Sweep
metadata: { name: demo }
spec:
  pipelines: [video.yaml]
  traces: [short.csv]
  policies: [ipa, rim]
  alpha: [0.5, 4, 32]
  sla: [2s, 4598ms]
  seeds: [1, 2]
`;
const sweep = put("demo.yaml", SWEEP);
const RUNS = 24;

const bytes = (name: string): Buffer => readFileSync(join(folder, name));
const whole = ipa("sweep", sweep, "--workers", "1");

test("a sweep: a table, a row per run, and a picture; nothing is left of the journal", async () => {
  const { code, out, err } = await whole;
  assert.deepEqual({ code, err }, { code: 0, err: "" });
  assert.match(out, /^demo: 24 runs, 12 settings\n\npolicy {2}SLA \(s\) {2}alpha/);
  assert.match(out, /\nMeans over 2 seeds\.\n\nWritten: out\/demo\.arrow, out\/demo\.svg\n$/);
  assert.deepEqual(readdirSync(join(folder, "out")), ["demo.arrow", "demo.svg"]);
  const table = tableFromIPC(bytes("out/demo.arrow"));
  assert.deepEqual(
    table.schema.fields.map(({ name }) => name),
    Object.keys(sweepColumns),
  );
  assert.equal(table.numRows, RUNS);
  assert.match(bytes("out/demo.svg").toString(), /^<svg[^>]* aria-label="demo: accuracy and cost of 12 settings/);
});

test("a row says what `ipa simulate` says of the same run", async () => {
  await whole;
  const flags = ["--trace", "short.csv", "--policy", "rim", "--seed", "2", "--json"];
  const changed = put("other.yaml", pipeline.replace("alpha: 2", "alpha: 32").replace("4598ms", "2s"));
  const [summary] = z
    .array(z.looseObject({ requests: z.record(z.string(), z.number()), latency_s: z.record(z.string(), z.number()) }))
    .parse(JSON.parse((await ipa("simulate", changed, ...flags)).out));
  assert.ok(summary);
  const table = tableFromIPC(bytes("out/demo.arrow"));
  // Of 24 runs by policy, SLA, alpha and seed.
  const cell = (name: string): unknown => table.getChild(name)?.get(17);
  assert.deepEqual(["policy", "sla_s", "alpha", "seed"].map(cell), ["rim", 2, 32, 2]);
  const said = new Map<string, unknown>([
    ...Object.entries(summary),
    ...Object.entries(summary.requests),
    ...Object.entries(summary.latency_s).map(([key, value]): [string, unknown] => [`latency_${key}_s`, value]),
  ]);
  const figures = Object.keys(sweepColumns).filter((name) => said.has(name));
  assert.ok(figures.length > 20, figures.join());
  for (const name of figures) assert.equal(cell(name), said.get(name), name);
});

test("the same bytes whatever the number of workers; --json prints the rows", async () => {
  await whole;
  const { code, out } = await ipa("sweep", sweep, "--workers", "3", "--out", "three.arrow", "--json");
  assert.equal(code, 0);
  assert.deepEqual(bytes("three.arrow"), bytes("out/demo.arrow"));
  assert.deepEqual(bytes("three.svg"), bytes("out/demo.svg"));
  const rows = z.array(z.record(z.string(), z.union([z.string(), z.number(), z.null()]))).parse(JSON.parse(out));
  assert.equal(rows.length, RUNS);
  for (const row of rows) assert.deepEqual(Object.keys(row), Object.keys(sweepColumns));
});

test("shards that are merged give the bytes of the single run", async () => {
  await whole;
  for (const shard of ["1/2", "2/2"]) assert.equal((await ipa("sweep", sweep, "--shard", shard)).code, 0);
  const shards = [2, 1].map((index) => `out/demo-${index}of2.arrow`);
  assert.ok(!existsSync(join(folder, "out/demo-1of2.svg")));
  const { code, err } = await ipa("sweep", "merge", ...shards, "--out", "merged.arrow");
  assert.deepEqual({ code, err }, { code: 0, err: "" });
  assert.deepEqual(bytes("merged.arrow"), bytes("out/demo.arrow"));
  assert.deepEqual(bytes("merged.svg"), bytes("out/demo.svg"));

  const one = await ipa("sweep", "merge", shards[0] ?? "", "--out", "one.arrow");
  assert.equal(one.code, 2);
  assert.match(one.err, /^ipa: shards are missing: 1\/2/);
  assert.ok(!existsSync(join(folder, "one.arrow")));
});

/** Kills a sweep once its journal has so many lines; returns how many it had then. */
async function killAt(lines: number, args: readonly string[], journal: string): Promise<number> {
  const child = spawn(process.execPath, [join(root, "bin/ipa.mjs"), ...args], { cwd: folder, stdio: "ignore" });
  const gone = once(child, "exit");
  const length = (): number => (existsSync(journal) ? readFileSync(journal, "utf8").split("\n").length - 1 : 0);
  while (length() < lines && child.exitCode === null) await setTimeout(2);
  child.kill("SIGKILL");
  const [, signal] = await gone;
  assert.equal(signal, "SIGKILL", "it was over before it was killed");
  return length();
}

test("killed again and again, and its last line torn, nothing is lost and nothing done twice", async () => {
  const text = SWEEP.replace("seeds: [1, 2]", `seeds: [${Array.from({ length: 12 }, (_, i) => i).join(", ")}]`);
  const args = ["sweep", put("long.yaml", text), "--out", "long.arrow"];
  const journal = join(folder, "long.arrow.partial");
  const kept = join(folder, "kept");
  let before = 0;
  for (const lines of [1, 60]) {
    before = await killAt(lines, args, journal);
    assert.ok(before >= lines);
    appendFileSync(journal, '{"run":"0123456789abcdef","figures":{"dura');
  }
  const dry = await ipa(...args, "--dry-run", "--json");
  assert.deepEqual(JSON.parse(dry.out), { runs: 144, done: before, to_do: 144 - before });
  // Another name for the journal, which outlives it: a line for each run that was ever done.
  linkSync(journal, kept);
  const { code, err } = await ipa(...args);
  assert.equal(code, 0);
  assert.equal(err, `${before} of 144 runs were done before, ${144 - before} are to do.\n`);
  const runs = readFileSync(kept, "utf8").trimEnd().split("\n");
  assert.equal(runs.length, 144);
  assert.equal(new Set(runs).size, 144);
  assert.ok(!existsSync(journal));

  assert.equal((await ipa("sweep", "long.yaml", "--workers", "1", "--out", "at-once.arrow")).code, 0);
  assert.deepEqual(bytes("long.arrow"), bytes("at-once.arrow"));
  const finished = await ipa(...args);
  assert.match(finished.err, /^long\.arrow holds this sweep already: nothing is run/);
});

test("a wrong input ends with exit code 2 and leaves nothing", async () => {
  put("missing.yaml", SWEEP.replace("video.yaml", "nowhere.yaml"));
  put("notes.arrow.partial", "notes");
  const impossible = pipeline.replace("kind: weighted", "kind: weighted\n    accuracyFloor: 5");
  put("impossible.yaml", `${impossible}  onInfeasible: Hold\n`);
  put("stuck.yaml", SWEEP.replace("video.yaml", "impossible.yaml"));
  const out = ["--out", "never.arrow"];
  const cases: readonly (readonly [RegExp, ...string[]])[] = [
    [/missing\.yaml:5:15: spec\.pipelines\.0: nowhere\.yaml: there is no such file/, "missing.yaml", ...out],
    [/'0\/3' is invalid\. Give the part and how many/, sweep, "--shard", "0/3", ...out],
    [/short\.csv: this file is read, and would be written over/, sweep, "--out", "short.csv"],
    [/notes\.arrow\.partial:1: this is no line of a sweep's journal/, sweep, "--out", "notes.arrow"],
    [/short\.csv\/x\.arrow\.partial: cannot be written/, sweep, "--out", "short.csv/x.arrow"],
    [/short\.csv: this is no Arrow file that `ipa sweep` wrote/, "merge", "short.csv", ...out],
    [/pipeline "video", policy ipa: no plan can start/, "stuck.yaml", ...out],
  ];
  for (const { says, args, ran } of await Promise.all(
    cases.map(async ([says, ...args]) => ({ says, args, ran: await ipa("sweep", ...args) })),
  )) {
    assert.deepEqual({ code: ran.code, out: ran.out }, { code: 2, out: "" }, `${args.join(" ")}\n${ran.err}`);
    assert.match(ran.err, says);
    assert.doesNotMatch(ran.err, /\n {4}at |fault in ipa/);
  }
  for (const name of ["never.arrow", "never.svg", "notes.arrow"]) assert.ok(!existsSync(join(folder, name)), name);
  assert.equal(bytes("notes.arrow.partial").toString(), "notes");
});

test("the help of a sweep is told, and starts none", async () => {
  const { code, out } = await ipa("sweep", sweep, "--help");
  assert.equal(code, 0);
  assert.match(out, /^Usage: ipa sweep /);
});
