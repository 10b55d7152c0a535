import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import type { Kube } from "../../src/kube/client.ts";
import { KubeError } from "../../src/kube/errors.ts";
import { reflect, type Reflection, type WatchTiming } from "../../src/kube/reflector.ts";
import type { WatchEvent } from "../../src/kube/watch.ts";
import { until } from "../cluster/control-plane/until.ts";

const configMaps = { group: "", version: "v1", plural: "configmaps", namespace: "default" };

/** A reflection of which each watch is as `watch` says, with what it has asked for. */
function watching(
  t: TestContext,
  watch: (count: number) => AsyncGenerator<WatchEvent, void>,
  timing: Partial<WatchTiming> = {},
): { readonly reflection: Reflection; readonly asked: string[] } {
  const asked: string[] = [];
  const kube = {
    list: async () => {
      asked.push("list");
      return { items: [], resourceVersion: "1" };
    },
    watch: (_of: object, { resourceVersion }: { readonly resourceVersion: string }) => {
      asked.push(`watch ${resourceVersion}`);
      return watch(asked.filter((one) => one !== "list").length);
    },
  } as unknown as Kube;
  const ending = new AbortController();
  t.after(() => ending.abort());
  const handlers = { changed: () => {}, synced: () => {}, failed: () => {} };
  return { reflection: reflect(kube, configMaps, {}, handlers, ending.signal, timing), asked };
}

async function* failing(): AsyncGenerator<WatchEvent, void> {
  await new Promise((resolve) => setTimeout(resolve, 5));
  yield* await Promise.reject<WatchEvent[]>(new KubeError("no", { status: 500, reason: "InternalError" }));
}

async function* bookmark(version: string): AsyncGenerator<WatchEvent, void> {
  await new Promise((resolve) => setTimeout(resolve, 5));
  yield {
    type: "BOOKMARK",
    object: { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "", resourceVersion: version } },
  };
}

test("a copy ages while its watch fails, and is fresh again with a bookmark", async (t) => {
  let now = 0;
  t.mock.method(performance, "now", () => now * 1000);
  let isWell = false;
  const { reflection } = watching(t, () => (isWell ? bookmark("2") : failing()));
  await reflection.synced;
  assert.equal(reflection.age(), 0);
  now = 20;
  await until("another try", () => isWell || (isWell = reflection.age() === 20));
  await until("it is fresh", () => reflection.age() === 0);
});

test("one that fails for ever begins anew with a list, one that fails now and then does not", async (t) => {
  const { reflection, asked } = watching(t, failing, { unheard: 0.6 });
  await reflection.synced;
  await until("a second list", () => asked.filter((one) => one === "list").length === 2);
  assert.deepEqual(asked.slice(0, 5), ["list", "watch 1", "watch 1", "watch 1", "list"]);
});

test("one that ends in good order without a word time after time begins anew with a list", async (t) => {
  let now = 0;
  t.mock.method(performance, "now", () => now * 1000);
  async function* silent(): AsyncGenerator<WatchEvent, void> {
    await new Promise((resolve) => setImmediate(resolve));
    now += 45;
    yield* [];
  }
  const { asked } = watching(t, (count) => (count === 3 ? bookmark("7") : silent()));
  await until("a second list", () => asked.filter((one) => one === "list").length > 1, 1e9);
  const expected = ["list", ...Array<string>(3).fill("watch 1"), ...Array<string>(5).fill("watch 7"), "list"];
  assert.deepEqual(asked.slice(0, 10), expected);
});
