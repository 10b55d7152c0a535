import { readFileSync } from "node:fs";
import { join } from "node:path";

// The programs that a control plane is made of, and where each comes from.

/** A program that runs for as long as the control plane does. */
export type Component = "etcd" | "kube-apiserver" | "kube-controller-manager" | "kube-scheduler" | "kwok";

export interface Program {
  readonly name: Component | "kubectl";
  /** Folder of `modules`: what the three need of other modules conflicts, so each has a module of its own. */
  readonly module: "kubernetes" | "etcd" | "kwok";
  /** Go package of the command. */
  readonly package: string;
}

export const programs: readonly Program[] = [
  { name: "etcd", module: "etcd", package: "go.etcd.io/etcd/server/v3" },
  { name: "kwok", module: "kwok", package: "sigs.k8s.io/kwok/cmd/kwok" },
  { name: "kube-apiserver", module: "kubernetes", package: "k8s.io/kubernetes/cmd/kube-apiserver" },
  { name: "kube-controller-manager", module: "kubernetes", package: "k8s.io/kubernetes/cmd/kube-controller-manager" },
  { name: "kube-scheduler", module: "kubernetes", package: "k8s.io/kubernetes/cmd/kube-scheduler" },
  { name: "kubectl", module: "kubernetes", package: "k8s.io/kubernetes/cmd/kubectl" },
];

export const modulesDirectory = join(import.meta.dirname, "modules");

const required = { kubernetes: "k8s.io/kubernetes", etcd: "go.etcd.io/etcd/server/v3", kwok: "sigs.k8s.io/kwok" };

/** The oldest Go that builds Kubernetes. */
export function goRequired(): string {
  const file = join(modulesDirectory, "kubernetes", "go.mod");
  return readFileSync(file, "utf8").match(/^go (\S+)/m)?.[1] ?? "";
}

/** What go.mod requires, without the `v`. It is written there alone. */
export function versionOf(module: Program["module"]): string {
  const file = join(modulesDirectory, module, "go.mod");
  const version = readFileSync(file, "utf8").match(
    new RegExp(`^(?:require)?\\s*${required[module].replaceAll(".", "\\.")} v(\\S+)`, "m"),
  )?.[1];
  if (version === undefined) throw new Error(`${file} does not require ${required[module]}`);
  return version;
}
