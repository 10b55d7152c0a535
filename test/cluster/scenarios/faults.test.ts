import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { ChaosProxy } from "../chaos-proxy.ts";
import { until } from "../control-plane/until.ts";
import type { ControllerProcess } from "../scene/controller.ts";
import { pipelineObject } from "../scene/objects.ts";
import { scaleWrites } from "../scene/scale-writes.ts";
import { openScene, withoutScene, type Scene } from "../scene/scene.ts";
import { stepsOf } from "../scene/steps.ts";
import { applySwitching, endsAsUndisturbed } from "../scene/switching.ts";

const QPS = 20;
/** What was sent in one second may be seen in the next one, seconds. */
const LATE = 1;

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
  const { begin, condition } = stepsOf(() => scene);

  /** In any second no more than the burst and what the rate lets through; the Lease is beside it. */
  function keepsToItsRate(): void {
    const times = proxy
      .requests()
      .filter(({ url }) => !url.includes("/leases"))
      .map(({ at }) => at);
    for (const seconds of [1, 10]) {
      const most = Math.max(...times.map((from) => times.filter((at) => at >= from && at < from + seconds).length));
      assert.ok(most <= 2 * QPS + QPS * (seconds + LATE), `${most} calls in ${seconds} s`);
    }
  }
  /** What was refused with `Retry-After` is left alone for that long; Events, which have one address together, are not told apart. */
  function obeysRetryAfter(seconds: number): void {
    const asked = proxy.requests().filter(({ method }) => method !== "POST");
    const early = asked.flatMap((refused, i) => {
      const again = asked.slice(i + 1).find(({ method, url }) => method === refused.method && url === refused.url);
      return refused.status === 429 && again !== undefined && again.at - refused.at < seconds ? again.url : [];
    });
    assert.deepEqual(early, []);
    assert.ok(asked.some(({ status }) => status === 429));
  }
  /** It is still the same process, and leads. */
  const lives = async (): Promise<void> => {
    assert.equal((await fetch(`${controller.url}/healthz`)).status, 200);
    assert.doesNotThrow(() => process.kill(controller.pid, 0));
  };

  const faults = [
    ["answers 409 to writes", { kind: "answer", status: 409 }, { method: /PATCH|PUT|POST/, times: 3 }],
    // Those that are forced, too: that is no number of somebody else's.
    [
      "answers 409 to numbers",
      { kind: "answer", status: 409 },
      { url: /\/scale\?/, method: "PATCH", times: 4, after: 0 },
    ],
    // All of them.
    // Each target is taken by force once all the same.
    [
      "does what is forced, and its answer is lost",
      { kind: "answered", answered: () => {}, lost: true },
      { url: /\/scale\?.*force=true/, method: "PATCH", times: 1, after: 0 },
    ],
    ["answers 410 to watches", { kind: "answer", status: 410 }, { url: /watch=true/, times: 6, after: 0 }],
    ["answers 429 and asks to be left alone", { kind: "answer", status: 429, retryAfter: 1 }, { times: 6 }],
    ["answers 500", { kind: "answer", status: 500 }, { times: 8 }],
    ["is slow", { kind: "delay", seconds: 1.5 }, { times: 12 }],
    ["breaks connections", { kind: "reset" }, { times: 6 }],
  ] as const;
  faults.forEach(([what, fault, matching], i) => {
    test(`an API server that ${what}`, async () => {
      const name = `bad-${i}`;
      proxy.inject(fault, { url: /^(?!.*\/leases)/, after: 2, ...matching });
      // Those under way end, so that new ones are begun.
      proxy.inject({ kind: "reset" }, { url: /watch=true/ })();
      await applySwitching(scene, name);
      await endsAsUndisturbed(scene, name);
      proxy.heal();
      if ("retryAfter" in fault) obeysRetryAfter(fault.retryAfter);
      keepsToItsRate();
      await lives();
    });
  });

  test("a number that is forced, and set by somebody else while its answer is lost", async () => {
    const edited: Promise<string>[] = [];
    const edit = (): void =>
      void edited.push(scene.plane.kubectl("scale", "deployment/between-small", "--replicas=12"));
    const forced = { method: "PATCH", url: /\/between-small\/scale\?.*force=true/, times: 1 };
    proxy.inject({ kind: "answered", answered: edit, lost: true }, forced);
    await begin({ name: "between" }, 30);
    await condition("between", "Applied", "False TargetPinned");
    await Promise.all(edited);
    assert.equal(edited.length, 1);
    const writes = scaleWrites(scene.ownWrites(), "between-small");
    assert.equal(writes.filter((one) => one.forced).length, 1);
    assert.equal(await scene.replicas("between-small"), 12);
    const { heldTargets = [] } = await scene.status("between");
    assert.deepEqual(
      heldTargets.map(({ name, by }) => [name, by]),
      [["between-small", "kubectl"]],
    );
    await lives();
  });

  test("a number that is on its way while somebody sets the target to 0", async () => {
    const traffic = await begin({ name: "way" }, 30);
    await condition("way", "Applied", "True Applied");
    proxy.inject({ kind: "delay", seconds: 3 }, { method: "PATCH", url: /\/way-small\/scale\?/, times: 1 });
    const from = proxy.requests().length;
    traffic.at(60);
    await until("it to be on its way", () =>
      proxy
        .requests()
        .slice(from)
        .some(({ method, url }) => method === "PATCH" && url.includes("/way-small/scale")),
    );
    await scene.plane.kubectl("scale", "deployment/way-small", "--replicas=0");
    await condition("way", "Applied", "False TargetPinned");
    assert.equal(await scene.replicas("way-small"), 0);
    await lives();
  });

  test("an API server that is restarted while a variant is switched", async () => {
    await applySwitching(scene, "restart");
    // What it does as it ends, its log may not tell.
    const isUp = (): boolean => scaleWrites(scene.ownWrites(), "restart-large").some(({ status }) => status === 200);
    await until("the switch to begin", isUp);
    await scene.plane.restartApiServer();
    await endsAsUndisturbed(scene, "restart");
    keepsToItsRate();
    await lives();
  });

  test("more pipelines than the rate has calls for", async () => {
    const names = Array.from({ length: 12 }, (_, i) => `many-${i}`);
    // Their targets are not there, and so are looked for in each turn: 48 a second.
    await scene.plane.apply(...names.map((name) => pipelineObject({ name, mode: "Observe" })));
    const last = (): number => proxy.requests().at(-1)?.at ?? 0;
    const from = last();
    await until("ten seconds of calls", () => last() - from > 12);
    const calls = proxy.requests().filter(({ at }) => at >= from).length;
    assert.ok(calls >= 8 * QPS, `${calls} calls: the rate is used up`);
    keepsToItsRate();
    await lives();
  });
});
