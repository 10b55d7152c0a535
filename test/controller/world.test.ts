import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { setTimeout } from "node:timers/promises";
import { watchNamespace } from "../../src/controller/world.ts";
import type { Kube } from "../../src/kube/client.ts";
import { KubeError } from "../../src/kube/errors.ts";
import { until } from "../cluster/control-plane/until.ts";

/** A namespace without anything, of which what watches are under way can be seen. */
function watched(
  t: TestContext,
  {
    discover = async () => [],
    list = async () => {},
    ageing = [],
  }: {
    discover?: Kube["discover"];
    /** What a list waits for, or fails by. */
    list?: (plural: string) => Promise<void>;
    ageing?: readonly string[];
  } = {},
) {
  const watches = new Set<string>();
  const failures: string[] = [];
  const kube = {
    discover,
    list: async ({ plural }: { plural: string }) => {
      await list(plural);
      return { items: [], resourceVersion: "1" };
    },
    watch: async function* (
      { plural }: { plural: string },
      { fieldSelector }: { fieldSelector?: string },
      signal: AbortSignal,
    ) {
      const what = `${plural}${fieldSelector === undefined ? "" : ` ${fieldSelector}`}`;
      watches.add(what);
      signal.addEventListener("abort", () => watches.delete(what), { once: true });
      while (!signal.aborted) {
        if (!ageing.includes(plural)) yield { type: "BOOKMARK", object: { metadata: { resourceVersion: "1" } } };
        await setTimeout(10);
      }
    },
  } as unknown as Kube;
  const ending = new AbortController();
  t.after(() => ending.abort());
  const handlers = { pipelineChanged: () => {}, failed: (what: string) => void failures.push(what) };
  return { world: watchNamespace(kube, "n", handlers, ending.signal), watches, failures };
}

test("the watch of a ConfigMap ends when it is left, and begins again when it is asked for", async (t) => {
  const { world, watches } = watched(t);
  const name = "configmaps metadata.name=a";
  await world.synced;
  assert.equal(await world.configMap("a"), undefined);
  await until("the watch", () => watches.has(name));
  world.leaveConfigMap("a");
  assert.equal(watches.has(name), false);
  assert.ok(watches.has("pods"));
  await world.configMap("a");
  await until("another", () => watches.has(name));
});

test("what nothing was heard of for a minute is stale", async (t) => {
  let now = 0;
  t.mock.method(performance, "now", () => now * 1000);
  const { world, watches } = watched(t, { ageing: ["pods"] });
  await world.synced;
  await until("all watches", () => watches.size >= 4);
  now = 59;
  assert.equal(world.stale().includes("pods"), false);
  now = 61;
  await until("only pods", () => world.stale().join() === "pods");
});

test("a failure to look for KEDA is told", async (t) => {
  const discover = async () => {
    throw new KubeError("no", { status: 403, reason: "Forbidden" });
  };
  const { world, failures } = watched(t, { discover });
  world.synced.catch(() => {});
  await until("the failure", () => failures.includes("scaledobjects"));
});

const keda = [{ kind: "ScaledObject", plural: "scaledobjects", namespaced: true, subresources: [] }];

test("where there are ScaledObjects nothing is done before they are seen, nor on what is old of them", async (t) => {
  let now = 0;
  t.mock.method(performance, "now", () => now * 1000);
  const listed = Promise.withResolvers<void>();
  const list = (plural: string): Promise<void> => (plural === "scaledobjects" ? listed.promise : Promise.resolve());
  const { world, watches } = watched(t, { discover: async () => keda, list, ageing: ["scaledobjects"] });
  const first = await Promise.race([world.synced.then(() => "synced"), setTimeout(100, "waits")]);
  assert.equal(first, "waits");
  listed.resolve();
  await world.synced;
  await until("all watches", () => watches.size >= 5);
  now = 61;
  await until("only they", () => world.stale().join() === "scaledobjects");
});

test("a kind that is gone is not waited for", async (t) => {
  let now = 0;
  t.mock.method(performance, "now", () => now * 1000);
  const list = async (plural: string): Promise<void> => {
    if (plural === "scaledobjects") throw new KubeError("no such kind", { status: 404, reason: "NotFound" });
  };
  const { world, watches } = watched(t, { discover: async () => keda, list });
  await world.synced;
  await until("the others", () => watches.size >= 4);
  now = 61;
  await until("nothing that is old", () => world.stale().length === 0);
});
