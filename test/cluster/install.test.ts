import assert from "node:assert/strict";
import { appendFileSync, cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, mock, test } from "node:test";
import { InputError } from "../../src/core/errors.ts";
import type { PipelineStatus } from "../../src/formats/status-schema.ts";
import { connect, type Kube } from "../../src/kube/client.ts";
import { KubeError } from "../../src/kube/errors.ts";
import type { KubeObject } from "../../src/kube/objects.ts";
import { recorder } from "../../src/kube/events.ts";
import { until } from "./control-plane/until.ts";
import type { Write } from "./scene/audit.ts";
import type { ControllerProcess } from "./scene/controller.ts";
import {
  copyOfDeploy,
  HOME,
  kubeconfigOf,
  namespaceObject,
  tokenOfController,
  typed,
  USER,
  walkThrough,
} from "./scene/installation.ts";
import { scaledObjectDefinition } from "./scene/keda.ts";
import { deploymentObject, deploymentsOf, pipelineObject, profilesObject, within } from "./scene/objects.ts";
import { openScene, withoutScene, type Scene } from "./scene/scene.ts";
import { startTraffic, type Traffic } from "./scene/traffic.ts";

// deploy/ on a real API server: that it is taken, and that what it lets the controller do is enough, and no more than it does.

const skip = withoutScene();
const PATIENCE = 60;

interface Rule {
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

interface Workload {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly replicas: number };
}

interface PodSpec {
  readonly securityContext?: object;
  readonly containers: readonly { readonly args?: readonly string[]; readonly securityContext?: object }[];
}

describe("an installation", { skip }, () => {
  let scene: Scene;
  let directory: string;
  let kubeconfig: string;
  let controller: ControllerProcess;
  let flags: readonly string[];
  /** Of the example's pipeline. */
  let clients: Traffic;
  const [, install = [], recommend = [], act = []] = walkThrough();

  const typedAll = async (lines: readonly string[]): Promise<void> => {
    assert.ok(lines.length > 1);
    for (const line of lines) await typed(scene.plane, line);
  };
  const kubectl = (...args: readonly string[]): Promise<string> => scene.plane.kubectl(...args);
  const apply = (folder: string, ...more: readonly string[]): Promise<string> =>
    kubectl("apply", "--server-side", "--warnings-as-errors", "-k", join(directory, folder), ...more);
  const json = async <T>(...args: readonly string[]): Promise<T> =>
    JSON.parse(await kubectl("get", ...args, "--output=json")) as T;
  const rulesOf = async (...args: readonly string[]): Promise<readonly Rule[]> =>
    (await json<{ readonly rules?: readonly Rule[] }>(...args)).rules ?? [];
  const connected = (): Kube => connect({ kubeconfig, qps: 100, timeoutSeconds: 10, mayWrite: () => true });
  const own = (): readonly Write[] => scene.calls().filter(({ user }) => user === USER);
  const hasDone = (verb: string, resource: string): boolean =>
    own().some((call) => call.verb === verb && call.resource === resource && call.status < 300);
  const controllerTemplate = async () =>
    (
      await json<{ readonly spec: { readonly template: { readonly spec: PodSpec } } }>(
        "deployment",
        "ipa-controller",
        `-n${HOME}`,
      )
    ).spec.template.spec;
  /** Whether PodSecurity takes a Pod at home. */
  const dryRun = (spec: PodSpec): Promise<string> => {
    const pod = { apiVersion: "v1", kind: "Pod", metadata: { name: "try", namespace: HOME }, spec };
    return scene.plane.kubectlWith(
      JSON.stringify(pod),
      "create",
      "--dry-run=server",
      "--warnings-as-errors",
      "-f",
      "-",
    );
  };

  before(async () => {
    scene = await openScene({ auditReads: true });
    clients = startTraffic(scene.exposition, "video_requests_total");
    clients.at(4);
    await typedAll(install);
    directory = copyOfDeploy(scene.plane);
    await scene.plane.apply(namespaceObject(HOME, true), namespaceObject("other"), scaledObjectDefinition);
    await kubectl("wait", "--for=condition=Established", "crd/scaledobjects.keda.sh", "--timeout=30s");
    await apply("example");
    const watched = ["role.yaml", "role-bindings.yaml"].map((file) => `-f=${join(directory, "watched", file)}`);
    await scene.plane.apply(namespaceObject(LEAVING));
    await kubectl("apply", `-n${LEAVING}`, ...watched);
    kubeconfig = kubeconfigOf(scene.plane, await tokenOfController(scene.plane));
    const [container] = (await controllerTemplate()).containers;
    const args = (container?.args ?? []).slice(1).map((text) => text.replace("$(OWN_NAMESPACE)", HOME));
    const other = ["--kubeconfig", kubeconfig, "--prometheus", scene.prometheus.url, "--max-mode", "Act"];
    flags = [...args, ...other, "--namespace", LEAVING];
    controller = await scene.controller(...flags);
  });
  after(() => scene.close());

  test("passes a server-side dry run, without a warning, where PodSecurity enforces restricted", async () => {
    await apply(".", "--dry-run=server");
    const spec = await controllerTemplate();
    await dryRun(spec);
    // It is looked at: with less given up it is refused.
    const [container] = spec.containers;
    for (const less of [
      { ...spec, securityContext: { ...spec.securityContext, runAsNonRoot: false } },
      { ...spec, securityContext: { ...spec.securityContext, seccompProfile: { type: "Unconfined" } } },
      { ...spec, containers: [{ ...container, securityContext: { allowPrivilegeEscalation: true } }] },
    ]) {
      await assert.rejects(dryRun(less), /violates PodSecurity/);
    }
  });

  test("what the README shows is taken", async () => {
    const blocks = readFileSync(join(directory, "README.md"), "utf8").matchAll(/^```yaml\n([^]*?)^```/gm);
    const texts = [...blocks].map(([, text = ""]) => text);
    assert.equal(texts.length, 2);
    for (const text of texts) {
      if (!text.includes("kind: Deployment")) {
        await scene.plane.kubectlWith(text, "create", "--dry-run=server", "--warnings-as-errors", "-f", "-");
        continue;
      }
      // A patch of one's copy of the example.
      const mine = join(directory, "mine");
      cpSync(join(directory, "example"), mine, { recursive: true });
      writeFileSync(join(mine, "patch.yaml"), text);
      appendFileSync(join(mine, "kustomization.yaml"), "  - path: patch.yaml\n");
      await apply("mine", "--dry-run=server");
      assert.match(await kubectl("kustomize", mine), /--prometheus-ca=[^]*mountPath: \/prometheus/);
    }
  });

  test("two controllers run, and one may be evicted at a time", async () => {
    await until(
      "two Pods",
      async () =>
        (await kubectl("get", "deployment", "ipa-controller", `-n${HOME}`, "-o=jsonpath={.status.readyReplicas}")) ===
        "2",
      PATIENCE,
    );
    await until(
      "one that may be evicted",
      async () =>
        (await kubectl("get", "pdb", "ipa-controller", `-n${HOME}`, "-o=jsonpath={.status.disruptionsAllowed}")) ===
        "1",
      PATIENCE,
    );
  });

  test("the controller does all of its work by the Role alone", async () => {
    await scene.plane.apply(
      ...deploymentsOf(),
      workloadObject("StatefulSet", "shop-fast"),
      withTarget("shop", "StatefulSet"),
    );
    const traffic = scene.traffic();
    traffic.at(30);
    for (const kind of ["deployments", "statefulsets"]) {
      await until(`${kind} to be scaled`, () => hasDone("patch", `${kind}/scale`), PATIENCE);
    }
    for (const stage of ["detect", "classify"]) {
      await until(`the Service of ${stage}`, () => kubectl("get", "service", `shop-${stage}`, "-oname"), PATIENCE);
    }
    await until("an Event", async () => (await kubectl("get", "events", "-oname")) !== "", PATIENCE);
    await until("all to be well", async () => (await scene.condition("Ready")) === "True Ready", PATIENCE);
    const back = "back";
    const restored = pipelineObject({ name: back, spec: { onDelete: "Restore" } });
    await scene.plane.apply(...deploymentsOf(back), restored);
    scene.traffic(back).at(30);
    await until("it to act", async () => (await scene.replicas(`${back}-small`)) > 1, PATIENCE);
    await kubectl("delete", "ipl", back, "--timeout=50s");
    assert.equal(await scene.replicas(`${back}-small`), 1);
    const holder = await kubectl("get", "lease", "ipa-controller", `-n${HOME}`, "-o=jsonpath={.spec.holderIdentity}");
    assert.notEqual(holder, "");
    assert.equal(await scene.condition("Ready"), "True Ready");
    const refused = own().filter(({ status }) => status === 403);
    // By a kubeconfig it looks once whether the namespaces are there.
    const isLook = ({ verb, resource }: Write): boolean => verb === "get" && resource === "namespaces";
    assert.deepEqual(
      refused.filter((call) => !isLook(call)),
      [],
    );
    assert.equal(refused.length, [...WATCHED, LEAVING].length);
  });

  test("the example is taken as it is, recommended for, and then followed, command by command of the README", async () => {
    const status = async (): Promise<PipelineStatus> =>
      (await json<{ readonly status?: PipelineStatus }>("ipl", "video", "-nshop")).status ?? {};
    const condition = async (wanted: string): Promise<string> => {
      const found = (await status()).conditions?.find(({ type }) => type === wanted);
      return `${found?.status} ${found?.reason}`;
    };
    const planned = async (): Promise<readonly string[]> =>
      ((await status()).plan?.stages ?? []).map(({ variant, replicas }) => `${variant} x${replicas}`);
    const running = async (): Promise<readonly string[]> => {
      const { items } = await json<{ readonly items: readonly Workload[] }>("deployments", "-nshop");
      const models = items.filter(({ metadata, spec }) => /^(yolo|resnet)/.test(metadata.name) && spec.replicas > 0);
      return models.map(({ metadata, spec }) => `${metadata.name} x${spec.replicas}`);
    };
    const selected = (stage: string): Promise<string> =>
      kubectl("get", "service", `video-${stage}`, "-nshop", "-o=jsonpath={.spec.selector.app}");

    await typedAll(recommend);
    await until("it to be well", async () => (await condition("Ready")) === "True Ready", 2 * PATIENCE);
    assert.deepEqual(await planned(), ["yolov5s x1", "resnet50 x1"]);
    assert.deepEqual((await running()).toSorted(), ["resnet50 x1", "yolov5s x1"]);
    const moves = scene.ownWrites().filter(({ namespace, resource }) => namespace === "shop" && MOVES.test(resource));
    assert.deepEqual(moves, []);

    await typedAll(act);
    clients.at(20);
    await until("faster variants", async () => (await selected("object-detection")) === "yolov5n", 2 * PATIENCE);
    await until("both of them", async () => (await selected("classification")) === "resnet18", PATIENCE);
    const plan = await planned();
    assert.deepEqual(plan, ["yolov5n x2", "resnet18 x2"]);
    // The others run until the load has been known for the five minutes of the stabilisation.
    assert.deepEqual((await running()).toSorted(), [...plan, "yolov5s x1", "resnet50 x1"].toSorted());
    assert.equal(await condition("Ready"), "True Ready");
  });

  test("nothing in the Role is unused", async () => {
    // One that says again what it said is a patch; that takes minutes otherwise.
    const pipeline = await json<KubeObject>("ipl", "shop");
    const failures: unknown[] = [];
    const record = recorder(connected(), {
      component: "ipa-controller",
      instance: "test",
      onFailure: (error) => failures.push(error),
    });
    for (const _ of [1, 2]) await record(pipeline, "Normal", "Scaled", "twice");
    assert.deepEqual(failures, []);
    const used = new Set(
      own()
        // A Lease that is not there yet is asked for in vain, and by right.
        .filter(({ resource, status }) => resource !== "" && status !== 403)
        // A server-side apply that makes an object needs the right to create it, too.
        .flatMap((call) => [
          call,
          ...(call.verb === "patch" && call.status === 201 ? [{ ...call, verb: "create" }] : []),
        ])
        .map(({ verb, group, resource }) => `${verb} ${group}/${resource}`),
    );
    const rules = [
      ...(await rulesOf("role", "ipa-controller")),
      ...(await rulesOf("role", "ipa-controller-lease", `-n${HOME}`)),
      ...(await rulesOf("clusterrole", "ipa-controller-finalizers")),
    ];
    const granted = rules.flatMap(({ apiGroups = [], resources = [], verbs }) =>
      apiGroups.flatMap((group) =>
        resources.flatMap((resource) => verbs.map((verb) => `${verb} ${group}/${resource}`)),
      ),
    );
    assert.deepEqual([...used].toSorted(), [...new Set(granted)].toSorted());
  });

  test("what is not in the Role is refused", async () => {
    await scene.plane.apply({ ...deploymentObject("theirs"), metadata: { name: "theirs", namespace: "other" } });
    const kube = connected();
    const core = { group: "", version: "v1", namespace: "default" };
    const apps = { group: "apps", version: "v1", namespace: "default" };
    const lease = { group: "coordination.k8s.io", version: "v1", plural: "leases", namespace: HOME };
    const scale = { apiVersion: "autoscaling/v1", kind: "Scale", metadata: { name: "theirs" }, spec: { replicas: 9 } };
    const attempts: Readonly<Record<string, () => Promise<unknown>>> = {
      "pipelines of another namespace": () => kube.list({ ...pipelines, namespace: "other" }),
      "pipelines of all namespaces": () =>
        kube.list({ group: "ipa.dev", version: "v1alpha1", plural: "inferencepipelines" }),
      "replicas in another namespace": () =>
        kube.get({ ...apps, namespace: "other", plural: "deployments", name: "theirs", subresource: "scale" }),
      "setting replicas in another namespace": () =>
        kube.apply(
          { ...apps, namespace: "other", plural: "deployments", name: "theirs", subresource: "scale" },
          scale,
          {
            fieldManager: "ipa",
            force: true,
          },
        ),
      "its own replicas": () =>
        kube.get({ ...apps, namespace: HOME, plural: "deployments", name: "ipa-controller", subresource: "scale" }),
      Secrets: () => kube.list({ ...core, plural: "secrets" }),
      "Secrets at home": () => kube.list({ ...core, namespace: HOME, plural: "secrets" }),
      "a Deployment but for its replicas": () => kube.patch({ ...apps, plural: "deployments", name: "shop-small" }, {}),
      "replicas of another kind": () => kube.get({ ...apps, plural: "replicasets", name: "any", subresource: "scale" }),
      "a ConfigMap of another name": () => kube.get({ ...core, plural: "configmaps", name: "kube-root-ca.crt" }),
      "all ConfigMaps": () => kube.list({ ...core, plural: "configmaps" }),
      "making a Pod": () => kube.create({ ...core, plural: "pods" }, {}),
      "a Lease of another name": () => kube.get({ ...lease, name: "other" }),
      rights: () =>
        kube.create({ group: "rbac.authorization.k8s.io", version: "v1", plural: "roles", namespace: "default" }, {}),
      "a token": () => kube.create({ ...core, namespace: HOME, plural: "serviceaccounts/ipa-controller/token" }, {}),
    };
    for (const [what, attempt] of Object.entries(attempts)) {
      await assert.rejects(attempt, (error) => error instanceof KubeError && error.status === 403, what);
    }
    const others = scene
      .writes()
      .filter(
        ({ user, namespace, status }) =>
          user === USER && ![...WATCHED, LEAVING, HOME].includes(namespace) && status < 400,
      );
    assert.deepEqual(others, []);
  });

  test("Services of others, Services that lead elsewhere, and what a pipeline says are refused whatever RBAC grants", async () => {
    const services = { group: "", version: "v1", plural: "services", namespace: "default" };
    const service = (name: string, labels: object, spec: object): object => ({
      apiVersion: "v1",
      kind: "Service",
      metadata: { name, namespace: "default", labels },
      spec: { selector: { app: "any" }, ports: [{ port: 80 }], ...spec },
    });
    const labels = { "ipa.dev/pipeline": "shop" };
    const shop = { ...pipelines, name: "shop" };
    await kubectl("patch", "ipl", "shop", "--type=merge", '--patch={"metadata":{"finalizers":["test.ipa/other"]}}');
    await scene.plane.apply(within("other", pipelineObject({ mode: "Recommend" })));
    const owner = { apiVersion: "v1", kind: "ConfigMap", name: "none", uid: "0" };
    await scene.plane.apply(service("theirs", {}, {}));
    const kube = connected();
    const attempts: Readonly<Record<string, () => Promise<unknown>>> = {
      "another's": () => kube.patch({ ...services, name: "theirs" }, { spec: { selector: { app: "mine" } } }),
      "another's, by its label": () => kube.patch({ ...services, name: "theirs" }, { metadata: { labels } }),
      "what a pipeline says": () => kube.patch(shop, { spec: { mode: "Observe" } }),
      "a pipeline's annotations": () => kube.patch(shop, { metadata: { annotations: { "ipa.dev/resume": "now" } } }),
      "another's finalizer": () => kube.patch(shop, { metadata: { finalizers: null } }),
      "a pipeline's owner": () => kube.patch(shop, { metadata: { ownerReferences: [owner] } }),
      "what a pipeline of a namespace that is not watched says": () =>
        kube.patch({ ...shop, namespace: "other" }, { spec: { mode: "Observe" } }),
      "one without the label": () => kube.create(services, service("free", {}, {})),
      "taking the label away": () => kube.patch({ ...services, name: "shop-detect" }, { metadata: { labels: null } }),
      externalIPs: () => kube.create(services, service("free", labels, { externalIPs: ["192.0.2.7"] })),
      LoadBalancer: () => kube.create(services, service("free", labels, { type: "LoadBalancer" })),
      ExternalName: () =>
        kube.create(services, service("free", labels, { type: "ExternalName", externalName: "any.example" })),
    };
    for (const [what, attempt] of Object.entries(attempts)) {
      const isDenied = (error: unknown): boolean =>
        error instanceof KubeError &&
        error.status === 422 &&
        /ipa-controller may (write|change) only/.test(error.message);
      await assert.rejects(attempt, isDenied, what);
    }
    await kube.create(services, service("free", labels, {}));
    await kube.patch(shop, { metadata: { finalizers: ["test.ipa/other", "ipa.dev/restore"] } });
    await kube.patch(shop, { metadata: { finalizers: ["test.ipa/other"] } });
    await kubectl("patch", "ipl", "shop", "--type=merge", '--patch={"metadata":{"finalizers":null}}');
  });

  test("under names of its own it is held to the same", async () => {
    const folder = join(directory, "renamed");
    mkdirSync(folder);
    const names = { namePrefix: "acme-", nameSuffix: "-blue", resources: ["../example"] };
    writeFileSync(join(folder, "kustomization.yaml"), JSON.stringify(names));
    await apply("renamed");
    const policies = ["services", "pipelines"].map((of) => `ipa-controller-${of}`);
    await kubectl("delete", "validatingadmissionpolicy", ...policies);
    const renamed = ["-ndefault", "--dry-run=server", `--as=system:serviceaccount:${HOME}:acme-ipa-controller-blue`];
    const spec = JSON.stringify({ spec: { mode: "Observe" } });
    const attempts = [
      ["create", "service", "clusterip", "free", "--tcp=80"],
      ["patch", "ipl", "shop", "--type=merge", `--patch=${spec}`],
    ];
    for (const [i, attempt] of attempts.entries()) {
      const answer = (): Promise<string> => kubectl(...attempt, ...renamed).catch(String);
      // A policy is heeded soon after it was made.
      await until(`acme-${policies[i]}-blue to refuse`, async () =>
        (await answer()).includes(`acme-${policies[i]}-blue`),
      );
      assert.match(await answer(), /ipa-controller may (write|change) only/);
    }
    await kubectl("delete", "-k", folder);
    await apply("example");
  });

  test("another kind is Forbidden with the rule that is missing, and resolves once that is given", async () => {
    const name = "other-kind";
    await scene.plane.apply(
      ...deploymentsOf(name),
      workloadObject("ReplicaSet", `${name}-fast`),
      withTarget(name, "ReplicaSet"),
    );
    await until(
      "Forbidden",
      async () => (await scene.condition("TargetResolved", name)) === "False Forbidden",
      PATIENCE,
    );
    const { conditions = [] } = await scene.status(name);
    const message = conditions.find(({ type }) => type === "TargetResolved")?.message ?? "";
    const [, groups, resources, verbs] =
      /\{apiGroups: (\[.*?\]), resources: (\[.*?\]), verbs: (\[.*?\])\}/.exec(message) ?? assert.fail(message);
    const rule = [groups, resources, verbs].map((text) => JSON.parse(text ?? "") as readonly string[]);
    assert.deepEqual(rule, [["apps"], ["replicasets/scale"], ["get", "patch"]]);
    const [apiGroups = [], named = [], may = []] = rule;
    await scene.plane.apply({
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRole",
      metadata: { name: "ipa-scales-replica-sets", labels: { "ipa.dev/aggregate-to-controller": "true" } },
      rules: [{ apiGroups, resources: named, verbs: may }],
    });
    await until(
      "its target",
      async () => (await scene.condition("TargetResolved", name)) === "True Resolved",
      PATIENCE,
    );
    // In the namespaces that are watched, and in no other.
    const elsewhere = {
      group: "apps",
      version: "v1",
      plural: "replicasets",
      name: "any",
      subresource: "scale",
    } as const;
    await assert.rejects(connected().get({ ...elsewhere, namespace: "other" }), { status: 403 });
  });

  test("a namespace that is deleted goes, with pipelines that were to be restored", async () => {
    const all = { [`${LEAVING}-led`]: "Service", [`${LEAVING}-plain`]: "None" } as const;
    await scene.plane.apply(within(LEAVING, profilesObject()));
    for (const [name, dataPlane] of Object.entries(all)) {
      scene.traffic(name).at(30);
      const pipeline = pipelineObject({ name, dataPlane, spec: { onDelete: "Restore" } });
      await scene.plane.apply(...[...deploymentsOf(name), pipeline].map((object) => within(LEAVING, object)));
    }
    for (const name of Object.keys(all)) {
      const replicas = ["deployment", `${name}-small`, `-n${LEAVING}`, "-o=jsonpath={.spec.replicas}"];
      await until(`${name} to act`, async () => Number(await kubectl("get", ...replicas)) > 1, PATIENCE);
    }
    await kubectl("delete", "namespace", LEAVING, "--timeout=45s");
    const events = own().filter(({ namespace, resource }) => namespace === LEAVING && resource === "events");
    assert.ok(!events.some(({ body }) => JSON.stringify(body ?? "").includes("NotRestored")));
    // Who begins after that may not even look there, and goes on with the other namespaces.
    await controller.kill();
    controller = await scene.controller(...flags);
    await until("it to decide", () => controller.decisions().length > 0, PATIENCE);
  });

  test("applied again it keeps what was added, and deleted it leaves pipelines, replicas and Services", async () => {
    await apply("example");
    assert.equal((await rulesOf("clusterrole", "ipa-controller-other-kinds")).length, 1);
    assert.equal(await controller.stop(), 0);
    const before = await scene.replicas("shop-small");
    await kubectl("delete", "-k", join(directory, "example"));
    assert.match(await kubectl("get", "ipl", "shop", "-oname"), /shop/);
    assert.match(await kubectl("get", "service", "shop-detect", "-oname"), /shop-detect/);
    assert.equal(await scene.replicas("shop-small"), before);
    await apply("example");
  });

  test("as a Pod it finds the API server, and reads its token anew", async (t) => {
    const { hostname, port } = new URL(scene.plane.server);
    const podRoot = join(scene.plane.directory, "pod");
    const account = join(podRoot, "var/run/secrets/kubernetes.io/serviceaccount");
    const env = { ...process.env };
    t.after(() => {
      process.env = env;
      mock.timers.reset();
    });
    const asPod = (): Kube => connect({ podRoot, qps: 100, timeoutSeconds: 10, mayWrite: () => true });
    assert.throws(asPod, (error) => error instanceof InputError && /this runs in no Pod/.test(error.message));
    process.env = { ...env, KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port };
    assert.throws(asPod, (error) => error instanceof InputError && /automountServiceAccountToken/.test(error.message));

    mkdirSync(account, { recursive: true });
    cpSync(scene.plane.caFile, join(account, "ca.crt"));
    writeFileSync(join(account, "token"), "old");
    mock.timers.enable({ apis: ["Date"], now: Date.now() });
    const kube = asPod();
    await assert.rejects(kube.list(pipelines), { status: 401 });
    writeFileSync(join(account, "token"), await tokenOfController(scene.plane));
    mock.timers.tick(61_000);
    const { items } = await kube.list(pipelines);
    assert.ok(items.length > 0);
  });
});

/** What moves replicas or requests. */
const MOVES = /\/scale$|^services$/;

const WATCHED = ["default", "shop"];
/** Is watched too, until it is deleted. */
const LEAVING = "leaving";

const pipelines = { group: "ipa.dev", version: "v1alpha1", plural: "inferencepipelines", namespace: "default" };

/** A pipeline one of whose targets is of another kind. */
function withTarget(name: string, kind: string): object {
  const object = pipelineObject({ name, dataPlane: kind === "StatefulSet" ? "Service" : "None" });
  const [detect, classify] = object.spec.stages;
  const [fast, ...others] = classify?.variants ?? [];
  const scaleTargetRef = { kind, name: `${name}-fast` };
  const stages = [detect, { ...classify, variants: [{ ...fast, scaleTargetRef }, ...others] }];
  return { ...object, spec: { ...object.spec, stages } };
}

function workloadObject(kind: string, name: string): object {
  const { metadata, spec } = deploymentObject(name);
  return {
    apiVersion: "apps/v1",
    kind,
    metadata,
    spec: kind === "StatefulSet" ? { ...spec, serviceName: name } : spec,
  };
}
