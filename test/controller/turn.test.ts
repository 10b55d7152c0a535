import assert from "node:assert/strict";
import { test } from "node:test";
import type { Ledger } from "../../src/controller/act/ledger.ts";
import type { Context, Decide } from "../../src/controller/context.ts";
import type { Known } from "../../src/controller/known.ts";
import { memoryFrom, type Memory } from "../../src/controller/memory.ts";
import { controllerMetrics } from "../../src/controller/tell/metrics.ts";
import { takeTurn } from "../../src/controller/turn.ts";
import type { World } from "../../src/controller/world.ts";
import { pipelineObject, profilesObject } from "../cluster/scene/objects.ts";
import { stagePlan } from "../fixtures.ts";
import { apiServer } from "./api-server.ts";
import { surroundingsOf, turnOf } from "./turns.ts";

const object = { apiVersion: "ipa.dev/v1alpha1", kind: "InferencePipeline", metadata: { name: "p", namespace: "n" } };
const target = { apiVersion: "apps/v1", kind: "Deployment", name: "v" };
const held: Ledger = {
  takenOver: [{ ...target, replicas: 1, formerManager: "helm", confirmed: true, aboveZero: true }],
  pinned: [{ ...target, since: "2026-01-01T00:00:00Z", by: "kubectl" }],
  resumed: "1",
};

/** The ledger after a turn of a pipeline, paused so that nothing else happens, with such a value of the annotation. */
async function after(resume: string, ledger: Ledger): Promise<Ledger> {
  const context = {
    kube: { apply: async () => object },
    clock: () => 100,
    metrics: controllerMetrics(),
    log: { ready: () => {} },
  } as unknown as Context;
  const known: Known = {
    object,
    namespace: "n",
    name: "p",
    paused: true,
    resume,
    built: { pipeline: { stages: [] }, control: null, outdated: null } as unknown as Known["built"],
    control: null,
    ending: false,
    holds: () => true,
  };
  const memory = await takeTurn(context, {} as World, known, { ...memoryFrom(object, 0), ledger });
  return memory.ledger;
}

test("a new value of the resume annotation lets go of what is pinned; to take it away asks for nothing", async () => {
  assert.deepEqual(await after("1", held), held);
  assert.deepEqual(await after("", held), held);
  const { pinned, takenOver, resumed } = await after("2", held);
  assert.deepEqual([pinned, takenOver.map((one) => one.confirmed), resumed], [[], [false], "2"]);
});

test("what a switch comes from makes a batch that the pipeline offers by now, as what is planned does", async () => {
  const pipeline = pipelineObject({ mode: "Recommend", dataPlane: "Service" });
  const counts = { "shop-small": 2, "shop-large": 1, "shop-fast": 1, "shop-precise": 0 };
  const kube = apiServer({ objects: [pipeline, profilesObject()], replicas: counts });
  const switching = { from: { ...stagePlan("detect", "small", 2), batch: 8 }, phase: "Preparing", since: 0 } as const;
  const before: Memory = {
    ...memoryFrom(pipeline, 0),
    mode: "Act",
    plan: [{ ...stagePlan("detect", "large", 1), batch: 8 }, stagePlan("classify", "fast", 1)],
    state: { rollouts: { detect: { switching, setbacks: [] } } },
  };
  const asked = new Error("asked");
  const batches: (number | undefined)[] = [];
  const decide: Decide = async ({ seen }) => {
    batches.push(seen.running[0]?.batch, seen.state?.rollouts?.["detect"]?.switching?.from.batch);
    throw asked;
  };
  await assert.rejects(turnOf(kube, pipeline, surroundingsOf({ decide }), before), asked);
  assert.deepEqual(batches, [1, 1]);
});
