import assert from "node:assert/strict";
import { test } from "node:test";
import {
  autoscalerClaims,
  autoscalerOf,
  olderPipelineOf,
  pipelineClaims,
} from "../../../src/controller/see/contest.ts";
import type { KubeObject } from "../../../src/kube/objects.ts";

const target = { variant: "small", apiVersion: "apps/v1", kind: "Deployment", name: "shop-small" };

function scaler(kind: string, name: string, scaleTargetRef: object): KubeObject {
  return { apiVersion: "v1", kind, metadata: { name, uid: name }, spec: { scaleTargetRef } };
}

function pipeline(name: string, creationTimestamp: string, ...targets: readonly string[]): KubeObject {
  const variants = targets.map((of) => ({ scaleTargetRef: { kind: "Deployment", name: of } }));
  return {
    apiVersion: "ipa.dev/v1alpha1",
    kind: "InferencePipeline",
    metadata: { name, uid: name, creationTimestamp },
    spec: { stages: [{ variants }] },
  };
}

test("an autoscaler holds the target that it names now, whatever the version of its group", () => {
  const claims = autoscalerClaims();
  claims.put(
    scaler("HorizontalPodAutoscaler", "a", { apiVersion: "apps/v1beta1", kind: "Deployment", name: "shop-small" }),
  );
  assert.equal(autoscalerOf(target, claims), "HorizontalPodAutoscaler a");
  assert.equal(autoscalerOf({ ...target, kind: "StatefulSet" }, claims), null);
  assert.equal(autoscalerOf({ ...target, apiVersion: "other.io/v1" }, claims), null);
  claims.put(scaler("HorizontalPodAutoscaler", "a", { apiVersion: "apps/v1", kind: "Deployment", name: "another" }));
  assert.equal(autoscalerOf(target, claims), null);
  // KEDA names less, and an HPA of the same name is another object.
  claims.put(scaler("ScaledObject", "a", { name: "shop-small" }));
  assert.equal(autoscalerOf(target, claims), "ScaledObject a");
  assert.equal(autoscalerOf({ ...target, name: "another" }, claims), "HorizontalPodAutoscaler a");
  claims.remove(scaler("ScaledObject", "a", {}));
  assert.equal(autoscalerOf(target, claims), null);
});

test("of the pipelines that name a target the oldest has it", () => {
  const claims = pipelineClaims();
  const [first, second, third] = [
    pipeline("b-first", "2026-01-01T00:00:00Z", "shop-small", "shop-large"),
    pipeline("c-second", "2026-01-02T00:00:00Z", "shop-small", "shop-small"),
    pipeline("a-third", "2026-01-02T00:00:00Z", "shop-small"),
  ];
  for (const each of [first, second, third]) claims.put(each);
  assert.equal(olderPipelineOf(target, first, claims), null);
  assert.equal(olderPipelineOf(target, third, claims), "pipeline b-first");
  claims.put(pipeline("b-first", "2026-01-01T00:00:00Z", "shop-large"));
  assert.equal(olderPipelineOf(target, third, claims), null);
  assert.equal(olderPipelineOf(target, second, claims), "pipeline a-third");
  claims.remove(third);
  assert.equal(olderPipelineOf(target, second, claims), null);
});
