import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import type { RequestOptions } from "node:https";
import { InputError } from "../core/errors.ts";

/** Where every container finds who it is. */
const ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount";

/** How the Pod that this runs in reaches its API server, and by which service account. */
export interface PodAccount {
  readonly server: string;
  /** Read anew for each request: tokens expire, and the file gets another in time. */
  readonly authenticate: () => Promise<RequestOptions>;
}

/** `root` stands for the root of the Pod's file system. An InputError where this is no Pod, or one without a token. */
export function podAccount(root: string): PodAccount {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port = "443" } = process.env;
  if (host === undefined) {
    throw new InputError("missing_file", "this runs in no pod of a cluster. Name a kubeconfig file.");
  }
  const [token, authority] = [`${root}${ACCOUNT}/token`, `${root}${ACCOUNT}/ca.crt`];
  try {
    readFileSync(token);
  } catch {
    const advice = "Give the pod a serviceAccountName and automountServiceAccountToken: true.";
    throw new InputError("missing_file", `${token}: this pod has no token of a service account. ${advice}`);
  }
  return {
    server: `https://${host.includes(":") ? `[${host}]` : host}:${port}`,
    authenticate: async () => {
      const [bearer, ca] = await Promise.all([readFile(token, "utf8"), readFile(authority, "utf8")]);
      return { ca, headers: { authorization: `Bearer ${bearer.trim()}` } };
    },
  };
}
