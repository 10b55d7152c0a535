import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { connect, type Kube } from "../../src/kube/client.ts";
import type { KubeError } from "../../src/kube/errors.ts";
import { type RecordEvent, recorder } from "../../src/kube/events.ts";
import type { KubeObject } from "../../src/kube/objects.ts";
import { fakeClock } from "../kube/fake-clock.ts";
import { type ChaosProxy, startChaosProxy } from "./chaos-proxy.ts";
import type { ControlPlane } from "./control-plane/control-plane.ts";
import { startControlPlane, withoutControlPlane } from "./control-plane/start.ts";

const namespace = `kube-events-${crypto.randomUUID().slice(0, 8)}`;
const events = { group: "events.k8s.io", version: "v1", plural: "events", namespace };

describe("Events are written", { skip: withoutControlPlane() }, () => {
  let plane: ControlPlane;
  let proxy: ChaosProxy;
  let kube: Kube;
  before(async () => {
    plane = await startControlPlane();
    proxy = await startChaosProxy(plane.kubeconfig);
    kube = connect({ kubeconfig: proxy.kubeconfig, qps: 1000, timeoutSeconds: 5, mayWrite: () => true });
    await plane.kubectl("create", "namespace", namespace);
  });
  after(async () => {
    await proxy?.close();
    await plane?.kubectl("delete", "namespace", namespace, "--wait=false");
    await plane?.stop();
  });

  const clock = fakeClock();
  const failures: unknown[] = [];
  const make = (): RecordEvent =>
    recorder(kube, {
      component: "ipa.test/controller",
      instance: "one",
      onFailure: (error) => failures.push(error),
      clock,
    });
  const configMap = (name: string): Promise<KubeObject> =>
    kube.create(
      { group: "", version: "v1", plural: "configmaps", namespace },
      { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace } },
    );
  const eventsAbout = async (name: string): Promise<readonly KubeObject[]> =>
    (await kube.list(events)).items.filter(({ regarding }) => (regarding as { readonly name: string }).name === name);
  /** How often each Event about it says that it happened, fewest first. */
  const countsAbout = async (name: string): Promise<readonly number[]> => {
    const counts = (await eventsAbout(name)).map(
      ({ series }) => (series as { readonly count: number } | undefined)?.count,
    );
    return counts.map((count) => count ?? 1).toSorted((a, b) => a - b);
  };

  test("one that is repeated is counted, one that says something else is not", async () => {
    const about = await configMap("repeated");
    const record = make();
    await record(about, "Normal", "Scaled", "from 1 to 2");
    const [event] = await eventsAbout("repeated");
    assert.ok(event !== undefined);
    const { type, reason, note, action, reportingController, regarding } = event;
    assert.deepEqual(
      { type, reason, note, action, reportingController },
      {
        type: "Normal",
        reason: "Scaled",
        note: "from 1 to 2",
        action: "Scaled",
        reportingController: "ipa.test/controller",
      },
    );
    assert.equal((regarding as { readonly uid: string }).uid, about.metadata.uid);
    await record(about, "Normal", "Scaled", "from 1 to 2");
    await record(about, "Normal", "Scaled", "from 2 to 1");
    await Promise.all([1, 2, 3].map(() => record(about, "Normal", "Scaled", "from 1 to 2")));
    assert.deepEqual(await countsAbout("repeated"), [1, 5]);
    const shown = await plane.kubectl("get", "events", `--namespace=${namespace}`, "--field-selector=reason=Scaled");
    assert.match(shown, /from 1 to 2/);
  });

  test("after ten minutes it is a new one", async () => {
    const about = await configMap("later");
    const record = make();
    await record(about, "Warning", "Late", "again");
    await clock.advance(599);
    await record(about, "Warning", "Late", "again");
    await clock.advance(600);
    await record(about, "Warning", "Late", "again");
    assert.deepEqual(await countsAbout("later"), [1, 2]);
  });

  test("one that was thrown away meanwhile is written anew", async () => {
    const about = await configMap("away");
    const record = make();
    await record(about, "Normal", "Away", "here");
    await plane.kubectl("delete", "events", `--namespace=${namespace}`, "--field-selector=reason=Away");
    await record(about, "Normal", "Away", "here");
    assert.deepEqual(await countsAbout("away"), [2]);
  });

  test("a failure is told and not thrown, and the next one counts it", async () => {
    const about = await configMap("failing");
    const record = make();
    assert.deepEqual(failures, []);
    const lift = proxy.inject({ kind: "answer", status: 403 });
    await record(about, "Normal", "Failing", "x");
    lift();
    assert.deepEqual(
      failures.splice(0).map((error) => (error as KubeError).reason),
      ["Forbidden"],
    );
    await record(about, "Normal", "Failing", "x");
    assert.deepEqual(await countsAbout("failing"), [2]);
  });

  test("a note that is too long is cut, and an object without a namespace has its Events in default", async () => {
    const record = make();
    await record(await configMap("long"), "Normal", "Long", "ö".repeat(2000));
    const node = { apiVersion: "v1", kind: "Node", metadata: { name: "nowhere", uid: "1" } };
    await record(node, "Normal", "Nowhere", "x");
    assert.deepEqual(failures, []);
    const [long] = await eventsAbout("long");
    assert.match(String(long?.["note"]), /ö…$/);
  });
});
