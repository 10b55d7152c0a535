import assert from "node:assert/strict";
import { test } from "node:test";
import {
  bad,
  conditionsOf,
  good,
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

test("it is ready if all that counts holds, else as the first that does not", () => {
  const table = [
    [["TargetResolved", "ProfilesReady"], "True Ready"],
    [["TargetResolved", "Feasible", "Applied"], "False NotDecided"],
    [["MetricsAvailable", "Applied"], "False Stale"],
  ] as const;
  for (const [counts, expected] of table) {
    const { status, reason } = readiness(standings, counts);
    assert.equal(`${status} ${reason}`, expected, counts.join());
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
