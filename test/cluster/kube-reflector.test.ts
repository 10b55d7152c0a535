import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { connect, type Kube } from "../../src/kube/client.ts";
import { KubeError } from "../../src/kube/errors.ts";
import type { KubeObject, ResourcePath } from "../../src/kube/objects.ts";
import { type Reflection, reflect, type WatchTiming } from "../../src/kube/reflector.ts";
import { type ChaosProxy, startChaosProxy } from "./chaos-proxy.ts";
import type { ControlPlane } from "./control-plane/control-plane.ts";
import { startControlPlane, withoutOwnControlPlane } from "./control-plane/start.ts";
import { until } from "./control-plane/until.ts";

const configMaps: ResourcePath = { group: "", version: "v1", plural: "configmaps", namespace: "default" };
const query = { labelSelector: "watched=yes" };

function configMap(name: string, value: string): object {
  const metadata = { name, namespace: "default", labels: { watched: "yes" } };
  return { apiVersion: "v1", kind: "ConfigMap", metadata, data: { value } };
}

interface Watched {
  readonly reflection: Reflection;
  /** "Added a=1", in the order told. */
  readonly told: string[];
  readonly failures: unknown[];
}

describe("a copy of a list is kept up to date", { skip: withoutOwnControlPlane() }, () => {
  let plane: ControlPlane;
  let proxy: ChaosProxy;
  let kube: Kube;
  let controller: AbortController;
  before(async () => {
    plane = await startControlPlane();
    proxy = await startChaosProxy(plane.kubeconfig);
    kube = connect({ kubeconfig: proxy.kubeconfig, qps: 1000, timeoutSeconds: 2, mayWrite: () => true });
  });
  after(async () => {
    await proxy?.close();
    await plane?.stop();
  });
  beforeEach(async () => {
    controller = new AbortController();
    await set("a", "1");
    await set("b", "1");
  });
  afterEach(async () => {
    controller.abort();
    proxy.heal();
    await plane.kubectl("delete", "configmap", "--selector=watched=yes");
  });

  const set = (name: string, value: string): Promise<void> => plane.apply(configMap(name, value));
  const remove = (name: string): Promise<string> => plane.kubectl("delete", "configmap", name);
  const nameOf = (object: KubeObject): string =>
    `${object.metadata.name}=${(object["data"] as { readonly value: string }).value}`;

  async function watch(timing?: Partial<WatchTiming>, fail = (_object: KubeObject): void => {}): Promise<Watched> {
    const told: string[] = [];
    const failures: unknown[] = [];
    const handlers = {
      changed: (object: KubeObject, change: string) => {
        told.push(`${change} ${nameOf(object)}`);
        fail(object);
      },
      synced: () => told.push("synced"),
      failed: (error: unknown) => failures.push(error),
    };
    const before = watchesBegun();
    const reflection = reflect(kube, configMaps, query, handlers, controller.signal, timing);
    await reflection.synced;
    await until("the watch", () => watchesBegun() > before);
    assert.deepEqual(told.splice(0), ["Added a=1", "Added b=1", "synced"]);
    return { reflection, told, failures };
  }
  const watchesBegun = (): number =>
    proxy.requests().filter(({ url, status }) => /watch=true/.test(url) && status !== null).length;
  const listsBegun = (): number => proxy.requests().filter(({ url }) => /limit=/.test(url)).length;
  /** What runs; what begins afterwards is spared. */
  const breakOff = (): void => proxy.inject({ kind: "reset" }, { url: /watch=true/ })();
  const toldAll = async ({ told }: Watched, expected: readonly string[]): Promise<void> => {
    await until(`${String(expected)}`, () => told.length >= expected.length, 30).catch(() => {});
    assert.deepEqual(told, expected);
  };

  test("what is made, changed and deleted is told, without managed fields", async () => {
    const watched = await watch();
    await set("c", "1");
    await set("a", "2");
    await remove("b");
    await toldAll(watched, ["Added c=1", "Modified a=2", "Deleted b=1"]);
    assert.deepEqual(watched.reflection.items().map(nameOf).toSorted(), ["a=2", "c=1"]);
    assert.equal(watched.reflection.items()[0]?.metadata.managedFields, undefined);
    assert.deepEqual(watched.failures, []);
  });

  test("one watch follows the other where it ended, and lists nothing again", async () => {
    const watched = await watch({ watch: 1, grace: 1 });
    const [watches, lists] = [watchesBegun(), listsBegun()];
    await until("three more watches", () => watchesBegun() >= watches + 3);
    await set("a", "2");
    await toldAll(watched, ["Modified a=2"]);
    assert.equal(listsBegun(), lists);
    assert.deepEqual(watched.failures, []);
  });

  test("broken connections, refusals and failures are outlasted", async () => {
    const watched = await watch();
    const chaos = [
      { kind: "reset" },
      { kind: "answer", status: 429, retryAfter: 1 },
      { kind: "answer", status: 500 },
    ] as const;
    for (const [i, fault] of chaos.entries()) {
      const failed = watched.failures.length;
      const lift = proxy.inject(fault, { url: /watch=true/ });
      breakOff();
      await until("two failures", () => watched.failures.length >= failed + 2);
      await set("a", `during ${i}`);
      lift();
      await until("the change", () => watched.told.at(-1) === `Modified a=during ${i}`);
    }
    assert.ok(watched.failures.every((error) => error instanceof KubeError));
  });

  test("a first list that fails is tried until it succeeds", async () => {
    const lift = proxy.inject({ kind: "answer", status: 500 }, { url: /limit=/ });
    const failures: unknown[] = [];
    const handlers = { changed: () => {}, synced: () => {}, failed: (error: unknown) => void failures.push(error) };
    const reflection = reflect(kube, configMaps, query, handlers, controller.signal);
    await until("a failure", () => failures.length > 0);
    lift();
    await reflection.synced;
    assert.equal(reflection.items().length, 2);
  });

  test("a silent watch is given up, and caught up with", async () => {
    const watched = await watch({ watch: 2, grace: 1 });
    // Lifted at once, it is only the running one that stays silent.
    proxy.inject({ kind: "hang" }, { url: /watch=true/ })();
    await set("a", "2");
    await remove("b");
    assert.deepEqual(watched.told, []);
    await toldAll(watched, ["Modified a=2", "Deleted b=1"]);
    assert.equal((watched.failures[0] as KubeError).reason, "TimedOut");
  });

  test("after 410 the list is read anew: what vanished in between is told as deleted", async () => {
    const watched = await watch();
    proxy.inject({ kind: "reset" }, { url: /configmaps/ });
    await until("a failure", () => watched.failures.length > 0);
    await remove("a");
    await remove("b");
    await set("b", "another");
    await set("c", "1");
    // A new API server knows no versions of before its start.
    await plane.restartApiServer();
    proxy.heal();
    await toldAll(watched, ["Deleted a=1", "Deleted b=1", "Added b=another", "Added c=1"]);
    const statuses = watched.failures.map((error) => (error as KubeError).status);
    assert.ok(statuses.includes(410), String(statuses));
  });

  test("the API server is restarted", async () => {
    const watched = await watch();
    await plane.restartApiServer();
    await set("a", "2");
    await toldAll(watched, ["Modified a=2"]);
  });

  test("a handler's exception is told, and ends nothing", async () => {
    const wrong = new Error("a handler's fault");
    const watched = await watch(undefined, (object) => {
      if (nameOf(object) === "a=2") throw wrong;
    });
    await set("a", "2");
    await set("a", "3");
    await toldAll(watched, ["Modified a=2", "Modified a=3"]);
    assert.deepEqual(watched.failures, [wrong]);
  });

  test("nothing is told after the signal, and who waits for the copy learns of it", async () => {
    const watched = await watch();
    controller.abort(new Error("enough"));
    await set("a", "2");
    assert.deepEqual(watched.told, []);
    const handlers = { changed: () => {}, synced: () => {}, failed: () => {} };
    await assert.rejects(reflect(kube, configMaps, query, handlers, controller.signal).synced, /enough/);
  });
});
