import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { KubeConfig } from "@kubernetes/client-node";
import { InputError } from "../core/errors.ts";

// How the cluster is reached, and as whom.

/** Where every container finds who it is. */
const TOKEN = "/var/run/secrets/kubernetes.io/serviceaccount/token";
/** What to do where no kubeconfig is found. */
const NAME_ONE = "Give --kubeconfig, or set KUBECONFIG.";

/** A way to reach a cluster, and where it was found: for people. */
export interface Access {
  readonly config: KubeConfig;
  readonly source: string;
}

/**
 * That of a kubeconfig file; of none, as kubectl, that of the files of KUBECONFIG; else in a Pod that of its service account, elsewhere that of
 * ~/.kube/config. `podRoot` stands for the root of that Pod's file system. Throws an InputError.
 */
export function accessBy(kubeconfig: string | undefined, podRoot = ""): Access {
  if (kubeconfig !== undefined) return { config: read(kubeconfig), source: kubeconfig };
  const listed = listedPaths();
  if (listed.length > 0) return { config: together(listed), source: `KUBECONFIG=${listed.join(delimiter)}` };
  if (isOfPod(kubeconfig)) {
    return { config: ofPod(podRoot), source: "the Pod's service account" };
  }
  const usual = join(homedir(), ".kube", "config");
  if (existsSync(usual)) return { config: read(usual), source: usual };
  throw new InputError(
    "missing_file",
    `no cluster is named: this runs in no Pod, KUBECONFIG is not set, and there is no ${usual}. ${NAME_ONE}`,
  );
}

/** Whether it is reached as a Pod's service account: no kubeconfig is named, and this is a Pod. */
export function isOfPod(kubeconfig: string | undefined): boolean {
  const isNamed = kubeconfig !== undefined || listedPaths().length > 0;
  return !isNamed && process.env["KUBERNETES_SERVICE_HOST"] !== undefined;
}

function listedPaths(): readonly string[] {
  return (process.env["KUBECONFIG"] ?? "").split(delimiter).filter((path) => path !== "");
}

function ofPod(root: string): KubeConfig {
  if (!existsSync(root + TOKEN)) {
    const advice = "Give the Pod a serviceAccountName and automountServiceAccountToken: true.";
    throw new InputError("missing_file", `${root}${TOKEN}: this Pod has no token of a service account. ${advice}`);
  }
  const config = new KubeConfig();
  config.loadFromCluster(root);
  return config;
}

function read(path: string): KubeConfig {
  if (!existsSync(path)) throw new InputError("missing_file", `there is no file ${path}. ${NAME_ONE}`);
  const config = new KubeConfig();
  try {
    config.loadFromFile(path);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new InputError("bad_syntax", `${path}: this kubeconfig cannot be read (${why}).`);
  }
  return config;
}

/** As kubectl puts them together, which the library does not: of one name the first holds, and files that are not there are passed over. */
function together(paths: readonly string[]): KubeConfig {
  const there = paths.filter((path) => existsSync(path));
  if (there.length === 0) {
    const none = paths.length === 1 ? `there is no file ${paths[0]}` : `there is none of the files ${paths.join(", ")}`;
    throw new InputError("missing_file", `${none}, which KUBECONFIG names. Correct it, or give --kubeconfig.`);
  }
  const all = there.map(read);
  const config = new KubeConfig();
  config.loadFromOptions({
    clusters: firstOfEach(all.flatMap(({ clusters }) => clusters)),
    users: firstOfEach(all.flatMap(({ users }) => users)),
    contexts: firstOfEach(all.flatMap(({ contexts }) => contexts)),
    currentContext: all.map(({ currentContext }) => currentContext).find((name) => Boolean(name)),
  });
  return config;
}

function firstOfEach<T extends { readonly name: string }>(all: readonly T[]): T[] {
  return all.filter(({ name }, i) => all.findIndex((one) => one.name === name) === i);
}
