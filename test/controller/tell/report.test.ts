import assert from "node:assert/strict";
import { test } from "node:test";
import type { Answer, Context } from "../../../src/controller/context.ts";
import { unknown, type Standings } from "../../../src/controller/tell/conditions.ts";
import type { Known } from "../../../src/controller/known.ts";
import { memoryFrom, type Memory } from "../../../src/controller/memory.ts";
import { controllerMetrics } from "../../../src/controller/tell/metrics.ts";
import { report } from "../../../src/controller/tell/report.ts";
import type { StageRollout } from "../../../src/core/rollout.ts";
import type { PipelineStatus } from "../../../src/formats/status-schema.ts";

const NOW = 1_800_000_000;
const DAY = 86_400;
const object = { apiVersion: "ipa.dev/v1alpha1", kind: "InferencePipeline", metadata: { name: "p", namespace: "n" } };
const known = { object, namespace: "n", name: "p", built: { problem: {} }, holds: () => true } as unknown as Known;
const one = unknown("NotKnown", "");
const standings: Standings = {
  TargetResolved: one,
  MetricsAvailable: one,
  ProfilesReady: one,
  Feasible: one,
  Applied: one,
};

async function reported(rollout: StageRollout, answer?: Answer) {
  const written: PipelineStatus[] = [];
  const apply = async (_at: object, body: { readonly status: PipelineStatus }) => void written.push(body.status);
  const context = { clock: () => NOW, metrics: controllerMetrics(), kube: { apply } } as unknown as Context;
  const before: Memory = { ...memoryFrom(object, NOW), state: { rollouts: { s: rollout } } };
  const told = { standings, assumed: false, ...(answer === undefined ? {} : { answer, id: "1" }) };
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

test("one with a decision does not", async () => {
  const decision = { at: NOW, load: null, planned: null, plan: [], change: 0, outcome: null, reason: "unchanged" };
  const answer = { seen: {}, decision, promised: null, seconds: 0 } as unknown as Answer;
  const { rollouts, status } = await reported({ progress, setbacks: [] }, answer);
  assert.deepEqual(rollouts?.["s"]?.progress, progress);
  assert.equal(status?.rollouts?.[0]?.progress?.variant, "a");
});

test("setbacks that ended long ago leave the status where nothing is decided, too", async () => {
  const setback = { variant: "a", most: 0, until: NOW - DAY + 1, failures: 1 };
  const { rollouts } = await reported({ setbacks: [setback, { ...setback, variant: "b", until: NOW - DAY }] });
  assert.deepEqual(rollouts, { s: { setbacks: [setback] } });
  assert.equal((await reported({ setbacks: [{ ...setback, until: NOW - DAY }] })).status?.rollouts, undefined);
});

test("nothing is told once another pipeline has the name, or the term is over", async () => {
  // Whatever is called fails.
  const context = {} as Context;
  const before = memoryFrom(object, NOW);
  assert.equal(await report(context, { ...known, holds: () => false }, before, { standings }), before);
});
