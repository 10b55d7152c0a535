import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { request } from "node:https";
import { after, before, describe, test } from "node:test";
import type { ControlPlane } from "./control-plane/control-plane.ts";
import { startControlPlane, withoutOwnControlPlane } from "./control-plane/start.ts";

// What the tests of the controller stand on is a real control plane, and does what they take for granted.

const components = ["etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kwok"] as const;

interface DeploymentSpec {
  readonly replicas: number;
  readonly cpu: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

function deployment(name: string, { replicas, cpu, annotations = {} }: DeploymentSpec): object {
  const container = { name: "model", image: "model:1", resources: { requests: { cpu } } };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, namespace: "default" },
    spec: {
      replicas,
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name }, annotations }, spec: { containers: [container] } },
    },
  };
}

interface PodObject {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly nodeName?: string };
  readonly status: {
    readonly phase: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string; readonly reason?: string }[];
  };
}

describe("a control plane of our own", { skip: withoutOwnControlPlane() }, () => {
  let plane: ControlPlane;
  before(async () => {
    plane = await startControlPlane({ nodes: [{ name: "node-1", cpus: 4 }] });
  });
  after(() => plane.stop());

  async function podsOf(app: string): Promise<readonly PodObject[]> {
    const list = await plane.kubectl("get", "pods", `--selector=app=${app}`, "--output=json");
    return (JSON.parse(list) as { readonly items: readonly PodObject[] }).items;
  }

  function condition(pod: PodObject | undefined, type: string): string | undefined {
    return pod?.status.conditions?.find((each) => each.type === type)?.status;
  }

  function available(name: string): Promise<string> {
    return plane.kubectl("rollout", "status", `deployment/${name}`, "--timeout=60s");
  }

  test("its node is Ready and has the cores that were asked for", async () => {
    const node = await plane.kubectl("get", "node", "node-1", "--output=jsonpath={.status.allocatable.cpu}");
    assert.equal(node, "4");
  });

  test("pods are placed by the scheduler and turn Ready", async () => {
    await plane.apply(deployment("fits", { replicas: 2, cpu: "500m" }));
    await available("fits");
    const pods = await podsOf("fits");
    assert.deepEqual(
      pods.map((pod) => [pod.spec.nodeName, pod.status.phase, condition(pod, "Ready")]),
      Array(2).fill(["node-1", "Running", "True"]),
    );
  });

  test("pods for which there is no room stay Pending until there is", async () => {
    await plane.apply(deployment("big", { replicas: 1, cpu: "8" }));
    await plane.kubectl("wait", "--for=create", "pod", "--selector=app=big", "--timeout=30s");
    await plane.kubectl("wait", "--for=condition=PodScheduled=False", "pod", "--selector=app=big", "--timeout=30s");
    const [pod] = await podsOf("big");
    assert.equal(pod?.status.phase, "Pending");
    assert.equal(pod.spec.nodeName, undefined);
    await plane.addNode({ name: "node-2", cpus: 8 });
    await available("big");
    assert.equal((await podsOf("big"))[0]?.spec.nodeName, "node-2");
  });

  test("a pod may run and not be Ready, and change its mind", async () => {
    await plane.apply(
      deployment("sick", { replicas: 1, cpu: "100m", annotations: { "test.ipa/never-ready": "true" } }),
    );
    await plane.kubectl("wait", "--for=create", "pod", "--selector=app=sick", "--timeout=30s");
    await plane.kubectl("wait", "--for=condition=Ready=False", "pod", "--selector=app=sick", "--timeout=30s");
    assert.equal((await podsOf("sick"))[0]?.status.phase, "Running");
    await plane.kubectl("annotate", "pod", "--selector=app=sick", "test.ipa/never-ready-");
    await available("sick");
    await plane.kubectl("annotate", "pod", "--selector=app=sick", "test.ipa/never-ready=true");
    await plane.kubectl("wait", "--for=condition=Ready=False", "pod", "--selector=app=sick", "--timeout=30s");
  });

  test("pods start and stop as slowly as they say", async () => {
    const annotations = { "test.ipa/start-seconds": "3600", "test.ipa/stop-seconds": "3600" };
    await plane.apply(
      deployment("slow", { replicas: 1, cpu: "100m", annotations }),
      deployment("fast", { replicas: 1, cpu: "100m" }),
    );
    await available("fast");
    const [pod] = await podsOf("slow");
    assert.notEqual(condition(pod, "Ready"), "True");
    await plane.kubectl("delete", "pod", pod?.metadata.name ?? "", "--wait=false");
    await plane.kubectl("delete", "pod", "--selector=app=fast", "--timeout=30s");
    const names = (await podsOf("slow")).map(({ metadata }) => metadata.name);
    assert.ok(names.includes(pod?.metadata.name ?? ""), "the slow pod is still there, the fast one gone");
    await plane.kubectl("delete", "deployment", "slow", "fast");
  });

  test("a service account may do what RBAC lets it: server-side apply on /scale, and nothing else", async () => {
    await plane.apply(deployment("scaled", { replicas: 1, cpu: "100m" }));
    await plane.kubectl("create", "serviceaccount", "scaler");
    await plane.kubectl("create", "role", "scaler", "--verb=get,patch", "--resource=deployments/scale");
    await plane.kubectl("create", "rolebinding", "scaler", "--role=scaler", "--serviceaccount=default:scaler");
    const token = (await plane.kubectl("create", "token", "scaler")).trim();

    const deployments = "/apis/apps/v1/namespaces/default/deployments";
    const scale = `${deployments}/scaled/scale?fieldManager=scaler`;
    // Whoever sets replicas first owns them, and is overruled by force alone.
    assert.equal(await applyAs(token, scale, replicas(2)), 409);
    assert.equal(await applyAs(token, `${scale}&force=true`, replicas(2)), 200);
    assert.equal(await applyAs(token, scale, replicas(3)), 200);
    assert.equal(await applyAs(token, `${deployments}/scaled?fieldManager=scaler`, { metadata: {} }), 403);
    await available("scaled");
    assert.equal((await podsOf("scaled")).length, 3);
  });

  function replicas(count: number): object {
    return {
      apiVersion: "autoscaling/v1",
      kind: "Scale",
      metadata: { name: "scaled", namespace: "default" },
      spec: { replicas: count },
    };
  }

  /** Resolves to the status of the answer. kubectl can't apply a Scale: it looks for a resource of that kind. */
  function applyAs(token: string, path: string, body: object): Promise<number | undefined> {
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/apply-patch+yaml" };
    const options = { method: "PATCH", headers, ca: readFileSync(plane.caFile) };
    return new Promise((resolve, reject) => {
      const patch = request(`${plane.server}${path}`, options, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      patch.on("error", reject);
      patch.end(JSON.stringify(body));
    });
  }

  test("a paused scheduler leaves pods where they are", async () => {
    plane.pause("kube-scheduler");
    await plane.apply(deployment("waits", { replicas: 1, cpu: "100m" }));
    await plane.kubectl("wait", "--for=create", "pod", "--selector=app=waits", "--timeout=30s");
    assert.equal(condition((await podsOf("waits"))[0], "PodScheduled"), undefined);
    plane.resume("kube-scheduler");
    await available("waits");
  });

  test("the API server stops, starts again with what it knew, and can hang", async () => {
    await plane.stopApiServer();
    await assert.rejects(plane.kubectl("get", "nodes"), /refused/);
    await plane.startApiServer();
    assert.equal((await podsOf("scaled")).length, 3);
    await plane.apply(deployment("later", { replicas: 1, cpu: "100m" }));
    await available("later");

    plane.pause("kube-apiserver");
    await assert.rejects(plane.kubectl("get", "nodes", "--request-timeout=1s"), /Timeout|timeout|deadline/);
    plane.resume("kube-apiserver");
    await plane.kubectl("get", "nodes");
  });

  test("stopped, it leaves no process and no file", async () => {
    const pids = components.map(plane.pidOf);
    for (const pid of pids) assert.equal(isAlive(pid), true);
    await plane.stop();
    assert.deepEqual(pids.filter(isAlive), []);
    assert.equal(existsSync(plane.directory), false);
  });
});

test(
  "a program that does not start is named, with the end of its log",
  { skip: withoutOwnControlPlane() },
  async () => {
    const starting = startControlPlane({ moreArguments: { "kube-apiserver": ["--no-such-flag"] } });
    await assert.rejects(starting, /kube-apiserver ended before it was ready[^]*unknown flag: --no-such-flag/);
  },
);

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
