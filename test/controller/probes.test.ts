import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { serveProbes } from "../../src/controller/probes.ts";

const probes = { healthy: () => true, ready: () => false, metrics: () => Promise.resolve("ipa_leader 1\n") };

test("of port 0 it is told which one was found", async () => {
  const server = await serveProbes(0, probes);
  const status = async (path: string): Promise<number> =>
    (await fetch(`http://localhost:${server.port}${path}`)).status;
  assert.deepEqual(await Promise.all(["/healthz", "/readyz", "/metrics", "/"].map(status)), [200, 503, 200, 404]);
  server.close();
});

test("a port that is taken is wrong input, and what to do is said", async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, resolve));
  const { port } = other.address() as AddressInfo;
  await assert.rejects(serveProbes(port, probes), {
    name: "InputError",
    message: `port ${port} is taken. Name another with --port, or 0 for any.`,
  });
  other.close();
});
