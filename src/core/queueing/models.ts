import type { QueueingModel } from "./latency.ts";
import { paper } from "./paper.ts";

export const queueingModels = { paper } satisfies Record<string, QueueingModel>;
