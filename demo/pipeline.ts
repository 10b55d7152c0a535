import { deploymentsOf, pipelineObject } from "../test/cluster/scene/objects.ts";

// Two stages of two variants each: an accurate one, and one that takes fewer cores for a request.

export const NAME = "shop";

/** Fast times: what takes minutes in a cluster takes seconds here. */
export const pipeline = pipelineObject({
  name: NAME,
  mode: "Act",
  dataPlane: "Service",
  spec: {
    objective: { kind: "weighted", alpha: 60, beta: 1 },
    limits: { replicas: 20 },
    adaptation: {
      interval: "2s",
      predictor: "max",
      loadWindow: "2s",
      history: "10s",
      horizon: "2s",
      movement: { stabilization: "8s", tolerance: "0.1" },
    },
    rollout: { progressDeadlineSeconds: 30, drainSeconds: 3 },
  },
});

/** A replica is ready two seconds after it was asked for. */
export const deployments = deploymentsOf(NAME, { "test.ipa/start-seconds": "2" });
