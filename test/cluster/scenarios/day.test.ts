import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import { after, before, describe, test } from "node:test";
import type { PipelineStatus } from "../../../src/formats/status-schema.ts";
import { until } from "../control-plane/until.ts";
import { needless } from "../scene/needless.ts";
import { deploymentsOf, pipelineObject } from "../scene/objects.ts";
import { brokenBeforeMade, routesOf } from "../scene/routes.ts";
import { scaleWrites } from "../scene/scale-writes.ts";
import { openScene, withoutScene, type Scene } from "../scene/scene.ts";

const detect = { "shop-small": 1, "shop-large": 0 };
const classify = { "shop-fast": 1, "shop-precise": 0 };
const began = { ...detect, ...classify };

/** A day in three quarters of a minute, requests per second: a quiet night, the noon, and the next night. */
const DAY = 45;
const [NIGHT, NOON] = [0.5, 45];
const loadAt = (second: number): number =>
  NIGHT + (NOON - NIGHT) * Math.max(0, Math.sin(((second - DAY / 6) / (DAY / 1.5)) * Math.PI)) ** 2;

describe("a day", { skip: withoutScene() }, () => {
  let scene: Scene;
  before(async () => {
    scene = await openScene();
    await scene.plane.apply(...deploymentsOf("shop", { "test.ipa/start-seconds": "0.5" }));
  });
  after(() => scene?.close());

  test("happy path through a day", async () => {
    const traffic = scene.traffic();
    traffic.at(NIGHT);
    const controller = await scene.controller();
    await scene.plane.apply(pipelineObject({ dataPlane: "Service" }));
    const told = (): readonly PipelineStatus[] =>
      scene
        .ownWrites()
        .filter(({ resource, status }) => resource === "inferencepipelines/status" && status < 300)
        .map(({ body }) => (body as { readonly status: PipelineStatus }).status);
    const accuracy = (): number => Number(told().at(-1)?.plan?.accuracy);
    const numbers = (name: string): readonly number[] =>
      scaleWrites(scene.ownWrites(), name).map(({ replicas }) => replicas);

    await until("the night's best models to serve", () => accuracy() > 0.55 && numbers("shop-small").at(-1) === 0);
    for (let second = 0; second < DAY; second++) {
      traffic.at(loadAt(second));
      await pause(1000);
    }
    traffic.at(NIGHT);
    const lowest = Math.min(...told().flatMap(({ plan }) => Number(plan?.accuracy ?? 1)));
    assert.ok(lowest < 0.5, `at noon faster models serve: ${lowest}`);
    const carried = Math.max(...numbers("shop-small")) * 10;
    assert.ok(carried >= 0.9 * NOON, `${carried} requests per second could be served at noon`);
    await until(
      "the night's best models to serve again",
      () => accuracy() > 0.55 && numbers("shop-small").at(-1) === 0,
    );

    // Nothing changes any more: nothing is written.
    await until("all to be at rest", async () => (await scene.status()).rollouts === undefined);
    const [written, decided] = [scene.ownWrites().length, controller.decisions().length];
    await until("ten decisions more", () => controller.decisions().length >= decided + 10);
    const late = scene.ownWrites().slice(written);
    assert.deepEqual(needless(late, began), []);
    assert.deepEqual(
      late.filter(({ resource }) => resource !== "inferencepipelines/status"),
      [],
    );

    const all = scene.ownWrites();
    assert.deepEqual(needless(all, began), []);
    assert.deepEqual(brokenBeforeMade(scene.writes(), "shop-detect", detect), []);
    assert.deepEqual(brokenBeforeMade(scene.writes(), "shop-classify", classify), []);
    assert.ok(routesOf(all, "shop-detect").length >= 4, "the requests went from small to large, back, and again");
    for (const name of Object.keys(began)) {
      assert.ok(
        scaleWrites(all, name).filter(({ forced }) => forced).length <= 1,
        `${name} was taken over more than once`,
      );
    }
    const first = told().findIndex((status) => isReady(status));
    const after = told().slice(first);
    assert.ok(first >= 0 && after.length > 10);
    assert.deepEqual(
      after.filter((status) => !isReady(status)).map(({ conditions }) => conditions),
      [],
    );
    assert.deepEqual(
      after.filter(({ plan }) => plan?.feasible !== true),
      [],
    );
    assert.equal(await scene.condition("Ready"), "True Ready");
    assert.doesNotMatch(controller.errors(), /"error"/);
  });
});

/** Also while the replicas for a load that has just risen are on their way. */
function isReady({ conditions = [] }: PipelineStatus): boolean {
  const ready = conditions.find(({ type }) => type === "Ready");
  return ready?.status === "True" || ready?.reason === "Overloaded";
}
