import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { after, before, beforeEach, describe, test } from "node:test";
import type { CallRecord, ConnectOptions } from "../../src/kube/call.ts";
import { connect, type Kube } from "../../src/kube/client.ts";
import { during } from "../../src/kube/during.ts";
import { KubeError } from "../../src/kube/errors.ts";
import type { KubeObject, ObjectPath, ResourcePath } from "../../src/kube/objects.ts";
import { type ChaosProxy, startChaosProxy } from "./chaos-proxy.ts";
import type { ControlPlane } from "./control-plane/control-plane.ts";
import { startControlPlane, withoutControlPlane } from "./control-plane/start.ts";
import { until } from "./control-plane/until.ts";

const namespace = `kube-client-${crypto.randomUUID().slice(0, 8)}`;
const configMaps: ResourcePath = { group: "", version: "v1", plural: "configmaps", namespace };
const deployments: ResourcePath = { group: "apps", version: "v1", plural: "deployments", namespace };

function configMap(name: string, data: Readonly<Record<string, string>>): object {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace }, data };
}

function deployment(name: string, replicas: number): object {
  const labels = { app: name };
  const template = { metadata: { labels }, spec: { containers: [{ name: "model", image: "model:1" }] } };
  const spec = { replicas, selector: { matchLabels: labels }, template };
  return { apiVersion: "apps/v1", kind: "Deployment", metadata: { name, namespace }, spec };
}

function scaleTo(name: string, replicas: number): object {
  return { apiVersion: "autoscaling/v1", kind: "Scale", metadata: { name }, spec: { replicas } };
}

/** The KubeError that a call rejects with. */
async function errorOf(call: Promise<unknown>): Promise<KubeError> {
  const outcome = await call.then(
    () => null,
    (error: unknown) => error,
  );
  assert.ok(outcome instanceof KubeError, `not refused as expected: ${String(outcome)}`);
  return outcome;
}

describe("the client of a real API server", { skip: withoutControlPlane() }, () => {
  let plane: ControlPlane;
  let proxy: ChaosProxy;
  before(async () => {
    plane = await startControlPlane();
    proxy = await startChaosProxy(plane.kubeconfig);
    await plane.kubectl("create", "namespace", namespace);
    await plane.apply(configMap("known", {}));
  });
  after(async () => {
    await proxy?.close();
    await plane?.kubectl("delete", "namespace", namespace, "--wait=false");
    await plane?.stop();
  });
  beforeEach(() => proxy.heal());

  function client(options: Partial<ConnectOptions> = {}): Kube {
    return connect({ kubeconfig: proxy.kubeconfig, qps: 1000, timeoutSeconds: 5, mayWrite: () => true, ...options });
  }
  function at(name: string): ObjectPath {
    return { ...configMaps, name };
  }
  const dataOf = (object: KubeObject): unknown => object["data"];

  test("create, get, patch, replace, apply", async () => {
    const kube = client();
    const created = await kube.create(configMaps, configMap("whole", { a: "1" }));
    assert.deepEqual(dataOf(await kube.get(at("whole"))), { a: "1" });
    assert.deepEqual(dataOf(await kube.patch(at("whole"), { data: { a: null, b: "2" } })), { b: "2" });
    const stale = await errorOf(kube.replace(at("whole"), { ...created, data: {} }));
    assert.deepEqual([stale.status, stale.reason], [409, "Conflict"]);
    const fresh = await kube.get(at("whole"));
    assert.deepEqual(dataOf(await kube.replace(at("whole"), { ...fresh, data: { c: "3" } })), { c: "3" });
    const applied = await kube.apply(at("whole"), configMap("whole", { d: "4" }), { fieldManager: "me", force: false });
    assert.deepEqual(dataOf(applied), { c: "3", d: "4" });
    const managers = applied.metadata.managedFields?.map(({ manager, operation }) => `${manager} ${operation}`);
    assert.deepEqual(managers, ["me Apply", "ipa Update"]);
    assert.equal((await errorOf(kube.create(configMaps, configMap("whole", {})))).reason, "AlreadyExists");
  });

  test("an error has status, reason and what the server said", async () => {
    const missing = await errorOf(client().get(at("nowhere")));
    assert.deepEqual([missing.status, missing.reason, missing.retryAfter], [404, "NotFound", null]);
    assert.match(missing.message, /configmaps "nowhere" not found/);
    const invalid = await errorOf(client().create(deployments, deployment("wrong", -1)));
    assert.deepEqual([invalid.status, invalid.reason], [422, "Invalid"]);
    assert.deepEqual(
      invalid.causes.map(({ field }) => field),
      ["spec.replicas"],
    );
  });

  test("a scale is taken over by force, and is ours without force from then on", async () => {
    const kube = client();
    const scale: ObjectPath = { ...deployments, name: "scaled", subresource: "scale" };
    const ours = { fieldManager: "ipa", force: false };
    await plane.apply(deployment("scaled", 1));
    const conflict = await errorOf(kube.apply(scale, scaleTo("scaled", 2), ours));
    assert.deepEqual([conflict.status, conflict.reason], [409, "Conflict"]);
    assert.deepEqual(conflict.causes, [
      { reason: "FieldManagerConflict", message: 'conflict with "test"', field: ".spec.replicas" },
    ]);
    await kube.apply(scale, scaleTo("scaled", 2), { ...ours, force: true });
    assert.deepEqual((await kube.apply(scale, scaleTo("scaled", 3), ours)).spec, { replicas: 3 });
    assert.deepEqual((await kube.get({ ...deployments, name: "scaled" })).metadata.generation, 3);
  });

  test("a list is read to its end in pages, all of one moment, and its items say what they are", async () => {
    const kube = client();
    const names = Array.from({ length: 1203 }, (_, i) => `page-${i}`);
    const items = names.map((name) => ({
      ...configMap(name, {}),
      metadata: { name, namespace, labels: { set: "pages" } },
    }));
    await plane.apply(...items);
    const from = proxy.requests().length;
    const list = await kube.list(configMaps, { labelSelector: "set=pages" });
    assert.equal(proxy.requests().length - from, 3);
    assert.deepEqual(new Set(list.items.map(({ metadata }) => metadata.name)), new Set(names));
    assert.deepEqual([list.items[0]?.apiVersion, list.items[0]?.kind], ["v1", "ConfigMap"]);
    assert.ok(Number(list.resourceVersion) > 0);
    const one = await kube.list(configMaps, { fieldSelector: "metadata.name=page-7" });
    assert.deepEqual(
      one.items.map(({ metadata }) => metadata.name),
      ["page-7"],
    );
    // The second page is no longer to be had: the whole is asked for.
    proxy.inject({ kind: "answer", status: 410 }, { url: /continue=/, times: 1 });
    assert.equal((await kube.list(configMaps, { labelSelector: "set=pages" })).items.length, 1203);
  });

  test("what a group version has is found, and asked for once", async () => {
    const kube = client();
    const from = proxy.requests().length;
    const found = await Promise.all([kube.discover("apps/v1"), kube.discover("apps/v1")]);
    assert.deepEqual(
      found[0].find(({ kind }) => kind === "StatefulSet"),
      { kind: "StatefulSet", plural: "statefulsets", namespaced: true, subresources: ["scale", "status"] },
    );
    await kube.discover("apps/v1");
    assert.equal(proxy.requests().length - from, 1);
    assert.equal((await kube.discover("v1")).find(({ kind }) => kind === "Node")?.namespaced, false);
    assert.equal((await errorOf(kube.discover("nothing.example/v1"))).status, 404);
  });

  test("connections are kept: many calls need few", async () => {
    const kube = client({ qps: 20 });
    const from = proxy.connections();
    for (let i = 0; i < 50; i++) await kube.get(at("known"));
    assert.equal(proxy.connections() - from, 1);
    await Promise.all(Array.from({ length: 100 }, () => kube.get(at("known"))));
    // What goes out at the same moment needs one each; that is about a burst.
    assert.ok(proxy.connections() - from < 60, `${proxy.connections() - from} connections`);
  });

  test("the token bucket holds: a burst of twice the rate, then the rate", async () => {
    const kube = client({ qps: 20 });
    const from = performance.now();
    let calls = 0;
    await Promise.all(Array.from({ length: 80 }, () => kube.get(at("known")).then(() => (calls += 1))));
    const seconds = (performance.now() - from) / 1000;
    assert.equal(calls, 80);
    // Never faster; a busy machine may make it slower.
    assert.ok(80 <= 40 + 20 * seconds + 1, `80 calls in ${seconds} s`);
  });

  test("a read that a write waits for takes the token of that, too, so that they are sent together", async () => {
    const kube = client({ qps: 2 });
    await Promise.all(Array.from({ length: 4 }, () => kube.get(at("known"))));
    const from = proxy.requests().length;
    const write = async (): Promise<void> => {
      await kube.get(at("known"), { acts: true });
      await kube.apply(at("known"), configMap("known", {}), { fieldManager: "me", force: true }, { paid: true });
    };
    const began = performance.now();
    await Promise.all([write(), write(), write()]);
    const seconds = (performance.now() - began) / 1000;
    const sent = proxy.requests().slice(from);
    assert.deepEqual(
      sent.map(({ method }) => method),
      ["GET", "PATCH", "GET", "PATCH", "GET", "PATCH"],
    );
    assert.ok(seconds > 2.5, `six calls in ${seconds} s`);
  });

  test("calls that may be repeated are, with growing pauses", async () => {
    const repeated = [429, 500, 502, 503, 504].map(async (status) => {
      const calls: CallRecord[] = [];
      proxy.inject({ kind: "answer", status }, { url: new RegExp(`known-${status}$`), times: 2 });
      await plane.apply(configMap(`known-${status}`, {}));
      await client({ onCall: (call) => calls.push(call) }).get(at(`known-${status}`));
      assert.deepEqual(
        calls.map((call) => call.status),
        [status, status, 200],
      );
    });
    await Promise.all(repeated);
    proxy.inject({ kind: "reset" }, { times: 1 });
    await client().get(at("known"));
    const from = proxy.requests().length;
    proxy.inject({ kind: "answer", status: 503 });
    const error = await errorOf(client().patch(at("known"), {}));
    assert.deepEqual([error.status, error.reason], [503, "ServiceUnavailable"]);
    const times = proxy.requests().slice(from);
    assert.equal(times.length, 4);
    const pauses = times.slice(1).map(({ at: sent }, i) => sent - (times[i]?.at ?? 0));
    assert.ok(
      pauses.every((pause, i) => pause > 0.49 * 2 ** i),
      String(pauses),
    );
  });

  test("Retry-After is obeyed", async () => {
    const from = proxy.requests().length;
    proxy.inject({ kind: "answer", status: 429, retryAfter: 2 }, { times: 1 });
    await client().create(configMaps, configMap("after", {}));
    const [first, second] = proxy.requests().slice(from);
    assert.ok(first !== undefined && second !== undefined && second.at - first.at > 1.99);
  });

  test("a create whose answer was lost is not sent again, nor what is to be done once; what was not done is", async () => {
    const from = proxy.requests().length;
    proxy.inject({ kind: "answer", status: 503 });
    assert.equal((await errorOf(client().create(configMaps, configMap("lost", {})))).status, 503);
    proxy.heal();
    proxy.inject({ kind: "reset" });
    assert.equal((await errorOf(client().create(configMaps, configMap("lost", {})))).reason, "NoAnswer");
    const once = (): Promise<unknown> =>
      client().apply(at("known"), configMap("known", {}), { fieldManager: "me", force: true }, { once: true });
    assert.equal((await errorOf(once())).reason, "NoAnswer");
    assert.equal(proxy.requests().length - from, 3);
    proxy.heal();
    proxy.inject({ kind: "answer", status: 429 }, { times: 1 });
    await once();
    assert.equal(proxy.requests().length - from, 5);
  });

  test("a server that does not answer is given up, and idle connections with it", async () => {
    const kube = client({ timeoutSeconds: 0.5 });
    await kube.get(at("known"));
    const from = proxy.connections();
    proxy.inject({ kind: "hang" }, { times: 1 });
    await kube.get(at("known"));
    assert.equal(proxy.connections() - from, 1);
    proxy.inject({ kind: "hang" });
    const error = await errorOf(kube.create(configMaps, configMap("hung", {})));
    assert.deepEqual([error.status, error.reason], [0, "TimedOut"]);
  });

  test("a slow answer is waited for, up to the time-out of each try", async () => {
    const calls: CallRecord[] = [];
    const kube = client({ timeoutSeconds: 1, onCall: (call) => calls.push(call) });
    proxy.inject({ kind: "delay", seconds: 0.3 }, { times: 1 });
    await kube.get(at("known"));
    proxy.inject({ kind: "delay", seconds: 1.5 }, { times: 1 });
    await kube.get(at("known"));
    assert.deepEqual(
      calls.map(({ status }) => status),
      [200, 0, 200],
    );
    assert.ok((calls[0]?.seconds ?? 0) >= 0.29 && (calls[1]?.seconds ?? 0) >= 0.99);
  });

  test("the caller's signal ends a call, with its reason", async () => {
    proxy.inject({ kind: "hang" });
    const reason = new Error("no longer wanted");
    const controller = new AbortController();
    const call = client().get(at("known"), { signal: controller.signal });
    setTimeout(() => controller.abort(reason), 100);
    await assert.rejects(call, reason);
  });

  test("no write is sent, nor sent again, without leave; reads are", async () => {
    let leading = false;
    const kube = client({ mayWrite: () => leading });
    const from = proxy.requests().length;
    const write = (): Promise<KubeObject> => kube.patch(at("known"), { metadata: { labels: { a: "b" } } });
    assert.deepEqual(await errorOf(write()).then(({ status, reason }) => [status, reason]), [0, "NotLeader"]);
    await kube.get(at("known"));
    assert.equal(proxy.requests().length - from, 1);
    leading = true;
    proxy.inject({ kind: "answer", status: 500 });
    const refused = errorOf(write());
    setTimeout(() => (leading = false), 200);
    assert.equal((await refused).reason, "NotLeader");
    assert.equal(proxy.requests().length - from, 2);
  });

  test("a write is of a term: it ends with it, and is not sent in the next one", async () => {
    const [former, next] = [new AbortController(), new AbortController()];
    let term = former.signal;
    const kube = client({ mayWrite: (signal) => signal === term });
    const write = (of: Kube): Promise<KubeObject> => of.patch(at("known"), { metadata: { labels: { a: "b" } } });
    const [first, second] = [during(kube, former.signal), during(kube, next.signal)];
    await write(first);
    assert.equal((await errorOf(write(second))).reason, "NotLeader");
    assert.equal((await errorOf(write(kube))).reason, "NotLeader", "a write of no term");
    const from = proxy.requests().length;
    const lift = proxy.inject({ kind: "hang" });
    const [hanging, ended] = [write(first), new Error("the term is over")];
    await until("it hangs", () => proxy.requests().length > from);
    term = next.signal;
    former.abort(ended);
    await assert.rejects(hanging, ended);
    lift();
    await assert.rejects(write(first), ended);
    await assert.rejects(first.get(at("known")), ended);
    await write(second);
    assert.equal(proxy.requests().length - from, 2);
  });

  test("a token is sent, from the kubeconfig or from the file that it names", async () => {
    await plane.kubectl("create", "serviceaccount", "nobody", `--namespace=${namespace}`);
    const token = (await plane.kubectl("create", "token", "nobody", `--namespace=${namespace}`)).trim();
    const tokenFile = `${plane.directory}/token`;
    writeFileSync(tokenFile, token);
    // The form that the library gives a pod's own service account.
    const users = [{ token }, { "auth-provider": { name: "tokenFile", config: { tokenFile } } }];
    for (const user of users) {
      const kubeconfig = `${plane.directory}/kubeconfig-of-nobody`;
      const cluster = { server: proxy.server, "certificate-authority": proxy.caFile };
      const configuration = {
        clusters: [{ name: "c", cluster }],
        users: [{ name: "u", user }],
        contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
        "current-context": "x",
      };
      writeFileSync(kubeconfig, JSON.stringify(configuration));
      const forbidden = await errorOf(client({ kubeconfig }).get(at("known")));
      assert.deepEqual([forbidden.status, forbidden.reason], [403, "Forbidden"]);
      assert.match(forbidden.message, new RegExp(`system:serviceaccount:${namespace}:nobody`));
    }
  });

  test("a kubeconfig that is none is an InputError", () => {
    const wrong = `${plane.directory}/wrong`;
    assert.throws(() => client({ kubeconfig: wrong }), { name: "InputError", code: "missing_file" });
    writeFileSync(wrong, "{");
    assert.throws(() => client({ kubeconfig: wrong }), { name: "InputError", code: "bad_syntax" });
    writeFileSync(wrong, "clusters: []\nusers: []\ncontexts: []\n");
    assert.throws(() => client({ kubeconfig: wrong }), { name: "InputError", code: "bad_value" });
  });
});
