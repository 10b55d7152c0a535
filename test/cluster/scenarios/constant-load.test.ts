import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import { after, before, describe, test } from "node:test";
import { until } from "../control-plane/until.ts";
import type { PipelineStatus } from "../../../src/formats/status-schema.ts";
import type { Write } from "../scene/audit.ts";
import { fleetOf, showConstantLoad } from "../scene/fleet.ts";
import { profilesObject } from "../scene/objects.ts";
import { openScene, withoutScene, type Scene } from "../scene/scene.ts";

const WITHIN = 60;
/** Longer than between two writes of numbers that drift, together with the time that it takes to see that all is quiet. */
const [QUIET, WATCHED] = [10, 55];

/** Requests per second of each pipeline. */
const RATE = 8;
/** What a status tells of the load where it was measured as it is, as a fraction of it. */
const MEASURED_WITHIN = 0.05;

/** Whether a write is of a time in which the load was seen to be constant: on a busy machine counters and scrapes falter. */
function isConstant({ resource, body }: Write): boolean {
  if (resource !== "inferencepipelines/status") return true;
  const { load } = (body as { readonly status: PipelineStatus }).status;
  return [load?.observedRps, load?.predictedRps].every(
    (told) => told === undefined || Math.abs(Number(told) - RATE) <= MEASURED_WITHIN * RATE,
  );
}

function sameObject(write: Write, resource: string, name: string): boolean {
  return write.resource === resource && write.name === name;
}

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
        // The counters are in this process: to look at the log takes time in which they do not count.
        await pause(2000);
        const writes = scene.ownWrites();
        const planned = new Set(writes.filter(({ resource }) => resource === "deployments/scale").map(pipelineOf));
        const last = writes.at(-1)?.at ?? Infinity;
        return planned.size === fleet.names.length && Date.now() / 1000 - last > QUIET ? writes.length : null;
      },
      2 * WITHIN,
    );
    const decided = controller.decisions().length;
    await pause(WATCHED * 1000);
    const writes = scene.ownWrites();
    const needless = writes.slice(settled).filter((write, i) => {
      const before = writes.slice(0, settled + i).findLast(({ resource, name }) => sameObject(write, resource, name));
      return isConstant(write) && (before === undefined || isConstant(before));
    });
    assert.deepEqual(
      needless.map(({ verb, resource, name, body }) => ({ verb, resource, name, body })),
      [],
    );
    const turns = (controller.decisions().length - decided) / fleet.names.length;
    assert.ok(turns >= 10, `only ${turns} turns a pipeline while it was watched`);
  });
});

function pipelineOf({ name }: { readonly name: string }): string {
  return name.split("-").slice(0, 2).join("-");
}
