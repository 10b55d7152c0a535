import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryFrom } from "../../src/controller/memory.ts";
import { instantText } from "../../src/formats/status.ts";
import type { PipelineStatus } from "../../src/formats/status-schema.ts";

const NOW = 1_800_000_000;

function progressFrom(status: PipelineStatus) {
  const object = { apiVersion: "ipa.dev/v1alpha1", kind: "InferencePipeline", metadata: { name: "p" }, status };
  return memoryFrom(object, NOW).state?.rollouts?.["s"]?.progress;
}

function coming(since: number, lookedAt: number): PipelineStatus {
  return {
    load: { observedRps: "8", at: instantText(lookedAt) },
    loop: { loadRps: "8" },
    rollouts: [{ stage: "s", progress: { variant: "a", replicas: 4, ready: 1, since: instantText(since) } }],
  };
}

test("who takes over counts the time in which a former leader waited for replicas, and none in which nobody looked", () => {
  const hour = 3600;
  assert.equal(progressFrom(coming(NOW - 10, NOW))?.since, NOW - 10);
  assert.equal(progressFrom(coming(NOW - hour - 10, NOW - hour))?.since, NOW - 10);
  assert.equal(progressFrom(coming(NOW - hour, NOW - 2 * hour))?.since, NOW);
  // By a clock that is ahead.
  assert.equal(progressFrom(coming(NOW - 10, NOW + 5))?.since, NOW - 10);
});

test("who takes over knows whether the last plan kept all limits", () => {
  const plan = { decisionId: "1", madeAt: instantText(NOW - 10), stages: [] };
  const nearest = (status: PipelineStatus) => {
    const object = { apiVersion: "ipa.dev/v1alpha1", kind: "InferencePipeline", metadata: { name: "p" }, status };
    return memoryFrom(object, NOW).state?.planning?.nearest;
  };
  const loop = { loadRps: "8" };
  assert.equal(nearest({ loop, plan: { ...plan, feasible: false } }), true);
  assert.equal(nearest({ loop, plan: { ...plan, feasible: true } }), undefined);
  assert.equal(nearest({ loop }), undefined);
});
