import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ControlPlane } from "../control-plane/control-plane.ts";

// The controller as deploy/ installs it, and its service account.

const deploy = new URL("../../../deploy", import.meta.url).pathname;

/** The namespace that the controller lives in. */
export const HOME = "ipa-system";
export const USER = `system:serviceaccount:${HOME}:ipa-controller`;

/** Makes namespaces; none takes Pods or workloads that PodSecurity's `restricted` forbids or warns of where it is `restricted`. */
export function namespaceObject(name: string, restricted = false): object {
  const levels = ["enforce", "warn"].map((mode) => [`pod-security.kubernetes.io/${mode}`, "restricted"]);
  const labels = restricted ? Object.fromEntries(levels) : {};
  return { apiVersion: "v1", kind: "Namespace", metadata: { name, labels } };
}

/** A copy of deploy/ whose example watches the namespace "default". Returns its directory. */
export function copyOfDeploy(plane: ControlPlane): string {
  const directory = join(plane.directory, "deploy");
  cpSync(deploy, directory, { recursive: true });
  for (const file of ["example/kustomization.yaml", "example/shop/kustomization.yaml"]) {
    const path = join(directory, file);
    const text = readFileSync(path, "utf8");
    writeFileSync(
      path,
      text.replace("--namespace=shop", "--namespace=default").replace(/^namespace: shop$/m, "namespace: default"),
    );
  }
  return directory;
}

/** A token of the controller's service account, as its Pods get one. */
export async function tokenOfController(plane: ControlPlane): Promise<string> {
  return (await plane.kubectl("create", "token", "ipa-controller", `--namespace=${HOME}`)).trim();
}

/** A kubeconfig with that token and nothing else. Returns its path. */
export function kubeconfigOf(plane: ControlPlane, token: string): string {
  const file = join(plane.directory, "service-account.kubeconfig");
  const configuration = {
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "test", cluster: { server: plane.server, "certificate-authority": plane.caFile } }],
    users: [{ name: "controller", user: { token } }],
    contexts: [{ name: "test", context: { cluster: "test", user: "controller" } }],
    "current-context": "test",
  };
  writeFileSync(file, JSON.stringify(configuration), { mode: 0o600 });
  return file;
}
