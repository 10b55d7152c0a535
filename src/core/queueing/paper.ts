import type { QueueingModel } from "./latency.ts";

/**
 * The paper's latency model (Ghafouri et al., JSys 2024, section 4): a batch takes its service
 * time, and its first request waits for b − 1 others, (b − 1)/λ in the worst case. It knows no
 * waiting for a busy replica.
 */
export const paper: QueueingModel = {
  terms: ({ rate, batch, service }) => ({ mean: service + (batch - 1) / rate, forming: 0, excessSquared: 0 }),
  replicasMatter: false,
  describes: "service plus worst-case batch forming; no waiting for busy replicas",
};
