import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { PipelineStatus } from "../../../src/formats/status-schema.ts";
import { until } from "../control-plane/until.ts";
import { brokenBeforeMade, readyBefore, routesOf } from "../scene/routes.ts";
import { mostCores } from "../scene/scale-writes.ts";
import { openScene, withoutScene, type Scene } from "../scene/scene.ts";
import { stepsOf } from "../scene/steps.ts";
import { applySwitching, endsAsUndisturbed, type SwitchingOptions } from "../scene/switching.ts";

/** Of a Pod of `large`: long enough for all that is to happen meanwhile. */
const START_SECONDS = 20;
/** Requests per second: what one of `large` carries; and what takes five of `small`, or nine of `large`. */
const [BEFORE, AFTER] = [4, 42];

describe("a load that rises while a variant is switched", { skip: withoutScene(), concurrency: true }, () => {
  let scene: Scene;
  before(async () => {
    scene = await openScene({ cpus: 200 });
    await scene.controller();
  });
  after(() => scene?.close());

  const { condition } = stepsOf(() => scene);
  /** The load rises once `large` has been asked for. */
  async function rise(name: string, spec: SwitchingOptions["spec"] = {}): Promise<void> {
    const traffic = scene.traffic(name);
    traffic.at(BEFORE);
    const annotations = { "test.ipa/start-seconds": String(START_SECONDS) };
    await applySwitching(scene, name, { load: name, annotations, spec });
    await until("the switch to begin", async () => (await scene.replicas(`${name}-large`)) > 0);
    traffic.at(AFTER);
    await until("what serves to grow", async () => (await scene.replicas(`${name}-small`)) >= 5);
  }
  /** Of all that was ever said of being ready. */
  const reasons = (name: string): readonly string[] =>
    scene.ownWrites().flatMap((write) => {
      if (write.resource !== "inferencepipelines/status" || write.name !== name) return [];
      const { conditions = [] } = (write.body as { readonly status: PipelineStatus }).status;
      return conditions.flatMap(({ type, reason }) => (type === "Ready" ? reason : []));
    });
  const began = (name: string) => ({ [`${name}-small`]: 2, [`${name}-large`]: 0 });
  const isMade = (name: string): boolean =>
    routesOf(scene.ownWrites(), `${name}-detect`).some(({ to }) => to === `${name}-large`);

  test("what serves grows, then the switch is made", async () => {
    await rise("rising");
    // Two of small carry less than half of what comes, and that is told, however soon more are there.
    await until("it to be told", () => reasons("rising").includes("Overloaded"));
    assert.ok(!isMade("rising"), "it grew before the switch was made");
    await endsAsUndisturbed(scene, "rising");
    await condition("rising", "Ready", "True Ready");
    assert.deepEqual(brokenBeforeMade(scene.writes(), "rising-detect", began("rising")), []);
    const [made, ...others] = routesOf(scene.ownWrites(), "rising-detect").filter(({ to }) => to === "rising-large");
    assert.ok(made !== undefined && others.length === 0);
    const [small, large] = ["rising-small", "rising-large"].map((of) => readyBefore(scene.writes(), of, made.at));
    assert.ok(5 * (large ?? 0) >= Math.min(AFTER, 10 * (small ?? 0)), `${small} of small, then ${large} of large`);
  });

  test("a switch that leaves no cores for it is given up", async () => {
    // Two of small and one of large fit, and five of small; not nine of large.
    await rise("cramped", { limits: { replicas: 20, cores: 12 } });
    await until("the new variant to go", async () => (await scene.replicas("cramped-large")) === 0);
    await condition("cramped", "Feasible", "True Feasible");
    // Nothing is left of it, as nobody failed.
    await until("all to be over", async () => (await scene.status("cramped")).rollouts === undefined);
    assert.ok(!isMade("cramped"));
    assert.deepEqual(brokenBeforeMade(scene.writes(), "cramped-detect", began("cramped")), []);
    const deployments = { "cramped-small": { replicas: 2, cores: 1 }, "cramped-large": { replicas: 0, cores: 2 } };
    const most = mostCores(scene.ownWrites(), deployments);
    assert.ok(most <= 12, `${most} cores`);
  });
});
