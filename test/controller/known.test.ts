import assert from "node:assert/strict";
import { test } from "node:test";
import { autoscalerClaims } from "../../src/controller/see/contest.ts";
import { reader } from "../../src/controller/known.ts";
import { podIndex } from "../../src/controller/see/pods.ts";
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
  leaveConfigMap: () => {},
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

test("a ConfigMap is left when the last pipeline that names it names another, cannot be understood, or is gone", async () => {
  const left: string[] = [];
  const watched: World = { ...world, leaveConfigMap: (name) => void left.push(name) };
  const { read, forget } = reader();
  const naming = (uid: string, configMap: unknown, generation: number): KubeObject => {
    const object = pipelineObject();
    const spec = { ...object.spec, profilesFrom: { configMap } };
    return { ...object, spec, metadata: { ...object.metadata, uid, generation } } as KubeObject;
  };
  const taken = (object: KubeObject) => read(object, watched, () => true);
  await taken(naming("1", "a", 1));
  await taken(naming("2", "a", 1));
  await taken(naming("1", "a", 1));
  await taken(naming("1", "b", 2));
  assert.deepEqual(left, []);
  forget(naming("2", "a", 1));
  assert.deepEqual(left.splice(0), ["a"]);
  await taken(naming("1", 7, 3));
  assert.deepEqual(left.splice(0), ["b"]);
  forget(naming("1", 7, 3));
  // Who waits for one names it already.
  let come = (): void => {};
  const waited = {
    ...watched,
    configMap: () => new Promise<undefined>((resolve) => (come = () => resolve(undefined))),
  };
  const waiting = read(naming("3", "c", 1), waited, () => true);
  const other = { ...naming("4", "c", 1) };
  void read(other, waited, () => true);
  forget(other);
  assert.deepEqual(left, []);
  come();
  void waiting;
});
