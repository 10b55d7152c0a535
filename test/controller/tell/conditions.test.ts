import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { conditionReasons } from "../../../src/controller/tell/condition-reasons.ts";
import {
  bad,
  conditionsOf,
  good,
  notKnown,
  readiness,
  unknown,
  type Standings,
} from "../../../src/controller/tell/conditions.ts";

const standings: Standings = {
  TargetResolved: good("Resolved"),
  MetricsAvailable: bad("Stale", "too old"),
  ProfilesReady: good("Ready"),
  Feasible: unknown("NotDecided", "not yet"),
  Applied: bad("TargetPinned", "kubectl did"),
};

test("it is ready if all that counts holds, else as the first that does not, and with what all say that do not", () => {
  const table = [
    [["TargetResolved", "ProfilesReady"], "True Ready "],
    [["TargetResolved", "Feasible", "Applied"], "False NotDecided Feasible: not yet. Applied: kubectl did."],
    [["MetricsAvailable"], "False Stale MetricsAvailable: too old."],
  ] as const;
  for (const [counts, expected] of table) {
    const { status, reason, message } = readiness(standings, counts);
    assert.equal(`${status} ${reason} ${message}`, expected, counts.join());
  }
});

test("what waits for another condition adds nothing to why it is not ready", () => {
  const waiting = { ...notKnown("TargetResolved has to hold first"), TargetResolved: bad("NotFound", "there is none") };
  assert.deepEqual(
    readiness(waiting, ["TargetResolved", "ProfilesReady", "Feasible", "Applied"]),
    bad("NotFound", "TargetResolved: there is none."),
  );
});

test("a message is no longer than an API server takes", () => {
  const long = { ...standings, Ready: bad("Stale", "x".repeat(40_000)) };
  assert.equal(conditionsOf(long, [], 1, "t1").find(({ type }) => type === "Ready")?.message.length, 32_768);
});

test("the documentation has each reason in the row of its condition, but the one that all may have", () => {
  const text = readFileSync(new URL("../../../docs/control.md", import.meta.url), "utf8");
  for (const [type, reasons] of Object.entries(conditionReasons)) {
    const row = text.split("\n").find((line) => line.startsWith(`| \`${type}\` |`)) ?? "";
    assert.deepEqual(
      reasons.filter((reason) => reason !== "NotKnown" && !row.includes(`\`${reason}\``)),
      [],
      type,
    );
  }
});

test("a condition keeps its time until its status changes, whatever the reason", () => {
  const all = (applied: Standings["Applied"]) => ({ ...standings, Ready: good("Ready"), Applied: applied });
  const first = conditionsOf(all(bad("TargetPinned", "")), [], 1, "t1");
  const second = conditionsOf(all(bad("TargetContested", "")), first, 2, "t2");
  const third = conditionsOf(all(good("Applied")), second, 3, "t3");
  const applied = [first, second, third].map((of) => of.find(({ type }) => type === "Applied"));
  assert.deepEqual(
    applied.map((one) => [one?.reason, one?.lastTransitionTime, one?.observedGeneration]),
    [
      ["TargetPinned", "t1", 1],
      ["TargetContested", "t1", 2],
      ["Applied", "t3", 3],
    ],
  );
});
