import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findBinaries } from "./binaries.ts";
import { makeCertificates } from "./certificates.ts";
import { type Child, startChild } from "./child.ts";
import { argumentsOf, type Place } from "./components.ts";
import type { ControlPlane, TestNode } from "./control-plane.ts";
import { writeKubeconfig } from "./kubeconfig.ts";
import { kubectlOf } from "./kubectl.ts";
import { borrowCluster, isClusterLent } from "./lent-cluster.ts";
import { nodeObject } from "./node-object.ts";
import { freePort } from "./ports.ts";
import type { Component } from "./programs.ts";
import { untilReady } from "./readiness.ts";

export interface StartOptions {
  /** Nodes that are there and Ready at the start. A lent cluster keeps those that it has. */
  readonly nodes?: readonly TestNode[];
  /** More arguments for a program, `{ "kube-apiserver": ["--audit-log-path=…"] }`. */
  readonly moreArguments?: Partial<Readonly<Record<Component, readonly string[]>>>;
}

/** Why there can be no control plane, or false: what `test` takes as `skip`. */
export function withoutControlPlane(): string | false {
  const found = findBinaries();
  return "missing" in found && !isClusterLent() ? found.missing : false;
}

/** The same for tests that start, stop and pause programs, add nodes or read the audit log: a lent cluster is no place for them. */
export function withoutOwnControlPlane(): string | false {
  return isClusterLent()
    ? "the cluster is lent (IPA_TEST_ON_KUBECONFIG): its programs are not ours to stop, nor to give an audit log"
    : withoutControlPlane();
}

/** A control plane of its own on the loopback address, or the cluster that the user lends. */
export async function startControlPlane(options: StartOptions = {}): Promise<ControlPlane> {
  const directory = mkdtempSync(join(tmpdir(), "ipa-control-plane-"));
  if (isClusterLent()) return borrowCluster(directory);
  const binaries = findBinaries();
  if ("missing" in binaries) throw new Error(binaries.missing);

  if (isKept()) process.stderr.write(`the control plane's directory will be kept: ${directory}\n`);
  // Where the test fails before it stops what it started; the programs are ended by then.
  process.once("exit", () => removeUnlessKept(directory));
  const place = await makePlace(directory);
  const children = new Map<Component, Child>();
  const start = (component: Component): Child => {
    const more = options.moreArguments?.[component] ?? [];
    const command = [join(binaries.directory, component), ...argumentsOf(component, place), ...more];
    const child = startChild(command, join(directory, `${component}.log`));
    children.set(component, child);
    return child;
  };
  const ready = (component: Component, url: string): Promise<void> =>
    untilReady(component, start(component), url, place.certificates);
  const startApiServer = (): Promise<void> =>
    ready("kube-apiserver", `https://127.0.0.1:${place.ports.apiServer}/readyz`);
  const child = (component: Component): Child => {
    const found = children.get(component);
    if (found === undefined) throw new Error(`${component} was not started`);
    return found;
  };
  const stopApiServer = (): Promise<void> => child("kube-apiserver").kill();
  const kubectl = kubectlOf(join(binaries.directory, "kubectl"), place.kubeconfig, directory);

  const controlPlane: ControlPlane = {
    kubeconfig: place.kubeconfig,
    server: `https://127.0.0.1:${place.ports.apiServer}`,
    caFile: place.certificates.authority,
    directory,
    ours: true,
    addNode: async (node) => {
      await kubectl.apply(nodeObject(node));
      if (node.kwok ?? true) await kubectl.run("wait", "--for=condition=Ready", `node/${node.name}`, "--timeout=30s");
    },
    stopApiServer,
    startApiServer,
    restartApiServer: async () => {
      await stopApiServer();
      await startApiServer();
    },
    pause: (component) => child(component).pause(),
    resume: (component) => child(component).resume(),
    pidOf: (component) => child(component).pid,
    kubectl: kubectl.run,
    kubectlWith: kubectl.runWith,
    apply: kubectl.apply,
    stop: async () => {
      await Promise.all([...children.values()].map((each) => each.kill()));
      removeUnlessKept(directory);
    },
  };

  try {
    await ready("etcd", `http://127.0.0.1:${place.ports.etcd}/readyz`);
    await startApiServer();
    const kwok = start("kwok");
    await Promise.all([
      ready("kube-controller-manager", `https://127.0.0.1:${place.ports.controllerManager}/healthz`),
      ready("kube-scheduler", `https://127.0.0.1:${place.ports.scheduler}/healthz`),
    ]);
    if (!kwok.running()) throw new Error(`kwok ended; its log ends with\n${kwok.lastLines()}`);
    await Promise.all((options.nodes ?? []).map(controlPlane.addNode));
  } catch (error) {
    await controlPlane.stop();
    throw error;
  }
  return controlPlane;
}

/** The logs tell more than a failed test does, so that they can be kept. */
function removeUnlessKept(directory: string): void {
  if (!isKept()) rmSync(directory, { recursive: true, force: true, maxRetries: 3 });
}

function isKept(): boolean {
  return process.env["IPA_TEST_KEEP"] === "yes";
}

async function makePlace(directory: string): Promise<Place> {
  const pki = join(directory, "certificates");
  mkdirSync(pki);
  const certificates = await makeCertificates(pki);
  const ports = {
    etcd: await freePort(),
    etcdPeer: await freePort(),
    apiServer: await freePort(),
    controllerManager: await freePort(),
    scheduler: await freePort(),
  };
  const kubeconfig = join(directory, "kubeconfig");
  writeKubeconfig(kubeconfig, `https://127.0.0.1:${ports.apiServer}`, certificates);
  return { directory, kubeconfig, certificates, ports };
}
