import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import { after, before, describe, test } from "node:test";
import { until } from "../control-plane/until.ts";
import { fleetOf, showConstantLoad } from "../scene/fleet.ts";
import { profilesObject } from "../scene/objects.ts";
import { openScene, withoutScene, type Scene } from "../scene/scene.ts";

/** Longer than between two writes of numbers that drift, together with the time that it takes to see that all is quiet. */
const [QUIET, WATCHED] = [10, 55];

/** Requests per second of each pipeline. */
const RATE = 8;

describe("many pipelines", { skip: withoutScene() }, () => {
  let scene: Scene;
  before(async () => {
    scene = await openScene({ cpus: 1000 });
  });
  after(() => scene?.close());

  test("constant load", async () => {
    const fleet = fleetOf({ pipelines: 20, interval: 2, loadWindow: 4, history: 12 });
    showConstantLoad(scene.exposition, fleet, RATE);
    await scene.plane.apply(profilesObject(fleet.profiles), ...fleet.deployments, ...fleet.pipelines);
    const controller = await scene.controller();
    const settled = await until(
      "every pipeline to have its plan, and nothing to be written any more",
      async () => {
        const writes = scene.ownWrites();
        const planned = new Set(writes.filter(({ resource }) => resource === "deployments/scale").map(pipelineOf));
        const last = writes.at(-1)?.at ?? Infinity;
        return planned.size === fleet.names.length && Date.now() / 1000 - last > QUIET ? writes.length : null;
      },
      120,
    );
    const decided = controller.decisions().length;
    await pause(WATCHED * 1000);
    assert.deepEqual(
      scene
        .ownWrites()
        .slice(settled)
        .map(({ verb, resource, name, body }) => ({ verb, resource, name, body })),
      [],
    );
    const turns = (controller.decisions().length - decided) / fleet.names.length;
    assert.ok(turns >= 10, `only ${turns} turns a pipeline while it was watched`);
  });
});

function pipelineOf({ name }: { readonly name: string }): string {
  return name.split("-").slice(0, 2).join("-");
}
