import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import { after, before, describe, test } from "node:test";
import { KubeError } from "../../../src/kube/errors.ts";
import { until } from "../control-plane/until.ts";
import type { ControllerProcess } from "../scene/controller.ts";
import { deploymentObject, deploymentsOf, pipelineObject } from "../scene/objects.ts";
import { readyBefore, routesOf } from "../scene/routes.ts";
import { scaleWrites } from "../scene/scale-writes.ts";
import { openScene, withoutScene, type Scene } from "../scene/scene.ts";
import { stepsOf } from "../scene/steps.ts";
import type { Write } from "../scene/audit.ts";

const FINALIZER = "ipa.dev/restore";

describe("a pipeline that is deleted", { skip: withoutScene(), concurrency: true }, () => {
  let scene: Scene;
  let controller: ControllerProcess;
  before(async () => {
    scene = await openScene();
    controller = await scene.controller();
  });
  after(() => scene?.close());

  const isGone = (name: string, seconds: number): Promise<unknown> =>
    until(`${name} to be gone`, async () => (await finalizers(name)) === null, seconds);
  const remove = (name: string): Promise<unknown> => scene.plane.kubectl("delete", "ipl", name, "--wait=false");
  /** Null where there is no such pipeline. */
  const finalizers = async (name: string): Promise<readonly string[] | null> => {
    try {
      return (await scene.read("InferencePipeline", name)).metadata.finalizers ?? [];
    } catch (error) {
      if (error instanceof KubeError && error.status === 404) return null;
      throw error;
    }
  };
  const hasFinalizer = (name: string, wanted: boolean): Promise<unknown> =>
    until(`the finalizer of ${name}`, async () => (await finalizers(name))?.includes(FINALIZER) === wanted);
  const serves = async (service: string): Promise<string> =>
    ((await scene.read("Service", service)).spec as { readonly selector: { readonly app: string } }).selector.app;
  const replicas = (...deployments: readonly string[]): Promise<readonly number[]> =>
    Promise.all(deployments.map(scene.replicas));
  const reach = (name: string, wanted: Readonly<Record<string, number>>): Promise<unknown> =>
    until(`${name} to have ${JSON.stringify(wanted)}`, async () => {
      const found = await replicas(...Object.keys(wanted).map((variant) => `${name}-${variant}`));
      return Object.values(wanted).every((count, i) => found[i] === count);
    });
  /** Of a pipeline, its targets and its Services. */
  const writesOf = (name: string): readonly Write[] =>
    scene.ownWrites().filter((write) => write.name === name || write.name.startsWith(`${name}-`));
  const deletionOf = (name: string): number =>
    scene
      .writes()
      .find(({ verb, resource, name: of }) => verb === "delete" && resource === "inferencepipelines" && of === name)
      ?.at ?? Infinity;
  /** What was refused, as there was no pipeline any more, wrote nothing. */
  const writtenAfter = (name: string): readonly Write[] =>
    writesOf(name).filter(({ at, status }) => status < 300 && at > deletionOf(name));
  const decisionsOf = (name: string): number => controller.decisions(name).length;
  const { begin, condition, patch } = stepsOf(() => scene);
  const restored = { onDelete: "Restore" };

  test("CR deleted", async () => {
    const name = "kept";
    const traffic = await begin({ name, dataPlane: "Service" }, 30);
    await reach(name, { small: 4, fast: 2 });
    await condition(name, "Applied", "True Applied");
    const [before, selected] = [await replicas(`${name}-small`, `${name}-fast`), await serves(`${name}-detect`)];

    await remove(name);
    await isGone(name, 5);
    const decided = decisionsOf(name);
    traffic.at(100);
    await pause(5000);
    assert.equal(decisionsOf(name), decided, "nothing is decided any more");
    assert.deepEqual(writtenAfter(name), [], "nothing is written any more");
    assert.deepEqual(await replicas(`${name}-small`, `${name}-fast`), before);
    assert.equal(await serves(`${name}-detect`), selected, "the Service goes on");
  });

  test("CR deleted while a turn is under way", async () => {
    const name = "amid";
    const { adaptation } = pipelineObject().spec;
    await begin({ name, mode: "Recommend", spec: { adaptation: { ...adaptation, interval: "20s" } } }, 30);
    // By then it is known that there is something to write.
    await until("a load", () => controller.decisions(name).at(-1)?.decision.plan[0]?.replicas === 4);
    // The turn that begins when the mode changes waits for the load.
    scene.prometheus.pause();
    await patch(name, { mode: "Act" });
    await pause(500);
    await remove(name);
    await isGone(name, 5);
    await pause(200);
    scene.prometheus.resume();
    await pause(4000);
    assert.deepEqual(writtenAfter(name), []);
    assert.deepEqual(await replicas(`${name}-small`, `${name}-fast`), [1, 1]);
  });

  test("onDelete: Restore", async () => {
    const name = "back";
    const late = { "test.ipa/start-seconds": "2" };
    await begin({ name, dataPlane: "Service", spec: restored }, 5, [
      ...deploymentsOf(name).slice(0, 2),
      deploymentObject(`${name}-fast`, { replicas: 3, annotations: late }),
      deploymentObject(`${name}-precise`, { replicas: 0 }),
    ]);
    await reach(name, { fast: 0, precise: 1 });
    const own = writesOf(name);
    const finalizer = own.findIndex(({ resource, verb }) => resource === "inferencepipelines" && verb === "patch");
    const firstNumber = own.findIndex(({ resource }) => resource.endsWith("/scale"));
    assert.ok(finalizer >= 0 && finalizer < firstNumber, "the finalizer is there before the first number is written");

    await remove(name);
    // Sooner than a restoring is given up.
    await isGone(name, 50);
    assert.deepEqual(await replicas(`${name}-small`, `${name}-large`, `${name}-fast`, `${name}-precise`), [1, 0, 3, 0]);
    assert.equal(await serves(`${name}-classify`), `${name}-fast`, "the variant of before serves");
    const since = writtenAfter(name);
    assert.deepEqual(
      scaleWrites(since).map(({ name: of, replicas: count, forced }) => [of, count, forced]),
      [
        [`${name}-fast`, 3, false],
        [`${name}-precise`, 0, false],
      ],
    );
    const [route] = routesOf(since, `${name}-classify`);
    assert.ok(route !== undefined && route.to === `${name}-fast`);
    assert.ok(readyBefore(scene.writes(), `${name}-fast`, route.at) >= 3, "the requests go where Pods are ready");
    const down = scaleWrites(since, `${name}-precise`)[0];
    assert.ok(down !== undefined && down.at > route.at, "what serves goes after its successor is routed");
    assert.equal(
      since.some(({ resource }) => resource === "inferencepipelines/status"),
      false,
      "nothing is decided",
    );
  });

  test("onDelete: Restore, with a target that somebody took back", async () => {
    const name = "theirs";
    await begin({ name, spec: restored }, 30);
    await reach(name, { small: 4, fast: 2 });
    // The controller cannot know of the second one yet.
    await scene.plane.kubectl("scale", `deployment/${name}-small`, "--replicas=7");
    await condition(name, "Applied", "False TargetPinned");
    await scene.plane.kubectl("scale", `deployment/${name}-fast`, "--replicas=6");
    await remove(name);
    await isGone(name, 20);
    assert.deepEqual(await replicas(`${name}-small`, `${name}-fast`), [7, 6]);
    assert.deepEqual(
      scaleWrites(writesOf(name)).filter(({ at, forced }) => forced && at > deletionOf(name)),
      [],
    );
  });

  test("onDelete: Restore, and no longer in Act", async () => {
    const name = "left";
    await begin({ name, spec: restored }, 30);
    await reach(name, { small: 4, fast: 2 });
    await hasFinalizer(name, true);
    await patch(name, { mode: "Recommend" });
    await hasFinalizer(name, false);
    await patch(name, { mode: "Act" });
    await hasFinalizer(name, true);
    await patch(name, { onDelete: "Keep" });
    await hasFinalizer(name, false);
    await remove(name);
    await isGone(name, 5);
    await pause(2000);
    assert.deepEqual(await replicas(`${name}-small`, `${name}-fast`), [4, 2]);
  });

  test("onDelete: Restore, and paused", async () => {
    const name = "frozen";
    await begin({ name, spec: restored }, 30);
    await reach(name, { small: 4, fast: 2 });
    await scene.plane.kubectl("annotate", "ipl", name, "ipa.dev/paused=true");
    await condition(name, "Ready", "False Paused");
    await remove(name);
    await isGone(name, 20);
    assert.deepEqual(await replicas(`${name}-small`, `${name}-fast`), [4, 2]);
  });

  test("onDelete: Restore, and its profiles are gone too", async () => {
    const name = "bare";
    const profilesFrom = { configMap: "bare-profiles" };
    const given = await scene.plane.kubectl("get", "configmap", "ipa-profiles", "--output=json");
    const { data } = JSON.parse(given) as { readonly data: object };
    const metadata = { name: profilesFrom.configMap, namespace: "default" };
    await scene.plane.apply({ apiVersion: "v1", kind: "ConfigMap", metadata, data });
    await begin({ name, spec: { ...restored, profilesFrom } }, 30);
    await reach(name, { small: 4, fast: 2 });
    await scene.plane.kubectl("delete", "configmap", profilesFrom.configMap);
    await remove(name);
    await isGone(name, 20);
    assert.deepEqual(await replicas(`${name}-small`, `${name}-fast`), [1, 1]);
  });

  test("onDelete: Restore, and the variant of before is not there any more", async () => {
    const name = "orphan";
    await begin({ name, dataPlane: "Service", spec: restored }, 5, [
      deploymentObject(`${name}-small`, { replicas: 3 }),
      ...deploymentsOf(name).slice(1),
    ]);
    await reach(name, { small: 1, fast: 0, precise: 1 });
    await scene.plane.kubectl("delete", "deployment", `${name}-fast`);
    await remove(name);
    await isGone(name, 20);
    assert.deepEqual(await replicas(`${name}-small`, `${name}-precise`), [3, 1]);
    assert.equal(await serves(`${name}-classify`), `${name}-precise`, "the requests stay where Pods are ready");
  });

  test("onDelete: Restore that cannot be done", async () => {
    const name = "stuck";
    await begin({ name, dataPlane: "Service", spec: restored }, 5, [
      ...deploymentsOf(name).slice(0, 2),
      deploymentObject(`${name}-fast`, { replicas: 2, annotations: { "test.ipa/never-ready": "true" } }),
      deploymentObject(`${name}-precise`, { replicas: 0 }),
    ]);
    await reach(name, { fast: 0, precise: 1 });
    await remove(name);
    const from = performance.now();
    await reach(name, { fast: 2 });
    await isGone(name, 90);
    assert.ok(performance.now() - from > 40_000, "it is tried for a minute");
    assert.equal(await serves(`${name}-classify`), `${name}-precise`, "the requests stay where Pods are ready");
    assert.equal(await scene.replicas(`${name}-precise`), 1, "what serves stays");
  });
});
