import assert from "node:assert/strict";
import { test } from "node:test";
import type { Scale, ScaleProblem, Scales } from "../../../src/controller/act/scales.ts";
import { podIndex } from "../../../src/controller/see/pods.ts";
import { parseSelector } from "../../../src/controller/see/selector.ts";
import { seeTargets } from "../../../src/controller/see/targets.ts";
import { standingOfTargets } from "../../../src/controller/tell/standings.ts";
import type { Control } from "../../../src/core/control.ts";
import type { KubeObject } from "../../../src/kube/objects.ts";
import { pipelineOf, variant } from "../../fixtures.ts";

const pipeline = pipelineOf([[variant("a", { 1: 0.1 }), variant("b", { 1: 0.1 }), variant("c", { 1: 0.1 })]]);

function controlOf(kind: string, ...named: readonly string[]): Control {
  const targets = ["a", "b", "c"].map((name) =>
    named.includes(name) ? { variant: name, apiVersion: "apps/v1", kind, name } : null,
  );
  const stage = { stage: "s0", dataPlane: "None" as const, service: null, serviceTime: null, targets };
  return { mode: "Act", onDelete: "Keep", load: null, latency: null, fallback: null, stages: [stage] };
}

function scalesOf(found: Readonly<Record<string, number | ScaleProblem>>): Scales {
  const read = async (_namespace: string, { name }: { readonly name: string }): Promise<Scale | ScaleProblem> => {
    const one = found[name] ?? 0;
    if (typeof one !== "number") return one;
    return { replicas: one, selector: parseSelector(`app=${name}`), at: 0, since: 0 };
  };
  return { known: () => null, read } as unknown as Scales;
}

const missing: ScaleProblem = { reason: "NotFound", message: "there is no Deployment b in n." };

test("what has no target is named, all of it, and the others are seen", async () => {
  const from = { scales: scalesOf({ a: 2, b: missing }), pods: podIndex(), now: 1 };
  const { views, unresolved } = await seeTargets(from, "n", pipeline, controlOf("Deployment", "a", "b"));
  assert.deepEqual(
    views.map((view) => view.variant.name),
    ["a"],
  );
  assert.deepEqual(
    unresolved.map((one) => [one.variant, one.reason, one.target?.name]),
    [
      ["b", "NotFound", "b"],
      ["c", "NotNamed", undefined],
    ],
  );
  const { status, reason, message } = standingOfTargets(unresolved, []);
  assert.deepEqual([status, reason], ["False", "NotFound"]);
  assert.equal(
    message,
    "s0/c has no scaleTargetRef. Name what runs each variant. s0/b: there is no Deployment b in n. The pipeline goes on without them.",
  );
  const held = ["b", "c"].map((name) => ({ stage: "s0", variant: name, replicas: 2 }));
  const ending = (count: number) => standingOfTargets(unresolved, held.slice(0, count)).message.split(". ").at(-1);
  assert.equal(ending(1), "The pipeline goes on with s0/b x2 taken to run as planned and without s0/c.");
  assert.equal(ending(2), "The pipeline goes on with s0/b x2, s0/c x2 taken to run as planned.");
  assert.match(standingOfTargets(unresolved, null).message, /Nothing is decided until/);
  assert.equal(standingOfTargets([], []).status, "True");
});

function pod(name: string, ready: boolean, rest: Partial<KubeObject["metadata"]> = {}): KubeObject {
  const conditions = [{ type: "Ready", status: ready ? "True" : "False" }];
  const metadata = { name, labels: { app: "a" }, ...rest };
  return { apiVersion: "v1", kind: "Pod", metadata, status: { conditions } };
}

test("replicas without Pods are refused by a quota, unless others are still to go or to come first", async () => {
  let clock = 0;
  const pods = podIndex(() => clock);
  const refused = async (now: number, kind = "Deployment"): Promise<unknown> => {
    clock = now;
    const { views } = await seeTargets({ scales: scalesOf({ a: 2 }), pods, now }, "n", pipeline, controlOf(kind, "a"));
    return [views[0]?.refused, views[0]?.coming];
  };
  assert.deepEqual(await refused(9), [null, 2]);
  assert.deepEqual(await refused(10), ["Quota", 0]);
  // A roll-out that takes all old Pods down first: they take their time to end, and the new ones to come.
  for (const name of ["old-1", "old-2"]) pods.put(pod(name, true));
  assert.deepEqual(await refused(100), [null, 0]);
  for (const name of ["old-1", "old-2"]) pods.put(pod(name, true, { deletionTimestamp: "2026-01-01T00:00:00Z" }));
  assert.deepEqual(await refused(130), [null, 2]);
  // A list that was read anew tells no labels of those that it has no more.
  for (const name of ["old-1", "old-2"]) pods.remove({ apiVersion: "v1", kind: "Pod", metadata: { name } });
  assert.deepEqual(await refused(140), [null, 2]);
  assert.deepEqual(await refused(141), ["Quota", 0]);
  // Those of a StatefulSet come one after the other, each once the one before is ready.
  pods.put(pod("a-0", false));
  assert.deepEqual(await refused(200, "StatefulSet"), [null, 2]);
  assert.deepEqual(await refused(200, "Deployment"), ["Quota", 1]);
  pods.put(pod("a-0", true));
  assert.deepEqual(await refused(300, "StatefulSet"), ["Quota", 0]);
});
