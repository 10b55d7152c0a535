import assert from "node:assert/strict";
import { test } from "node:test";
import { logTo } from "../../../src/controller/tell/log.ts";
import { KubeError } from "../../../src/kube/errors.ts";

interface Line {
  readonly reason?: string;
  readonly level: string;
  readonly what: string;
  readonly error?: string;
  readonly times?: number;
}

function begin() {
  let now = 1_000_000;
  const lines: Line[] = [];
  const log = logTo(
    (line) => lines.push(JSON.parse(line) as Line),
    () => now,
  );
  return { log, lines, pass: (seconds: number) => void (now += seconds) };
}

test("what fails every second for an hour is told a few times, and how often it did", () => {
  const { log, lines, pass } = begin();
  for (let second = 0; second < 3600; second++) {
    log.failed("lease", new Error(`no answer from port ${second}`));
    pass(1);
  }
  assert.ok(lines.length >= 5 && lines.length <= 12, `${lines.length} lines`);
  assert.equal(lines[0]?.times, undefined);
  assert.equal(lines[1]?.times, 10);
});

test("another failure, and one that comes again after a long time, are told at once", () => {
  const { log, lines, pass } = begin();
  log.failed("journal", new Error("no space left"));
  log.failed("lease", new Error("no space left"));
  log.failed("journal", new Error("no such folder"));
  log.failed("journal", new Error("no such folder"));
  assert.equal(lines.length, 3);
  pass(60);
  log.failed("journal", new Error("no such folder"));
  assert.equal(lines.length, 4);
});

test("an API server that gives no answer is told once, whatever asked it, and when it answers again", () => {
  const { log, lines } = begin();
  log.answered();
  for (const what of ["lease", "watch of pods", "watch of services"]) {
    log.failed(what, new KubeError(`${what}: no answer`, { status: 0, reason: "NoAnswer" }));
  }
  log.answered();
  log.answered();
  assert.deepEqual(
    lines.map(({ level, what }) => [level, what]),
    [
      ["error", "the API server gives no answer, and is asked again until it does"],
      ["info", "the API server answers again"],
    ],
  );
});

test("that a pipeline is not ready, why, and that it is again, is a line each; one that comes and goes is told of ever more rarely", () => {
  const { log, lines, pass } = begin();
  const find = (name: string, status: "True" | "False", reason: string): void =>
    log.ready(name, { status, reason, message: "" });
  find("n/well", "True", "Ready");
  for (const name of ["n/shop-1", "n/shop-2", "n/shop-1"]) find(name, "False", "Stale");
  find("n/shop-1", "False", "Invalid");
  find("n/shop-1", "True", "Ready");
  assert.deepEqual(
    lines.map(({ level, what, reason = "" }) => `${level} ${what} ${reason}`),
    ["warning not ready Stale", "warning not ready Stale", "warning not ready Invalid", "info ready "],
  );
  for (let second = 0; second < 3600; second++) {
    find("n/shop-1", second % 2 === 0 ? "False" : "True", "Stale");
    pass(1);
  }
  assert.ok(lines.length < 30, `${lines.length} lines`);
});

test("what is silent as it came and went, and then stays, is told once that silence is over, with how often it came", () => {
  const { log, lines, pass } = begin();
  const find = (status: "True" | "False"): void =>
    log.ready("n/shop", { status, reason: status === "True" ? "Ready" : "Stale", message: "" });
  for (const status of ["False", "True", "False"] as const) find(status);
  assert.deepEqual(
    lines.map(({ what }) => what),
    ["not ready", "ready"],
  );
  for (let second = 0; second < 300; second++) {
    find("False");
    pass(1);
  }
  assert.deepEqual(
    lines.slice(2).map(({ what, times }) => [what, times]),
    [["not ready", undefined]],
  );
  // Twice in the same silence.
  for (const status of ["True", "False", "True", "False", "True"] as const) find(status);
  const before = lines.length;
  for (let second = 0; second < 300; second++) {
    find("True");
    pass(1);
  }
  assert.deepEqual(
    lines.slice(before).map(({ what, times }) => [what, times]),
    [["ready", 2]],
  );
});

test("whoever leads anew tells what is not ready, whatever was told before", () => {
  const { log, lines, pass } = begin();
  const find = (): void => log.ready("n/shop", { status: "False", reason: "Stale", message: "" });
  for (let term = 0; term < 2; term++) {
    log.leading();
    find();
    find();
    pass(60);
  }
  assert.deepEqual(
    lines.map(({ what }) => what),
    ["leading", "not ready", "leading", "not ready"],
  );
});

test("nothing is remembered of one that is gone", () => {
  const { log, lines } = begin();
  log.ready("n/shop", { status: "False", reason: "Stale", message: "" });
  log.forget("n/shop");
  log.ready("n/shop", { status: "True", reason: "Ready", message: "" });
  assert.deepEqual(
    lines.map(({ what }) => what),
    ["not ready"],
  );
});
