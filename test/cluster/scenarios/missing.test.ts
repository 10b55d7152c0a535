import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import { after, before, describe, test } from "node:test";
import { until } from "../control-plane/until.ts";
import type { ControllerProcess } from "../scene/controller.ts";
import { deploymentObject, pipelineObject, profiles, profilesObject } from "../scene/objects.ts";
import { readyBefore, routesOf } from "../scene/routes.ts";
import { scaleWrites } from "../scene/scale-writes.ts";
import { openScene, withoutScene, type Scene } from "../scene/scene.ts";
import { stepsOf } from "../scene/steps.ts";
import type { Traffic } from "../scene/traffic.ts";

describe("a pipeline in Act of which something goes missing", { skip: withoutScene(), concurrency: true }, () => {
  let scene: Scene;
  let controller: ControllerProcess;
  before(async () => {
    // Room for all of them at once: what finds none is barred for a minute.
    scene = await openScene({ cpus: 200 });
    controller = await scene.controller();
  });
  after(() => scene?.close());

  const { begin: beginWith, condition, patch } = stepsOf(() => scene);
  const reach = (name: string, wanted: Readonly<Record<string, number>>): Promise<unknown> =>
    until(`${name} to have ${JSON.stringify(wanted)}`, async () => {
      const found = await Promise.all(Object.keys(wanted).map((variant) => scene.replicas(`${name}-${variant}`)));
      return Object.values(wanted).every((count, i) => found[i] === count);
    });
  const message = async (name: string, type: string): Promise<string> =>
    (await scene.status(name)).conditions?.find((one) => one.type === type)?.message ?? "";
  const decisionsOf = (name: string): number => controller.decisions(name).length;

  async function begin(name: string, dataPlane: "None" | "Service", spec = {}): Promise<Traffic> {
    const traffic = await beginWith({ name, dataPlane, spec }, 30);
    await reach(name, { small: 4, fast: 2 });
    await condition(name, "Ready", "True Ready");
    return traffic;
  }

  test("the Deployment that serves, with a Service", async () => {
    const name = "led";
    const traffic = await begin(name, "Service");
    await scene.plane.kubectl("delete", "deployment", `${name}-fast`);
    await condition(name, "TargetResolved", "False NotFound");
    assert.equal(await scene.condition("Ready", name), "False NotFound");
    assert.match(
      await message(name, "TargetResolved"),
      /classify\/fast: there is no Deployment led-fast in default\..* goes on without it/,
    );
    await until(
      "the other one to serve",
      () => routesOf(scene.ownWrites(), `${name}-classify`).at(-1)?.to === `${name}-precise`,
    );
    const route = routesOf(scene.ownWrites(), `${name}-classify`).at(-1);
    assert.ok(readyBefore(scene.writes(), `${name}-precise`, route?.at ?? 0) >= 1, "requests go where Pods are ready");
    // The rest of the pipeline follows its load.
    traffic.at(60);
    await until("more replicas", async () => (await scene.replicas(`${name}-small`)) >= 7);
    await until("more of what stands in", async () => (await scene.replicas(`${name}-precise`)) >= 7);
    assert.equal(await scene.condition("Ready", name), "False NotFound");

    traffic.at(30);
    await scene.plane.apply(deploymentObject(`${name}-fast`, { replicas: 1 }));
    await condition(name, "TargetResolved", "True Resolved");
    // It is the better one, and is taken over anew.
    await reach(name, { small: 4, fast: 2, precise: 0 });
    assert.equal(routesOf(scene.ownWrites(), `${name}-classify`).at(-1)?.to, `${name}-fast`);
    await condition(name, "Ready", "True Ready");
    const { heldTargets = [], rollouts = [] } = await scene.status(name);
    assert.deepEqual([heldTargets, rollouts], [[], []]);
  });

  test("the Deployment that serves, without a Service", async () => {
    const name = "alone";
    const traffic = await begin(name, "None");
    traffic.at(60);
    await reach(name, { small: 7, fast: 4 });
    await scene.plane.kubectl("delete", "deployment", `${name}-fast`);
    await condition(name, "TargetResolved", "False NotFound");
    assert.match(await message(name, "TargetResolved"), /goes on with classify\/fast x4 taken to run as planned/);
    traffic.at(30);
    await reach(name, { small: 4 });
    traffic.at(60);
    await reach(name, { small: 7 });
    assert.deepEqual(
      scaleWrites(scene.ownWrites(), `${name}-precise`),
      [],
      "another stands in, to which no requests come",
    );
    await scene.plane.apply(deploymentObject(`${name}-fast`, { replicas: 1 }));
    await reach(name, { fast: 4 });
    await condition(name, "Ready", "True Ready");
  });

  test("a Deployment that does not serve", async () => {
    const name = "aside";
    const traffic = await begin(name, "Service");
    await scene.plane.kubectl("delete", "deployment", `${name}-large`, `${name}-precise`);
    traffic.at(60);
    await reach(name, { small: 7, fast: 4 });
    assert.equal(await scene.condition("Applied", name), "True Applied");
  });

  test("the profiles", async () => {
    const name = "blind";
    const configMap = profilesObject();
    const given = { ...configMap, metadata: { ...configMap.metadata, name: "blind" } };
    await scene.plane.apply(given);
    const traffic = await begin(name, "None", { profilesFrom: { configMap: "blind" } });
    await scene.plane.kubectl("delete", "configmap", "blind");
    await condition(name, "ProfilesReady", "False NotFound");
    assert.equal(await scene.condition("Ready", name), "False NotFound");
    assert.match(await message(name, "ProfilesReady"), /no ConfigMap blind.*goes on with the profiles read before/);
    traffic.at(60);
    await reach(name, { small: 7, fast: 4 });
    const data = { ...profiles, "detect.csv": profiles["detect.csv"].replace(",0.1,", ",soon,") };
    await scene.plane.apply({ ...given, data });
    await condition(name, "ProfilesReady", "False Invalid");
    traffic.at(30);
    await reach(name, { small: 4, fast: 2 });
    await scene.plane.apply(given);
    await condition(name, "Ready", "True Ready");
  });

  test("what it says: it cannot be understood any more", async () => {
    const name = "garbled";
    const traffic = await begin(name, "None");
    const { adaptation } = pipelineObject().spec;
    await patch(name, { adaptation: { ...adaptation, history: "1s" } });
    await condition(name, "Ready", "False Invalid");
    assert.match(await message(name, "Ready"), /adaptation\.history: .*Nothing is decided until that is mended/);
    const decided = decisionsOf(name);
    traffic.at(60);
    await pause(5000);
    assert.equal(decisionsOf(name), decided);
    assert.deepEqual(await Promise.all([`${name}-small`, `${name}-fast`].map(scene.replicas)), [4, 2]);
    await patch(name, { adaptation });
    await until("it to be followed again", async () => (await scene.replicas(`${name}-small`)) >= 7);
  });
});
