import assert from "node:assert/strict";
import { test } from "node:test";
import type { Answer, Context } from "../../../src/controller/context.ts";
import { bad, good, notKnown, type Standings } from "../../../src/controller/tell/conditions.ts";
import type { Known } from "../../../src/controller/known.ts";
import { memoryFrom, type Memory } from "../../../src/controller/memory.ts";
import { controllerMetrics } from "../../../src/controller/tell/metrics.ts";
import { logTo } from "../../../src/controller/tell/log.ts";
import { report } from "../../../src/controller/tell/report.ts";
import type { Mode } from "../../../src/core/control.ts";
import type { MeasuredLoad } from "../../../src/core/counters.ts";
import type { StageRollout } from "../../../src/core/rollout.ts";
import type { PipelineStatus } from "../../../src/formats/status-schema.ts";

const NOW = 1_800_000_000;
const DAY = 86_400;
const object = { apiVersion: "ipa.dev/v1alpha1", kind: "InferencePipeline", metadata: { name: "p", namespace: "n" } };
const known = { object, namespace: "n", name: "p", built: { problem: {} }, holds: () => true } as unknown as Known;
const standings = notKnown("");

async function reported(rollout: StageRollout, answer?: Answer, mode: Mode = "Act") {
  const written: PipelineStatus[] = [];
  const apply = async (_at: object, body: { readonly status: PipelineStatus }) => void written.push(body.status);
  const log = { ready: () => {} };
  const context = { clock: () => NOW, metrics: controllerMetrics(), log, kube: { apply } } as unknown as Context;
  const before: Memory = { ...memoryFrom(object, NOW), state: { rollouts: { s: rollout } } };
  const told = { standings, mode, ...(answer === undefined ? {} : { answer, id: "1" }) };
  const { state } = await report(context, known, before, told);
  return { rollouts: state?.rollouts, status: written.at(-1) };
}

const progress = { variant: "a", replicas: 4, ready: 1, since: NOW - 100 };
const switching = {
  from: { stage: "s", variant: "b", batch: 1, batchTimeout: 0, replicas: 2 },
  phase: "Preparing",
  since: NOW - 100,
} as const;

test("a turn without a decision, as of a paused pipeline, ends the waiting for replicas, in the memory and in the status", async () => {
  const { rollouts, status } = await reported({ progress, switching, setbacks: [] });
  assert.deepEqual(rollouts, { s: { switching, setbacks: [] } });
  assert.equal(status?.rollouts?.[0]?.progress, undefined);
  assert.equal(status?.rollouts?.[0]?.switching?.phase, "Preparing");
});

test("what is only recommended is under way nowhere", async () => {
  const { status } = await reported({ progress, switching, setbacks: [] }, undefined, "Recommend");
  assert.equal(status?.rollouts, undefined);
});

test("one with a decision does not", async () => {
  const decision = { at: NOW, load: null, planned: null, plan: [], change: 0, outcome: null, reason: "unchanged" };
  const answer = { seen: {}, decision, promised: null, seconds: 0 } as unknown as Answer;
  const { rollouts, status } = await reported({ progress, setbacks: [] }, answer);
  assert.deepEqual(rollouts?.["s"]?.progress, progress);
  assert.equal(status?.rollouts?.[0]?.progress?.variant, "a");
});

test("times in which nobody looks at the load do not count for what has to be known of it for long", async () => {
  const apply = async () => {};
  const log = { ready: () => {} };
  const context = { clock: () => NOW, metrics: controllerMetrics(), log, kube: { apply } } as unknown as Context;
  const after = async (downFrom: number | null, told: { readonly measured?: MeasuredLoad }) => {
    const before: Memory = { ...memoryFrom(object, NOW), downFrom };
    return (await report(context, known, before, { standings, mode: "Act", ...told })).downFrom;
  };
  const measured = { load: { end: NOW, step: 1, rates: [1] } };
  assert.equal(await after(NOW + 100, {}), null);
  assert.equal(await after(NOW + 100, { measured }), NOW + 100);
  assert.equal(await after(NOW - 100, {}), NOW - 100);
});

test("setbacks that ended long ago leave the status where nothing is decided, too", async () => {
  const setback = { variant: "a", most: 0, until: NOW - DAY + 1, failures: 1 };
  const { rollouts } = await reported({ setbacks: [setback, { ...setback, variant: "b", until: NOW - DAY }] });
  assert.deepEqual(rollouts, { s: { setbacks: [setback] } });
  assert.equal((await reported({ setbacks: [{ ...setback, until: NOW - DAY }] })).status?.rollouts, undefined);
});

test("a plan that was only found, and never looked at, is not said to be infeasible", async () => {
  const found = { stage: "s", variant: "a", batch: 1, batchTimeout: 0, replicas: 1 };
  const decision = {
    at: NOW,
    load: null,
    planned: null,
    plan: [found],
    change: 0,
    outcome: null,
    reason: "held-no-data",
  };
  const answer = { seen: {}, decision, promised: null, seconds: 0 } as unknown as Answer;
  const { status } = await reported({ setbacks: [] }, answer);
  assert.deepEqual(status?.plan?.stages.length, 1);
  assert.equal(status.plan.feasible, undefined);
});

test("a line is logged when a pipeline is no longer ready, for another reason, and when it is again, and not between", async () => {
  const lines: string[] = [];
  const log = logTo(
    (line) => lines.push(line),
    () => NOW,
  );
  const kube = { apply: async () => {} };
  const context = { clock: () => NOW, metrics: controllerMetrics(), log, kube } as unknown as Context;
  const well: Standings = {
    TargetResolved: good("Resolved"),
    MetricsAvailable: good("Fresh"),
    ProfilesReady: good("Ready"),
    Feasible: good("Feasible"),
    Applied: good("Applied"),
  };
  const turns: readonly Standings[] = [
    well,
    { ...well, Applied: bad("TargetPinned", "by kubectl") },
    { ...well, MetricsAvailable: bad("Stale", "old") },
    { ...well, MetricsAvailable: bad("Stale", "old") },
    well,
    well,
  ];
  let memory = memoryFrom(object, NOW);
  for (const turn of turns) memory = await report(context, known, memory, { standings: turn, mode: "Act" });
  const told = lines.map((line) => JSON.parse(line) as { readonly what: string; readonly reason?: string });
  assert.deepEqual(
    told.map(({ what, reason = "" }) => `${what} ${reason}`),
    ["not ready TargetPinned", "not ready Stale", "ready "],
  );
});

test("nothing is told once another pipeline has the name, or the term is over", async () => {
  // Whatever is called fails.
  const context = {} as Context;
  const before = memoryFrom(object, NOW);
  assert.equal(await report(context, { ...known, holds: () => false }, before, { standings }), before);
});
