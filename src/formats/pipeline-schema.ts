import { z } from "zod";
import { accuracyMetrics } from "../core/accuracy.ts";
import { predictorKinds } from "../core/predictors/kinds.ts";
import { MOST_BATCH } from "./profile-csv.ts";
import { CORES, DURATION, POSITIVE_DURATION } from "./quantity.ts";

// The one schema of the pipeline file. It says what can be said of a value alone; what values must
// agree on among each other is checked where the pipeline is made (pipeline-file.ts).

const WRITE_DURATION = "Write a duration with its unit, for example 600ms or 5s.";
const WRITE_POSITIVE = "Write a duration above 0 with its unit, for example 600ms or 5s.";
const WRITE_CORES = "Write CPU cores, above 0, as 2, 0.5 or 500m.";

const duration = z
  .string(WRITE_DURATION)
  .regex(DURATION, WRITE_DURATION)
  .describe("A duration with its unit: 600ms, 5s, 2m, 1h");
export const positiveDuration = z.string(WRITE_POSITIVE).regex(POSITIVE_DURATION, WRITE_POSITIVE);
const cores = z
  .union([z.number(WRITE_CORES).positive(WRITE_CORES), z.string().regex(CORES, WRITE_CORES)], WRITE_CORES)
  .describe("CPU cores: 2, 0.5 or 500m");
const fraction = z.number().min(0).max(1);
const count = z.number().int().min(1);
/** Beyond any real model's, and within what records hold (16 bits). */
const batch = count.max(MOST_BATCH);
const MOST_REPLICAS = 10_000;
const replicas = count.max(MOST_REPLICAS);
export const names = <T extends Record<string, unknown>>(table: T) =>
  z.enum(Object.keys(table) as [string, ...string[]]);

const startUp = z
  .strictObject({
    mean: duration,
    p90: duration.optional().describe("90th percentile of a lognormal time; without it the time is constant"),
  })
  .describe("Time from asking for a replica until it serves");

const variant = z.strictObject({
  name: z.string().min(1).describe("Name of the variant in the profile"),
  accuracy: fraction.describe("Quality on the stage's task, from 0 to 1"),
  cores: cores.describe("CPU cores of one replica; the profile must have rows for them"),
  startUp: startUp.optional(),
  standby: z
    .number()
    .int()
    .min(0)
    .max(MOST_REPLICAS)
    .optional()
    .describe("Replicas that are always up, so that switching to them takes no start-up; 0 by default"),
  scaleTargetRef: z
    .strictObject({ kind: z.string().min(1), name: z.string().min(1) })
    .optional()
    .describe("The Kubernetes object whose replicas a controller sets"),
  minReplicas: replicas.optional().describe("Fewest replicas wherever it runs; 1 by default"),
  maxReplicas: replicas.optional().describe("Most replicas wherever it runs; limits.replicas by default"),
});

const pins = z.strictObject({
  variants: z.array(z.string()).min(1).optional(),
  batches: z.array(batch).min(1).optional(),
  replicas: replicas.optional(),
});

const policyPins = pins.extend({
  utilization: z
    .number()
    .gt(0)
    .max(1)
    .optional()
    .describe("Share of their time that replicas are to be busy, for hpa alone; 0.8 by default"),
});

const stage = z.strictObject({
  name: z.string().min(1),
  after: z.array(z.string()).optional().describe("Stages that it follows; none for the one that takes the requests"),
  fanOut: z.number().positive().optional().describe("Mean number of items that an item becomes here; 1 by default"),
  profile: z.string().min(1).describe("Profile file (CSV), relative to this file"),
  batches: z.array(batch).min(1).optional().describe("Batch sizes offered; by default the profiled ones"),
  pin: pins.optional().describe("Only these are offered, under every policy"),
  forbid: pins.omit({ replicas: true }).optional().describe("Never offered, under any policy"),
  variants: z.array(variant).min(1),
});

const step = z
  .strictObject({
    replicas: replicas.optional().describe("So many replicas"),
    share: z.number().positive().optional().describe("This fraction of those that run, rounded up"),
  })
  .refine(
    ({ replicas: most, share }) => most !== undefined || share !== undefined,
    "says no step: give replicas, share, or both",
  );

/** So much outweighs most plans; beyond it there would be too few digits left to tell plans apart. */
const cost = z.number().min(0).max(1e6);

const movement = z
  .strictObject({
    stabilization: duration
      .optional()
      .describe("The load planned for falls no lower than what was asked for within this; 300s by default"),
    tolerance: z
      .number()
      .min(0)
      .optional()
      .describe(
        "And falls by no less than this fraction, nor less than random arrivals make it vary; 0.1 by default, 0 for neither",
      ),
    scaleUp: step.optional().describe("Most replicas that a stage gains in an interval, the larger of both numbers"),
    scaleDown: step.optional().describe("Most replicas that a stage loses in an interval, the larger of both numbers"),
    switchInterval: duration
      .optional()
      .describe("Least time between two switches of a stage's variant; none by default"),
    cost: z
      .strictObject({
        start: cost.optional().describe("For each replica started; 0 by default"),
        switch: cost.optional().describe("For each stage that switches its variant; 0 by default"),
      })
      .optional()
      .describe(
        "What the objective loses by a change, in its unit: of weighted its value, of minCost cores, of maxAccuracy accuracy",
      ),
  })
  .describe("How a plan may move from one decision to the next");

export const API_VERSION = "ipa.dev/v1alpha1";
export const KIND = "InferencePipeline";

export const pipelineSchema = z.strictObject({
  apiVersion: z.literal(API_VERSION),
  kind: z.literal(KIND),
  metadata: z.looseObject({ name: z.string().min(1) }),
  spec: z.strictObject({
    sla: z.strictObject({
      latency: positiveDuration.describe("End-to-end latency promised"),
      quantile: z.number().gt(0).lt(1).optional().describe("Share of requests it is promised to; 0.99 by default"),
    }),
    objective: z.strictObject({
      kind: z.enum(["weighted", "maxAccuracy", "minCost"]),
      accuracy: names(accuracyMetrics).optional().describe("Accuracy metric; pas by default"),
      accuracyFloor: z.number().min(0).optional().describe("Least value of the metric that a plan may have"),
      alpha: z.number().min(0).optional().describe("Weight of the accuracy"),
      beta: z.number().min(0).optional().describe("Weight of a core"),
      delta: z.number().min(0).optional().describe("Weight of the sum of batch sizes; 0 by default"),
    }),
    limits: z
      .strictObject({
        replicas: replicas.optional().describe("Most replicas of a stage; 100 by default"),
        batch: batch.optional().describe("Largest batch; 64 by default"),
        cores: cores.optional().describe("Most cores of the whole pipeline"),
      })
      .optional(),
    margins: z
      .strictObject({
        load: z.number().min(0).optional().describe("The load is taken as (1 + this) times the predicted one"),
        serviceTime: z.number().min(0).optional().describe("Service times are taken as (1 + this) times the profile's"),
        throughput: z
          .number()
          .min(0)
          .lt(1)
          .optional()
          .describe("Capacities are taken as (1 − this) times the profile's"),
      })
      .optional(),
    adaptation: z
      .strictObject({
        interval: positiveDuration.optional().describe("Between two decisions; 10s by default"),
        predictor: names(predictorKinds).optional().describe("max by default"),
        loadWindow: positiveDuration.optional().describe("The load of an instant is the mean over this; 5s by default"),
        history: positiveDuration.optional().describe("How much load a predictor sees; 120s by default"),
        horizon: positiveDuration.optional().describe("How far ahead the load is predicted; 20s by default"),
        minLoad: z.number().positive().optional().describe("Least load planned for, requests per second; 1 by default"),
        loadStep: z.number().min(0).optional().describe("The load planned for is rounded up to a multiple of this"),
        movement: movement.optional(),
      })
      .optional(),
    startUp: startUp.optional(),
    stages: z.array(stage).min(1),
    policies: z
      .record(z.string(), z.record(z.string(), policyPins))
      .optional()
      .describe("What a policy fixes, by stage"),
    reproduction: z
      .strictObject({
        capacity: z.enum(["mean", "measured"]).optional(),
        latency: z.enum(["mean", "p99"]).optional(),
        infeasible: z.enum(["best-effort", "hold"]).optional(),
        roundLoad: z.boolean().optional(),
      })
      .optional()
      .describe("Departures from the model that only replay published experiments"),
  }),
});

export type PipelineSpec = z.infer<typeof pipelineSchema>;
/** One way in which a value does not agree with a schema. */
export type SchemaIssue = z.core.$ZodIssue;

/** The JSON Schema that editors pick up. */
export function pipelineJsonSchema(): Record<string, unknown> {
  return { title: KIND, ...z.toJSONSchema(pipelineSchema, { io: "input", reused: "inline" }) };
}
