import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { until } from "../control-plane/until.ts";
import type { ChaosProxy } from "../chaos-proxy.ts";
import type { ControllerProcess } from "../scene/controller.ts";
import { readyBefore, routesOf } from "../scene/routes.ts";
import { scaleWrites } from "../scene/scale-writes.ts";
import { openScene, withoutScene, type Scene } from "../scene/scene.ts";
import { applySwitching, endsAsUndisturbed } from "../scene/switching.ts";

const SPEC = { rollout: { progressDeadlineSeconds: 60, drainSeconds: 8 } };

describe("Pods of a new variant that do not stay ready", { skip: withoutScene(), concurrency: true }, () => {
  let scene: Scene;
  let proxy: ChaosProxy;
  let controller: ControllerProcess;
  before(async () => {
    scene = await openScene({ cpus: 200 });
    scene.traffic("all").at(6);
    proxy = await scene.proxy();
    controller = await scene.controller("--kubeconfig", proxy.kubeconfig);
  });
  after(() => scene?.close());

  const annotate = (deployment: string, annotation: string): Promise<unknown> =>
    scene.plane.kubectl("annotate", "pods", "-l", `app=${deployment}`, annotation, "--overwrite");
  const ready = (deployment: string): number => readyBefore(scene.writes(), deployment, Infinity);
  const breakDown = async (deployment: string): Promise<void> => {
    await annotate(deployment, "test.ipa/never-ready=true");
    await until(`no Pod of ${deployment} to be ready`, () => ready(deployment) === 0);
  };
  const mend = (deployment: string): Promise<unknown> => annotate(deployment, "test.ipa/never-ready-");
  const routes = (name: string): readonly string[] => routesOf(scene.ownWrites(), `${name}-detect`).map(({ to }) => to);
  const phase = (name: string): string | undefined =>
    controller.decisions(name).at(-1)?.decision.state?.rollouts?.["detect"]?.switching?.phase;
  /** Longer than the old variant drains. */
  const wait = async (name: string): Promise<void> => {
    const { length } = controller.decisions(name);
    await until("some decisions", () => controller.decisions(name).length >= length + 12);
  };

  test("while the old ones drain", async () => {
    await applySwitching(scene, "lost", { spec: SPEC });
    await until("the old ones to drain", () => phase("lost") === "Draining");
    await breakDown("lost-large");
    await until("the requests to go back", () => routes("lost").at(-1) === "lost-small");
    assert.deepEqual(scaleWrites(scene.ownWrites(), "lost-small"), [], "the last ready ones stay");
    await until("the new variant to be barred", async () => {
      const { setbacks = [] } = (await scene.status("lost")).rollouts?.[0] ?? {};
      return setbacks.some(({ variant, most }) => variant === "large" && most === 0);
    });
    await wait("lost");
    assert.deepEqual(routes("lost"), ["lost-small", "lost-large", "lost-small"]);
    // Those that are made for the next try are well. Until then the old variant is planned for by the load, which needs one.
    await endsAsUndisturbed(scene, "lost", 1);
  });

  test("between the look and the routing", async () => {
    // So long is what is meant on its way to the status.
    const url = /inferencepipelines\/late\/status/;
    const lift = proxy.inject({ kind: "delay", seconds: 3.5 }, { method: "PATCH", url });
    await applySwitching(scene, "late", { spec: SPEC });
    await until("enough to be ready", () => phase("late") === "Ready");
    await breakDown("late-large");
    assert.ok(!routes("late").includes("late-large"), "they broke down in time");
    await until("what was decided to be carried out", () => phase("late") === "Preparing");
    lift();
    await wait("late");
    assert.ok(!routes("late").includes("late-large"));
    await mend("late-large");
    await endsAsUndisturbed(scene, "late");
  });
});
