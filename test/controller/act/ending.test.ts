import assert from "node:assert/strict";
import { test } from "node:test";
import { asStoredNow, end } from "../../../src/controller/act/ending.ts";
import type { Context } from "../../../src/controller/context.ts";
import type { Known } from "../../../src/controller/known.ts";
import { memoryFrom } from "../../../src/controller/memory.ts";
import { autoscalerClaims } from "../../../src/controller/see/contest.ts";
import { podIndex } from "../../../src/controller/see/pods.ts";
import type { World } from "../../../src/controller/world.ts";
import { KubeError } from "../../../src/kube/errors.ts";
import type { KubeObject } from "../../../src/kube/objects.ts";

const AT = Date.parse("2026-01-01T00:00:00Z") / 1000;
const refused = (status: number): KubeError => new KubeError("refused", { status, reason: "Forbidden" });

/** A namespace that is deleted: its Roles are gone, and what of the pipeline was seen last is older than its deletion. */
function leaving(patched: "answers" | "refuses", now = AT + 1) {
  const metadata = { name: "p", namespace: "n", resourceVersion: "1", finalizers: ["theirs", "ipa.dev/restore"] };
  const copy: KubeObject = { apiVersion: "ipa.dev/v1alpha1", kind: "InferencePipeline", metadata };
  let stored: KubeObject = {
    ...copy,
    metadata: { ...metadata, resourceVersion: "2", deletionTimestamp: "2026-01-01T00:00:00Z" },
  };
  const did: string[] = [];
  const target = { variant: "v", apiVersion: "apps/v1", kind: "Deployment", name: "v" };
  const stage = { stage: "s", dataPlane: "None", service: null, serviceTime: null, targets: [target] };
  const control = { mode: "Act", onDelete: "Restore", stages: [stage] };
  const known = {
    object: copy,
    namespace: "n",
    name: "p",
    paused: false,
    control,
    ending: false,
    holds: () => true,
  } as unknown as Known;
  const context = {
    clock: () => now,
    maxMode: "Act",
    record: async (_: unknown, _type: string, reason: string) => void did.push(reason),
    scales: { read: async () => ({ reason: "Forbidden", message: "" }) },
    kube: {
      patch: async (_: unknown, { metadata: asked }: { readonly metadata?: KubeObject["metadata"] }) => {
        if (patched === "refuses") throw refused(403);
        if (asked === undefined) return stored;
        if (asked.resourceVersion !== stored.metadata.resourceVersion) throw refused(409);
        did.push(`finalizers ${asked.finalizers?.join()}`);
        return (stored = { ...stored, metadata: { ...stored.metadata, ...asked } });
      },
    },
  } as unknown as Context;
  const world = (stale: readonly string[]) =>
    ({
      stale: () => stale,
      pods: podIndex(),
      claims: autoscalerClaims(),
      autoscalers: autoscalerClaims(),
    }) as unknown as World;
  return { did, known, context, world, copy };
}

test("a pipeline whose deletion was not told any more is let go all the same", async () => {
  const { did, known, context, world, copy } = leaving("answers");
  assert.equal(await asStoredNow(context, world([]), known), known);
  const old = world(["inferencepipelines", "pods"]);
  const now = await asStoredNow(context, old, known);
  assert.equal(now.ending, true);
  await end(context, old, now, memoryFrom(copy, 0));
  // What may not be read is not waited for.
  assert.deepEqual(did, ["finalizers theirs"]);
});

test("where it cannot be asked, what is known holds", async () => {
  const { known, context, world } = leaving("refuses");
  assert.equal(await asStoredNow(context, world(["inferencepipelines"]), known), known);
});

test("that not all was restored is said once the finalizer has gone, and not before", async () => {
  const late = AT + 61;
  for (const [patched, told] of [
    ["refuses", []],
    ["answers", ["finalizers theirs", "NotRestored"]],
  ] as const) {
    const { did, known, context, world, copy } = leaving(patched, late);
    const metadata = { ...copy.metadata, resourceVersion: "2", deletionTimestamp: "2026-01-01T00:00:00Z" };
    const ending = { ...known, object: { ...copy, metadata }, ending: true };
    await end(context, world([]), ending, memoryFrom(copy, 0)).catch(() => {});
    assert.deepEqual(did, told);
  }
});
