import assert from "node:assert/strict";
import { test } from "node:test";
import { autoscalerClaims } from "../../src/controller/contest.ts";
import { reader } from "../../src/controller/known.ts";
import { podIndex } from "../../src/controller/pods.ts";
import type { World } from "../../src/controller/world.ts";
import { pipelineObject, profilesObject } from "../cluster/scene/objects.ts";
import type { KubeObject } from "../../src/kube/objects.ts";

const world: World = {
  namespace: "default",
  pipelines: () => [],
  pods: podIndex(),
  claims: autoscalerClaims(),
  autoscalers: autoscalerClaims(),
  service: () => undefined,
  configMap: async () => profilesObject() as KubeObject,
  synced: Promise.resolve(),
};

async function builtOf(interval: string) {
  const object = pipelineObject();
  const spec = { ...object.spec, adaptation: { ...object.spec.adaptation, interval } };
  return (await reader().read({ ...object, spec }, world, () => true)).built;
}

test("a pipeline that would keep the controller busy all the time is refused", async () => {
  assert.ok("pipeline" in (await builtOf("1s")));
  const built = await builtOf("1ms");
  assert.ok("problem" in built);
  assert.match(built.problem.message, /adaptation\.interval is 0\.001 s/);
});
