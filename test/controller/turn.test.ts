import assert from "node:assert/strict";
import { test } from "node:test";
import type { Ledger } from "../../src/controller/act/ledger.ts";
import type { Context } from "../../src/controller/context.ts";
import type { Known } from "../../src/controller/known.ts";
import { memoryFrom } from "../../src/controller/memory.ts";
import { controllerMetrics } from "../../src/controller/tell/metrics.ts";
import { takeTurn } from "../../src/controller/turn.ts";
import type { World } from "../../src/controller/world.ts";

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
