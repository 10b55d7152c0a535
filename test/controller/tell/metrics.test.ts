import assert from "node:assert/strict";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { controllerMetrics } from "../../../src/controller/tell/metrics.ts";

test("replicas that are shown no more are gone at once, also those that were desired, and errors of profiles", async () => {
  const metrics = controllerMetrics();
  const of = (pipeline: string, variant: string) => ({ namespace: "n", pipeline, stage: "s", variant });
  metrics.showReplicas(of("p", "a"), 2);
  metrics.showSignal(of("p", "a"), 2);
  metrics.showReplicas(of("p", "b"), 0);
  metrics.showProfileError(of("p", "a"), 0.5);
  metrics.showReplicas(of("q", "a"), 5);
  metrics.withdrawVariants({ namespace: "n", pipeline: "p" });
  metrics.showReplicas(of("p", "b"), 3);
  const shown = (await metrics.registry.metrics())
    .split("\n")
    .filter((line) => /^ipa_\w+_(?:replicas|ratio)\{/.test(line));
  assert.deepEqual(shown.toSorted(), [
    'ipa_recommended_replicas{namespace="n",pipeline="p",stage="s",variant="b"} 3',
    'ipa_recommended_replicas{namespace="n",pipeline="q",stage="s",variant="a"} 5',
  ]);
});

test("of a pipeline that is gone nothing is left, counters neither; of others, and of the controller itself, all is", async () => {
  const metrics = controllerMetrics();
  for (const pipeline of ["p", "q"]) {
    const of = { namespace: "n", pipeline };
    metrics.decisions.inc({ ...of, direction: "up", reason: "First" });
    metrics.writes.inc(of);
    metrics.missed.inc(of);
    metrics.cores.set(of, 2);
    metrics.condition.set({ ...of, type: "Ready" }, 1);
    metrics.showReplicas({ ...of, stage: "s", variant: "a" }, 2);
    metrics.showSignal({ ...of, stage: "s", variant: "a" }, 2);
  }
  metrics.calls.inc({ verb: "get", status: 200 });
  metrics.leader.set(1);
  const naming = async (pipeline: string) => {
    const text = await metrics.registry.metrics();
    return text.split("\n").filter((line) => line.includes(`pipeline="${pipeline}"`)).length;
  };
  const before = await naming("q");
  assert.equal(await naming("p"), before);
  assert.equal(before, 7);
  await metrics.forget({ namespace: "n", pipeline: "p" });
  assert.deepEqual([await naming("p"), await naming("q")], [0, before]);
  await metrics.forget(null);
  assert.equal(await naming("q"), 0);
  const left = await metrics.registry.metrics();
  assert.match(left, /ipa_kube_calls_total\{verb="get",status="200"\} 1/);
  assert.match(left, /ipa_leader 1/);
});

test("nor anything in memory", async () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const metrics = controllerMetrics();
  const show = (pipeline: string): WeakRef<object> => {
    const labels = { namespace: "n", pipeline, stage: "s", variant: "a" };
    metrics.showReplicas(labels, 1);
    return new WeakRef(labels);
  };
  const [p, q, other] = [show("p"), show("q"), show("other")];
  await metrics.forget({ namespace: "n", pipeline: "p" });
  // What a WeakRef was asked for stays until the turn of the event loop is over.
  await new Promise(setImmediate);
  collect();
  assert.deepEqual([p.deref(), q.deref() === undefined], [undefined, false]);
  await metrics.forget(null);
  await new Promise(setImmediate);
  collect();
  assert.deepEqual([q.deref(), other.deref()], [undefined, undefined]);
});
