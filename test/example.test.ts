import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { parseAllDocuments } from "yaml";
import { loadPipeline } from "../src/formats/files.ts";
import { freePort } from "./cluster/control-plane/ports.ts";
import { until } from "./cluster/control-plane/until.ts";

// The example of a pipeline with all that it needs, deploy/example/video: what a cluster would not see. The rest is tried on one
// (test/cluster/install.test.ts).

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly data?: Readonly<Record<string, string>>;
  readonly spec?: {
    readonly replicas?: number;
    readonly template?: { readonly spec: { readonly containers: readonly Container[] } };
  };
}

interface Container {
  readonly env?: readonly { readonly name: string; readonly value: string }[];
  readonly resources?: { readonly requests: { readonly cpu: string } };
}

const folder = new URL("../deploy/example/video/", import.meta.url).pathname;

function manifests(file: string): readonly Manifest[] {
  return parseAllDocuments(readFileSync(join(folder, file), "utf8")).map((one) => one.toJS() as Manifest);
}

test("each variant has a Deployment without replicas that requests its cores and takes as long as its profile says", async () => {
  const { stages } = await loadPipeline(join(folder, "pipeline.yaml"));
  const deployments = new Map(manifests("models.yaml").map((one) => [one.metadata.name, one.spec]));
  const variants = stages.flatMap((stage) => stage.variants);
  assert.deepEqual(
    [...deployments.keys()],
    variants.map(({ name }) => name),
  );
  for (const { name, coresPerReplica, profile } of variants) {
    const { replicas, template } = deployments.get(name) ?? {};
    const [{ env = [], resources } = {}] = template?.spec.containers ?? [];
    assert.equal(replicas, undefined, name);
    assert.equal(Number(resources?.requests.cpu), coresPerReplica, name);
    const seconds = Number(env.find((one) => one.name === "SECONDS")?.value);
    const profiled = profile.find(({ batch }) => batch === 1)?.mean ?? NaN;
    assert.ok(Math.abs(seconds - profiled) < 0.001, `${name}: ${seconds} s, and ${profiled} s profiled`);
  }
});

test("the stand-ins answer one request after the other, and the client counts what it sends", async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "ipa-stand-in-"));
  t.after(() => rmSync(directory, { recursive: true }));
  const { data = {} } = manifests("stand-in.yaml").find(({ kind }) => kind === "ConfigMap") ?? {};
  for (const [name, text] of Object.entries(data)) writeFileSync(join(directory, name), text);
  const start = async (script: string, env: Readonly<Record<string, string>>): Promise<string> => {
    const port = String(await freePort());
    const child = spawn(process.execPath, [join(directory, script)], { env: { PORT: port, ...env }, stdio: "inherit" });
    const ended = new Promise((resolve) => child.once("exit", resolve));
    t.after(async () => {
      child.kill();
      assert.equal(await ended, 0);
    });
    return `http://127.0.0.1:${port}`;
  };
  const isReady = async (url: string): Promise<boolean> => (await fetch(`${url}/ready`)).ok;

  const second = await start("server.mjs", { SECONDS: "0.1" });
  const first = await start("server.mjs", { SECONDS: "0.05", NEXT: second });
  await until("the servers", async () => (await isReady(first)) && (await isReady(second)));
  const began = performance.now();
  const answers = await Promise.all([fetch(first), fetch(first), fetch(first)]);
  const took = (performance.now() - began) / 1000;
  assert.deepEqual(
    answers.map(({ status }) => status),
    [200, 200, 200],
  );
  // The second stage is the bottleneck: three times 0.1 s, after 0.05 s of the first.
  assert.ok(took > 0.34, `${took} s`);

  const client = await start("client.mjs", { RATE: "5", URL: first });
  const counted = async (name: string): Promise<number> =>
    Number(new RegExp(`^${name} (\\d+)$`, "m").exec(await (await fetch(client)).text())?.[1]);
  await until("requests", async () => (await counted("video_requests_total")) > 3);
  assert.equal(await counted("video_failures_total"), 0);
  const lost = await start("client.mjs", { RATE: "50", URL: `http://127.0.0.1:${await freePort()}` });
  await until("failures", async () => /^video_failures_total [1-9]/m.test(await (await fetch(lost)).text()));
  assert.match(readFileSync(join(folder, "pipeline.yaml"), "utf8"), /selector: video_requests_total$/m);
});
