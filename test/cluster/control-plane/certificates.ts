import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Paths of the PEM files that the programs and their clients know each other by. */
export interface Certificates {
  readonly authority: string;
  readonly authorityKey: string;
  readonly server: string;
  readonly serverKey: string;
  /** Of a member of `system:masters`, whom RBAC lets do anything. */
  readonly admin: string;
  readonly adminKey: string;
  readonly serviceAccountKey: string;
}

const SERVER_NAMES = "IP:127.0.0.1,DNS:localhost,DNS:kubernetes.default.svc";

export async function makeCertificates(directory: string): Promise<Certificates> {
  const path = (name: string): string => join(directory, name);
  const openssl = (...args: readonly string[]): Promise<unknown> => run("openssl", args, { cwd: directory });
  // In the older of the two forms of an EC key: Kubernetes reads no other where it wants a service account's public key.
  const key = (name: string): Promise<unknown> =>
    openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", name);

  await Promise.all([key("ca.key"), key("server.key"), key("admin.key"), key("service-account.key")]);
  await openssl("req", "-x509", "-key", "ca.key", "-subj", "/CN=test control plane", "-days", "2", "-out", "ca.crt");
  const signed = async (name: string, subject: string, extensions: string): Promise<void> => {
    writeFileSync(path(`${name}.ext`), extensions);
    await openssl("req", "-new", "-key", `${name}.key`, "-subj", subject, "-out", `${name}.csr`);
    // Serial numbers are random, since two runs with one file of serial numbers would race.
    const issuer = ["-CA", "ca.crt", "-CAkey", "ca.key", "-set_serial", `0x${crypto.randomUUID().replaceAll("-", "")}`];
    const signing = ["x509", "-req", "-in", `${name}.csr`, ...issuer, "-days", "2", "-extfile", `${name}.ext`];
    await openssl(...signing, "-out", `${name}.crt`);
  };
  await Promise.all([
    signed("server", "/CN=localhost", `subjectAltName=${SERVER_NAMES}\nextendedKeyUsage=serverAuth\n`),
    signed("admin", "/O=system:masters/CN=admin", "extendedKeyUsage=clientAuth\n"),
  ]);
  return {
    authority: path("ca.crt"),
    authorityKey: path("ca.key"),
    server: path("server.crt"),
    serverKey: path("server.key"),
    admin: path("admin.crt"),
    adminKey: path("admin.key"),
    serviceAccountKey: path("service-account.key"),
  };
}
