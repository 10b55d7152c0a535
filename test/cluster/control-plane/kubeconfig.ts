import { writeFileSync } from "node:fs";
import type { Certificates } from "./certificates.ts";

/** Writes what clients read; JSON is YAML. */
export function writeKubeconfig(file: string, server: string, certificates: Certificates): void {
  const configuration = {
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "test", cluster: { server, "certificate-authority": certificates.authority } }],
    users: [{ name: "admin", user: { "client-certificate": certificates.admin, "client-key": certificates.adminKey } }],
    contexts: [{ name: "test", context: { cluster: "test", user: "admin" } }],
    "current-context": "test",
  };
  writeFileSync(file, JSON.stringify(configuration));
}
