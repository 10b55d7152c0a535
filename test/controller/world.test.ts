import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { watchNamespace } from "../../src/controller/world.ts";
import type { Kube } from "../../src/kube/client.ts";
import { KubeError } from "../../src/kube/errors.ts";
import { until } from "../cluster/control-plane/until.ts";

/** A namespace without anything, of which what watches are under way can be seen. */
function watched(
  t: TestContext,
  { discover = async () => [], ageing = [] }: { discover?: Kube["discover"]; ageing?: readonly string[] } = {},
) {
  const watches = new Set<string>();
  const failures: string[] = [];
  const kube = {
    discover,
    list: async () => ({ items: [], resourceVersion: "1" }),
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
        await new Promise((resolve) => setTimeout(resolve, 10));
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
