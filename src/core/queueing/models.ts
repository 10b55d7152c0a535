import type { QueueingModel } from "./latency.ts";
import { paper } from "./paper.ts";
import { tail } from "./tail.ts";

export const queueingModels = { paper, tail } satisfies Record<string, QueueingModel>;
