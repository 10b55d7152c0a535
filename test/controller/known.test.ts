import assert from "node:assert/strict";
import { test } from "node:test";
import { autoscalerClaims } from "../../src/controller/see/contest.ts";
import { reader } from "../../src/controller/known.ts";
import { podIndex } from "../../src/controller/see/pods.ts";
import type { World } from "../../src/controller/world.ts";
import { parseStatus } from "../../src/formats/status-schema.ts";
import { pipelineObject, profiles as all, profilesObject } from "../cluster/scene/objects.ts";
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
  stale: () => [],
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

test("an annotation `resume` that the status has no room for differs from others all the same", async () => {
  const resumeOf = async (resume: string): Promise<string> => {
    const { metadata, ...rest } = pipelineObject();
    const object = { ...rest, metadata: { ...metadata, annotations: { "ipa.dev/resume": resume } } };
    return (await reader().read(object, world, () => true)).resume;
  };
  assert.equal(await resumeOf("now"), "now");
  const long = await Promise.all(["a", "b"].map((end) => resumeOf("x".repeat(2000) + end)));
  assert.equal(new Set(long).size, 2);
  for (const resume of long) assert.equal(parseStatus({ resumed: resume }).resumed, resume);
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

test("a pipeline that ran goes on with the profiles read before, as long as it asks for nothing else", async () => {
  let profiles: KubeObject | undefined;
  const changing: World = { ...world, configMap: async () => profiles };
  const { read } = reader();
  const object = (generation: number): KubeObject => {
    const { metadata, ...rest } = pipelineObject();
    return { ...rest, metadata: { ...metadata, uid: "1", generation } };
  };
  const version = (resourceVersion: string, data?: Readonly<Record<string, string>>): KubeObject => {
    const { metadata, ...rest } = profilesObject(data) as KubeObject;
    return { ...rest, metadata: { ...metadata, uid: "c", resourceVersion } };
  };
  const built = async (generation: number) => (await read(object(generation), changing, () => true)).built;
  const told = async (generation: number): Promise<string> => {
    const found = await built(generation);
    if ("problem" in found) return `stopped: ${found.problem.of} ${found.problem.reason}`;
    return found.outdated === null ? "well" : `goes on: ${found.outdated.of} ${found.outdated.reason}`;
  };
  // Who has just begun has none.
  assert.equal(await told(1), "stopped: ProfilesReady NotFound");
  profiles = version("1");
  assert.equal(await told(1), "well");
  const good = await built(1);
  profiles = undefined;
  assert.equal(await told(1), "goes on: ProfilesReady NotFound");
  const now = await built(1);
  assert.ok("pipeline" in now && "pipeline" in good);
  assert.equal(now.pipeline, good.pipeline);
  profiles = version("2", { "detect.csv": "broken", "classify.csv": "" });
  assert.equal(await told(1), "goes on: ProfilesReady Invalid");
  // Rows that are gone are the profiles' fault, too, where the pipeline is as it was.
  const fewer = Object.fromEntries(
    Object.entries(all).map(([key, text]) => [key, text.replaceAll(/^(?:large|precise),.*\n/gm, "")]),
  );
  profiles = version("3", fewer);
  assert.equal(await told(1), "goes on: ProfilesReady Invalid");
  assert.equal(await told(2), "stopped: Ready Invalid");
  profiles = version("4");
  assert.equal(await told(2), "well");
});
