import assert from "node:assert/strict";
import { test } from "node:test";
import type { Failure } from "../../../src/controller/act/carry-out.ts";
import type { Fixed } from "../../../src/controller/see/fixed.ts";
import { standingMeanwhile, standingOfApplied } from "../../../src/controller/tell/applied.ts";

const pipeline = { namespace: "models", name: "shop" };
const targetOf = (name: string) => ({ variant: name, apiVersion: "apps/v1", kind: "Deployment", name });
const fixed = (reason: Fixed["reason"], name: string, by: string): Fixed => ({
  stage: "s",
  variant: name,
  target: targetOf(name),
  replicas: 1,
  reason,
  by,
});
const pinnedNow = (name: string, by: string): Failure => ({ reason: "TargetPinned", target: targetOf(name), by });
const command = '`kubectl annotate ipl shop -n models ipa.dev/resume="$(date +%s)" --overwrite`';

test("targets that were taken back are told together for each who did, with the cure once, found now or before", () => {
  const { status, reason, message } = standingOfApplied(
    pipeline,
    [pinnedNow("c", "kubectl"), pinnedNow("b", "kubectl")],
    [fixed("TargetPinned", "a", "helm"), fixed("TargetPinned", "b", "kubectl")],
    true,
    "",
  );
  assert.equal(`${status} ${reason}`, "False TargetPinned");
  assert.equal(
    message,
    "helm set the replicas of Deployment a, which are left at that. " +
      "kubectl set the replicas of Deployment b, Deployment c, which are left at that. " +
      `Leave \`replicas\` out of what is applied for them, and have them controlled again: ${command}`,
  );
});

test("what is wrong counts in a fixed order, and all of it is told", () => {
  const written: Failure = { reason: "WriteFailed", message: "no answer" };
  const all = [fixed("ResourcesDiffer", "d", "Pods of d request 2 cores"), fixed("TargetContested", "e", "HPA e")];
  const { reason, message } = standingOfApplied(pipeline, [written, pinnedNow("c", "kubectl")], all, true, "");
  assert.equal(reason, "TargetContested");
  const places = ["HPA e scales Deployment e too", "Deployment c", "Pods of d", "no answer"].map((part) =>
    message.indexOf(part),
  );
  assert.deepEqual(
    places,
    places.toSorted((a, b) => a - b),
  );
  assert.ok(
    places.every((place) => place >= 0),
    message,
  );
});

test("requests that are left where they are for now are no failure", () => {
  const left: Failure = { reason: "Switching", message: "stage s: left" };
  const told = (failures: readonly Failure[], switches = "") => {
    const { status, reason, message } = standingOfApplied(pipeline, failures, [], true, switches);
    return `${status} ${reason}: ${message}`;
  };
  assert.equal(told([left]), "True Switching: stage s: left");
  assert.equal(told([left], "stage t: a serves"), "True Switching: stage t: a serves; stage s: left");
  assert.equal(told([left, { reason: "WriteFailed", message: "no answer" }]), "False WriteFailed: no answer");
});

test("nothing is applied where nothing was decided, and what stands in the way is told all the same", () => {
  assert.equal(standingOfApplied(pipeline, [], [], true, "").status, "True");
  assert.equal(standingOfApplied(pipeline, [], [], false, "").status, "Unknown");
  assert.equal(standingOfApplied(pipeline, [], [fixed("TargetContested", "e", "HPA e")], false, "").status, "False");
});

test("a switch under way is told, and is no reason not to be applied", () => {
  const switches = "stage s: a serves until 3 of b x5 are ready (1 is)";
  const { status, reason, message } = standingOfApplied(pipeline, [], [], true, switches);
  assert.deepEqual([status, reason, message], ["True", "Switching", switches]);
  assert.equal(standingOfApplied(pipeline, [pinnedNow("c", "kubectl")], [], true, switches).reason, "TargetPinned");
});

test("while steps are taken it stands as it did, with the switches of now; it is not known before the first", () => {
  const lastTransitionTime = "2026-01-01T00:00:00Z";
  const stood = (status: "True" | "False" | "Unknown", reason: string) => {
    const before = { type: "Applied", status, reason, message: "as it was", lastTransitionTime } as const;
    const now = standingMeanwhile(before, "stage s: a serves");
    return `${now.status} ${now.reason} ${now.message}`;
  };
  assert.equal(stood("True", "Applied"), "True Switching stage s: a serves");
  assert.equal(stood("False", "TargetPinned"), "False TargetPinned as it was");
  for (const [status, reason] of [
    ["Unknown", "NotDecided"],
    ["False", "NotActing"],
    ["False", "OfAnotherVersion"],
  ] as const) {
    assert.match(stood(status, reason), /^Unknown Applying/);
  }
  assert.equal(standingMeanwhile(undefined, "").reason, "Applying");
});
