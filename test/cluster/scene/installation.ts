import { execFile } from "node:child_process";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { findBinaries } from "../control-plane/binaries.ts";
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

/** A copy of deploy/ whose example watches the namespace "default" too, as the README says. Returns its directory. */
export function copyOfDeploy(plane: ControlPlane): string {
  const directory = join(plane.directory, "deploy");
  cpSync(deploy, directory, { recursive: true });
  const example = join(directory, "example");
  cpSync(join(example, "shop"), join(example, "default"), { recursive: true });
  rewrite(join(example, "default/kustomization.yaml"), "namespace: shop", "namespace: default");
  rewrite(join(example, "kustomization.yaml"), "  - shop\n", "  - shop\n  - default\n");
  return directory;
}

function rewrite(path: string, from: string, to: string): void {
  writeFileSync(path, readFileSync(path, "utf8").replace(from, to));
}

/** The walk-through of deploy/README.md, by block: the commands of kubectl that end. */
export function walkThrough(): readonly (readonly string[])[] {
  const [, section = ""] = readFileSync(join(deploy, "README.md"), "utf8").split(/^## (?=From nothing)/m);
  const [text = ""] = section.split(/^## /m);
  const isRun = (line: string): boolean => line.startsWith("kubectl ") && !line.includes("--watch");
  return [...text.matchAll(/^```\n([^]*?)^```/gm)].map(([, block = ""]) => block.split("\n").filter(isRun));
}

/** Runs a command line as its reader does, from the root of the repository. Rejects where it fails or warns. */
export async function typed(plane: ControlPlane, line: string): Promise<void> {
  const found = findBinaries();
  if ("missing" in found) throw new Error(found.missing);
  const env = {
    ...process.env,
    PATH: [found.directory, process.env["PATH"]].join(delimiter),
    KUBECONFIG: plane.kubeconfig,
    KUBECACHEDIR: join(plane.directory, "kubectl-cache"),
  };
  const { stderr } = await promisify(execFile)("sh", ["-c", line], { cwd: join(deploy, ".."), env });
  if (stderr.includes("Warning:")) throw new Error(`${line}: ${stderr}`);
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
