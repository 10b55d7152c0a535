import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { ChaosProxy } from "../chaos-proxy.ts";
import { until } from "../control-plane/until.ts";
import type { ControllerProcess } from "../scene/controller.ts";
import { openScene, withoutScene, type Scene } from "../scene/scene.ts";
import { applySwitching, endsAsUndisturbed } from "../scene/switching.ts";

const WITHIN = 90;
const QPS = 20;

describe("a cluster that answers badly", { skip: withoutScene() }, () => {
  let scene: Scene;
  let proxy: ChaosProxy;
  let controller: ControllerProcess;
  before(async () => {
    scene = await openScene({ cpus: 1000 });
    scene.traffic("all").at(6);
    proxy = await scene.proxy();
    controller = await scene.controller("--kubeconfig", proxy.kubeconfig, "--kube-qps", String(QPS));
  });
  after(() => scene?.close());

  /** In any second no more than the burst and what the rate lets through; the Lease is beside it. */
  function keepsToItsRate(): void {
    const times = proxy
      .requests()
      .filter(({ url }) => !url.includes("/leases"))
      .map(({ at }) => at);
    const within = (seconds: number): number =>
      Math.max(...times.map((from) => times.filter((at) => at >= from && at < from + seconds).length));
    assert.ok(within(1) <= 3 * QPS, `${within(1)} calls in a second`);
    assert.ok(within(10) <= 12 * QPS, `${within(10)} calls in ten seconds`);
  }
  /** It is still the same process, and leads. */
  const lives = async (): Promise<void> => {
    assert.equal((await fetch(`${controller.url}/healthz`)).status, 200);
    assert.doesNotThrow(() => process.kill(controller.pid, 0));
  };

  const faults = [
    ["answers 409 to writes", { kind: "answer", status: 409 }, /PATCH|PUT|POST/, 3],
    ["answers 410 to watches", { kind: "answer", status: 410 }, "GET", 6, /watch=true/],
    ["answers 429 and asks to be left alone", { kind: "answer", status: 429, retryAfter: 1 }, /./, 6],
    ["answers 500", { kind: "answer", status: 500 }, /./, 8],
    ["is slow", { kind: "delay", seconds: 1.5 }, /./, 12],
    ["breaks connections", { kind: "reset" }, /./, 6],
  ] as const;
  faults.forEach(([what, fault, method, times, url = /^(?!.*\/leases)/], i) => {
    test(`an API server that ${what}`, async () => {
      const name = `bad-${i}`;
      proxy.inject(fault, { method, url, times, after: 2 });
      // Those under way end, so that new ones are begun.
      proxy.inject({ kind: "reset" }, { url: /watch=true/ })();
      await applySwitching(scene, name);
      await endsAsUndisturbed(scene, name);
      proxy.heal();
      keepsToItsRate();
      await lives();
    });
  });

  test("an API server that is restarted while a variant is switched", async () => {
    await applySwitching(scene, "restart");
    await until("the switch to begin", () => scene.ownWrites().some(({ name }) => name === "restart-large"), WITHIN);
    await scene.plane.restartApiServer();
    await endsAsUndisturbed(scene, "restart");
    keepsToItsRate();
    await lives();
  });
});
