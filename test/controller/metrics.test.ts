import assert from "node:assert/strict";
import { test } from "node:test";
import { controllerMetrics } from "../../src/controller/metrics.ts";

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
