import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PIPELINES } from "../../../src/controller/pipelines.ts";
import type { PipelineStatus } from "../../../src/formats/status-schema.ts";
import { connect } from "../../../src/kube/client.ts";
import { groupVersion, type KubeObject } from "../../../src/kube/objects.ts";
import { startChaosProxy, type ChaosProxy } from "../chaos-proxy.ts";
import { findBinaries } from "../control-plane/binaries.ts";
import type { ControlPlane } from "../control-plane/control-plane.ts";
import { startExposition, type Exposition } from "../control-plane/exposition.ts";
import { freePort } from "../control-plane/ports.ts";
import { startPrometheus, type Prometheus } from "../control-plane/prometheus.ts";
import { startControlPlane, withoutOwnControlPlane } from "../control-plane/start.ts";
import { auditArguments, auditIn, type Write } from "./audit.ts";
import { startController, type ControllerProcess } from "./controller.ts";
import { established } from "./established.ts";
import { profilesObject } from "./objects.ts";
import { startTraffic, type Traffic } from "./traffic.ts";

/** A cluster with all that a controller meets: what each scenario begins with. */
export interface Scene {
  readonly plane: ControlPlane;
  readonly prometheus: Prometheus;
  readonly exposition: Exposition;
  /** Requests of a pipeline, from a rate of 0 on. */
  readonly traffic: (pipeline?: string, gap?: () => number) => Traffic;
  /** Starts `ipa control` on namespace "default". */
  readonly controller: (...more: readonly string[]) => Promise<ControllerProcess>;
  /** Stands before the API server, until the scene is closed. */
  readonly proxy: () => Promise<ChaosProxy>;
  /** Every write that was asked for since the scene began, oldest first. */
  readonly writes: () => readonly Write[];
  /** The same with the reads, where they are audited. */
  readonly calls: () => readonly Write[];
  /** Those of controllers alone, but for leases. */
  readonly ownWrites: () => readonly Write[];
  /** An object of namespace "default" as it is now; rejects with a KubeError if there is none. No program is started for it. */
  readonly read: (kind: keyof typeof KINDS, name: string) => Promise<KubeObject>;
  readonly status: (pipeline?: string) => Promise<PipelineStatus>;
  /** `True`, `False` or `Unknown`, and the reason: "False TargetPinned". */
  readonly condition: (type: string, pipeline?: string) => Promise<string>;
  /** Replicas that a Deployment is to have. */
  readonly replicas: (deployment: string) => Promise<number>;
  readonly close: () => Promise<void>;
}

const KINDS = {
  InferencePipeline: PIPELINES,
  Deployment: { ...groupVersion("apps/v1"), plural: "deployments" },
  Service: { ...groupVersion("v1"), plural: "services" },
} as const;

/** Why there can be no scene, or false. */
export function withoutScene(): string | false {
  const without = withoutOwnControlPlane();
  if (without !== false) return without;
  const found = findBinaries();
  return "prometheus" in found && found.prometheus === null
    ? "there is no prometheus; get it by: npm run cluster:get"
    : false;
}

export interface SceneOptions {
  /** Cores of each node. */
  readonly cpus?: number;
  /** How many; each takes a thousand Pods. */
  readonly nodes?: number;
  readonly scrapeSeconds?: number;
  /** Whether reads are kept, too. */
  readonly auditReads?: boolean;
}

export async function openScene(options: SceneOptions = {}): Promise<Scene> {
  const { cpus = 64, nodes = 1, scrapeSeconds = 0.5, auditReads = false } = options;
  const directory = mkdtempSync(join(tmpdir(), "ipa-scene-"));
  // Where it is ended before it is closed.
  process.once("exit", () => rmSync(directory, { recursive: true, force: true }));
  const plane = await startControlPlane({
    nodes: Array.from({ length: nodes }, (_, n) => ({ name: `node-${n + 1}`, cpus })),
    moreArguments: { "kube-apiserver": auditArguments(directory, auditReads) },
  });
  const exposition = await startExposition();
  const found = findBinaries();
  if (!("prometheus" in found) || found.prometheus === null) throw new Error("there is no prometheus");
  const prometheus = await startPrometheus({
    binary: found.prometheus,
    directory,
    targets: [exposition.target],
    scrapeSeconds,
  });
  await plane.kubectl("apply", "--server-side", "-f", new URL("../../../deploy/crd.yaml", import.meta.url).pathname);
  await established(plane, "inferencepipelines.ipa.dev");
  await plane.apply(profilesObject());

  const controllers: ControllerProcess[] = [];
  const proxies: ChaosProxy[] = [];
  const audit = auditIn(directory);
  const { get } = connect({ kubeconfig: plane.kubeconfig, qps: 1000, timeoutSeconds: 10, mayWrite: () => false });
  const read = (kind: keyof typeof KINDS, name: string): Promise<KubeObject> =>
    get({ ...KINDS[kind], namespace: "default", name });
  const status = async (pipeline = "shop"): Promise<PipelineStatus> => {
    const { status: told = {} } = await read("InferencePipeline", pipeline);
    return told as PipelineStatus;
  };
  return {
    plane,
    prometheus,
    exposition,
    traffic: (pipeline = "shop", gap) => startTraffic(exposition, `requests_total{pipeline="${pipeline}"}`, gap),
    controller: async (...more) => {
      const flags = ["--namespace", "default", "--prometheus", prometheus.url, "--kube-qps", "100", ...more];
      const controller = startController({
        kubeconfig: plane.kubeconfig,
        port: await freePort(),
        more: flags,
        directory,
      });
      controllers.push(controller);
      return controller;
    },
    proxy: async () => {
      const proxy = await startChaosProxy(plane.kubeconfig);
      proxies.push(proxy);
      return proxy;
    },
    ...audit,
    ownWrites: () => audit.writes().filter(({ agent, resource }) => agent.startsWith("ipa/") && resource !== "leases"),
    read,
    status,
    condition: async (type, pipeline) => {
      const found = (await status(pipeline)).conditions?.find((one) => one.type === type);
      return found === undefined ? "" : `${found.status} ${found.reason}`;
    },
    replicas: async (deployment) => {
      const { spec } = await read("Deployment", deployment);
      return (spec as { readonly replicas: number }).replicas;
    },
    close: async () => {
      await Promise.all(controllers.map((controller) => controller.kill()));
      await Promise.all([prometheus.stop(), exposition.close(), plane.stop()]);
      await Promise.all(proxies.map((proxy) => proxy.close()));
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
