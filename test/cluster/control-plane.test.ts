import assert from "node:assert/strict";
import { existsSync } from "node:fs";
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
    return plane.kubectl("rollout", "status", `deployment/${name}`, "--timeout=30s");
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

  test("replicas are set by server-side apply on /scale", async () => {
    await plane.apply(deployment("scaled", { replicas: 1, cpu: "100m" }));
    const scale = {
      apiVersion: "autoscaling/v1",
      kind: "Scale",
      metadata: { name: "scaled", namespace: "default" },
      spec: { replicas: 3 },
    };
    const flags = ["--server-side", "--force-conflicts", "--subresource=scale", "--field-manager=scaler"];
    await plane.kubectlWith(JSON.stringify(scale), "apply", ...flags, "-f", "-");
    await available("scaled");
    assert.equal((await podsOf("scaled")).length, 3);
  });

  test("a service account has a token, and the rights that RBAC gives it", async () => {
    await plane.kubectl("create", "serviceaccount", "reader");
    await plane.kubectl("create", "role", "pod-reader", "--verb=list", "--resource=pods");
    await plane.kubectl("create", "rolebinding", "reader", "--role=pod-reader", "--serviceaccount=default:reader");
    const token = (await plane.kubectl("create", "token", "reader")).trim();
    const as = ["--kubeconfig=/dev/null", `--server=${plane.server}`, `--certificate-authority=${plane.caFile}`];
    await plane.kubectl(...as, `--token=${token}`, "get", "pods");
    await assert.rejects(plane.kubectl(...as, `--token=${token}`, "get", "secrets"), /is forbidden/);
  });

  test("the API server stops, starts again with what it knew, and hangs", async () => {
    await plane.stopApiServer();
    await assert.rejects(plane.kubectl("get", "nodes"), /refused/);
    await plane.startApiServer();
    await plane.apply(deployment("later", { replicas: 1, cpu: "100m" }));
    await available("later");
    await plane.restartApiServer();
    assert.equal((await podsOf("later")).length, 1);

    plane.pause("kube-apiserver");
    await assert.rejects(plane.kubectl("get", "nodes", "--request-timeout=1s"), /Timeout|timeout|deadline/);
    plane.resume("kube-apiserver");
    await plane.kubectl("get", "nodes");
  });

  test("a paused scheduler leaves pods where they are", async () => {
    plane.pause("kube-scheduler");
    await plane.apply(deployment("waits", { replicas: 1, cpu: "100m" }));
    await plane.kubectl("wait", "--for=create", "pod", "--selector=app=waits", "--timeout=30s");
    assert.equal(condition((await podsOf("waits"))[0], "PodScheduled"), undefined);
    plane.resume("kube-scheduler");
    await available("waits");
  });
});

test("stopped, it leaves no process and no file", { skip: withoutOwnControlPlane() }, async () => {
  const plane = await startControlPlane();
  const pids = components.map(plane.pidOf);
  for (const pid of pids) assert.equal(isAlive(pid), true);
  await plane.stop();
  assert.deepEqual(pids.filter(isAlive), []);
  assert.equal(existsSync(plane.directory), false);
});

test(
  "a program that does not start is named, with the end of its log",
  { skip: withoutOwnControlPlane() },
  async () => {
    const starting = startControlPlane({ moreArguments: { "kube-scheduler": ["--no-such-flag"] } });
    await assert.rejects(starting, /kube-scheduler ended before it was ready[^]*unknown flag: --no-such-flag/);
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
