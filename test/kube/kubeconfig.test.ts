import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { after, beforeEach, test } from "node:test";
import { InputError } from "../../src/core/errors.ts";
import { accessBy, isOfPod } from "../../src/kube/kubeconfig.ts";

const folder = mkdtempSync(join(tmpdir(), "ipa-kubeconfig-"));
// Of this process alone: each test file has its own.
beforeEach(() => {
  delete process.env["KUBECONFIG"];
  delete process.env["KUBERNETES_SERVICE_HOST"];
  process.env["HOME"] = folder;
});
after(() => rmSync(folder, { recursive: true }));

interface Entries {
  readonly clusters?: Readonly<Record<string, string>>;
  readonly contexts?: Readonly<Record<string, string>>;
  readonly current?: string;
}

/** Writes a kubeconfig: addresses of clusters, clusters of contexts, and the current context. */
function file(name: string, { clusters = {}, contexts = {}, current = "" }: Entries): string {
  const path = join(folder, name);
  const text = {
    apiVersion: "v1",
    kind: "Config",
    clusters: Object.entries(clusters).map(([of, server]) => ({ name: of, cluster: { server } })),
    contexts: Object.entries(contexts).map(([of, cluster]) => ({ name: of, context: { cluster, user: "u" } })),
    users: [{ name: "u", user: { token: name } }],
    "current-context": current,
  };
  writeFileSync(path, JSON.stringify(text));
  return path;
}

function serverBy(kubeconfig?: string): string | undefined {
  return accessBy(kubeconfig).config.getCurrentCluster()?.server;
}

const one = (server: string, name: string): string =>
  file(name, { clusters: { c: server }, contexts: { x: "c" }, current: "x" });

function refusal(kubeconfig?: string): string {
  let message = "";
  assert.throws(
    () => accessBy(kubeconfig),
    (error) => error instanceof InputError && (message = error.message) !== "",
  );
  return message;
}

test("the file that is given comes before KUBECONFIG, that before the Pod, and that before ~/.kube/config", () => {
  assert.match(refusal(), /no Pod, KUBECONFIG is not set, and there is no .*\.kube\/config\. Give --kubeconfig/);
  mkdirSync(join(folder, ".kube"));
  one("http://home", ".kube/config");
  assert.equal(serverBy(), "http://home");
  process.env["KUBERNETES_SERVICE_HOST"] = "10.0.0.1";
  assert.match(refusal(), /this Pod has no token/);
  assert.equal(isOfPod(undefined), true);
  assert.equal(isOfPod("given"), false);
  process.env["KUBECONFIG"] = one("http://variable", "variable");
  assert.equal(serverBy(), "http://variable");
  assert.equal(isOfPod(undefined), false);
  assert.equal(serverBy(one("http://flag", "flag")), "http://flag");
});

test("of several files the first that has a name holds, and the first current context; what is not there is passed over", () => {
  const first = file("first", { clusters: { a: "http://first" }, contexts: { x: "a" } });
  const second = file("second", {
    clusters: { a: "http://second", b: "http://b" },
    contexts: { x: "b", y: "b" },
    current: "x",
  });
  const third = file("third", { current: "y" });
  process.env["KUBECONFIG"] = ["", join(folder, "absent"), first, second, third].join(delimiter);
  const { config } = accessBy(undefined);
  assert.equal(config.getCurrentContext(), "x");
  assert.equal(config.getCurrentCluster()?.server, "http://first");
  assert.deepEqual(
    config.clusters.map(({ name, server }) => [name, server]),
    [
      ["a", "http://first"],
      ["b", "http://b"],
    ],
  );
  assert.equal(config.getCurrentUser()?.token, "first");
});

test("what is not there is named, with what to do", () => {
  const absent = join(folder, "absent");
  assert.equal(refusal(absent), `there is no file ${absent}. Give --kubeconfig, or set KUBECONFIG.`);
  process.env["KUBECONFIG"] = absent;
  assert.match(refusal(), /there is no file .*absent, which KUBECONFIG names\. Correct it, or give --kubeconfig\./);
  process.env["KUBECONFIG"] = [absent, `${absent}2`].join(delimiter);
  assert.match(refusal(), /none of the files .*absent, .*absent2/);
  const broken = join(folder, "broken");
  writeFileSync(broken, "clusters: [");
  assert.match(refusal(broken), /broken: this kubeconfig cannot be read \(/);
});
