import assert from "node:assert/strict";
import { test } from "node:test";
import { bad, unknown, type Standings } from "../../src/controller/conditions.ts";
import type { Context } from "../../src/controller/context.ts";
import type { Known } from "../../src/controller/known.ts";
import { memoryFrom } from "../../src/controller/memory.ts";
import { controllerMetrics } from "../../src/controller/metrics.ts";
import { report } from "../../src/controller/report.ts";
import type { KubeObject } from "../../src/kube/objects.ts";

const object: KubeObject = {
  apiVersion: "ipa.dev/v1alpha1",
  kind: "InferencePipeline",
  metadata: { name: "shop", namespace: "default", uid: "1", generation: 1 },
};
const notKnown = unknown("NotKnown", "");
const standings: Standings = {
  TargetResolved: notKnown,
  MetricsAvailable: notKnown,
  ProfilesReady: notKnown,
  Feasible: notKnown,
  Applied: notKnown,
};

test("what is found of a pipeline is told, but not once another one has its name, or the term is over", async () => {
  let holds = true;
  let written = 0;
  const apply = async (): Promise<KubeObject> => {
    written += 1;
    return object;
  };
  const metrics = controllerMetrics();
  const context = { clock: () => 0, kube: { apply }, metrics } as unknown as Context;
  const built: Known["built"] = { problem: { of: "Ready", reason: "Invalid", message: "" } };
  const known: Known = {
    object,
    namespace: "default",
    name: "shop",
    paused: false,
    resume: "",
    built,
    control: null,
    ending: false,
    holds: () => holds,
  };
  const memory = memoryFrom(object, 0);
  const told = { standings, ready: bad("Invalid", ""), assumed: false };
  holds = false;
  assert.equal(await report(context, known, memory, told), memory);
  assert.equal(written, 0);
  assert.deepEqual((await metrics.condition.get()).values, []);
  holds = true;
  assert.notEqual(await report(context, known, memory, told), memory);
  assert.equal(written, 1);
});
