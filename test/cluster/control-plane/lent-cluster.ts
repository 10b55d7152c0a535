import { writeFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { findBinaries } from "./binaries.ts";
import type { ControlPlane } from "./control-plane.ts";
import { kubectlOf } from "./kubectl.ts";

// A cluster of the user's, say of kind, instead of one that the tests start. It is changed by the tests, so that
// KUBECONFIG is set is not enough: the user must say that it is meant.

export function isClusterLent(): boolean {
  return process.env["IPA_TEST_ON_KUBECONFIG"] === "yes" && Boolean(process.env["KUBECONFIG"]);
}

/** `directory` is empty and becomes the lent control plane's own. */
export async function borrowCluster(directory: string): Promise<ControlPlane> {
  const binaries = findBinaries();
  const binary = "missing" in binaries ? "kubectl" : join(binaries.directory, "kubectl");
  const original = kubectlOf(binary, null, directory);
  // Flattened, so that one file holds all that clients need, wherever the user's file points.
  const view = await original.run("config", "view", "--raw", "--minify", "--flatten", "--output=json");
  const kubeconfig = join(directory, "kubeconfig");
  writeFileSync(kubeconfig, view, { mode: 0o600 });
  const { cluster } = (JSON.parse(view) as Flattened).clusters[0];
  const caFile = join(directory, "ca.crt");
  writeFileSync(caFile, Buffer.from(cluster["certificate-authority-data"] ?? "", "base64"));

  const kubectl = kubectlOf(binary, kubeconfig, directory);
  return {
    kubeconfig,
    server: cluster.server,
    caFile,
    directory,
    ours: false,
    addNode: () => Promise.reject(notOurs("get a node")),
    stopApiServer: () => Promise.reject(notOurs("be stopped")),
    startApiServer: () => Promise.reject(notOurs("be started")),
    restartApiServer: () => Promise.reject(notOurs("be started again")),
    pause: () => {
      throw notOurs("be paused");
    },
    resume: () => {
      throw notOurs("be resumed");
    },
    pidOf: () => {
      throw notOurs("be looked at");
    },
    kubectl: kubectl.run,
    kubectlWith: kubectl.runWith,
    apply: kubectl.apply,
    stop: () => Promise.resolve(rmSync(directory, { recursive: true })),
  };
}

interface Flattened {
  readonly clusters: readonly [{ readonly cluster: Record<"server", string> & Partial<Record<string, string>> }];
}

function notOurs(what: string): Error {
  return new Error(`a cluster that was lent (IPA_TEST_ON_KUBECONFIG) can't ${what} by a test: ask for \`ours\` first`);
}
