import { z } from "zod";
import { accuracyMetrics } from "../core/accuracy.ts";
import { controlDefaults, deletions, modes } from "../core/control.ts";
import { defaults } from "../core/pipeline.ts";
import { policyKinds } from "../core/policies.ts";
import { predictorKinds } from "../core/predictors/kinds.ts";
import {
  byDefault,
  cores,
  count,
  duration,
  fractionBelowOne,
  fractionBetween,
  jsonSchemaOf,
  mapBy,
  names,
  notNegative,
  objectName,
  positive,
  positiveDuration,
  rules,
  selector,
  upToAMillion,
  type JsonSchema,
} from "./schema-values.ts";
import { batch, MOST_STAGES, policyPins, replicas, stage, startUp } from "./stage-schema.ts";

// The one schema of the pipeline file, which is also the custom resource of a cluster. It says what can be said of a value
// alone; what values must agree on among each other is checked where the pipeline is made (build-pipeline.ts), and some
// of it by the cluster itself.

const DAY = 86_400;
/** Where the profiles are if a pipeline does not say. */
export const DEFAULT_CONFIG_MAP = "ipa-profiles";
const { adaptation: timing, limits, margins, rollout } = defaults;
/** A whole group of fields that may be left out: what is in it then holds. */
const nothing = byDefault({});

const step = z
  .strictObject({
    replicas: replicas.optional().describe("So many replicas"),
    share: positive.optional().describe("This fraction of those that run, rounded up"),
  })
  .refine(
    ({ replicas: most, share }) => most !== undefined || share !== undefined,
    "says no step: give replicas, share, or both",
  )
  .meta(rules(["has(self.replicas) || has(self.share)", "This says no step. Give replicas, share, or both."]));

const movement = z.strictObject({
  stabilization: duration
    .optional()
    .describe("The load planned for falls no lower than what was asked for within this; 300s by default")
    .meta(byDefault(`${timing.movement.stabilization}s`)),
  tolerance: notNegative
    .optional()
    .describe(
      "And falls by no less than this fraction, nor less than random arrivals make it vary; 0.1 by default, 0 for neither",
    )
    .meta(byDefault(timing.movement.tolerance)),
  scaleUp: step.optional().describe("Most replicas that a stage gains in an interval, the larger of both numbers"),
  scaleDown: step.optional().describe("Most replicas that a stage loses in an interval, the larger of both numbers"),
  switchInterval: duration
    .optional()
    .describe("Least time between two switches of a stage's variant; none by default")
    .meta(byDefault(`${timing.movement.switchInterval}s`)),
  // So much outweighs most plans; beyond it there would be too few digits left to tell plans apart.
  cost: z
    .strictObject({
      start: upToAMillion
        .optional()
        .describe("For each replica started; 0 by default")
        .meta(byDefault(timing.movement.cost.start)),
      switch: upToAMillion
        .optional()
        .describe("For each stage that switches its variant; 0 by default")
        .meta(byDefault(timing.movement.cost.switch)),
    })
    .optional()
    .describe(
      "What the objective loses by a change, in its unit: of weighted its value, of minCost cores, of maxAccuracy accuracy",
    )
    .meta(nothing),
});

const sla = z.strictObject({
  latency: positiveDuration().describe("End-to-end latency promised, for example 600ms"),
  quantile: fractionBetween
    .optional()
    .describe("Share of requests it is promised to; 0.99 by default")
    .meta(byDefault(defaults.quantile)),
});

const objective = z
  .strictObject({
    kind: z
      .enum(["weighted", "maxAccuracy", "minCost"])
      .describe(
        "weighted: most alpha times accuracy less beta times cores; maxAccuracy: most accuracy; minCost: fewest cores",
      ),
    accuracy: names(accuracyMetrics)
      .optional()
      .describe("Accuracy metric; pas by default")
      .meta(byDefault("pas" satisfies keyof typeof accuracyMetrics)),
    accuracyFloor: notNegative.optional().describe("Least value of the metric that a plan may have"),
    alpha: notNegative.optional().describe("Weight of the accuracy"),
    beta: notNegative.optional().describe("Weight of a core"),
    delta: notNegative.optional().describe("Weight of the sum of batch sizes; 0 by default"),
  })
  .meta(
    rules(
      [
        "self.kind != 'weighted' || (has(self.alpha) && has(self.beta))",
        "kind weighted needs alpha and beta. Add them.",
      ],
      [
        "self.kind == 'weighted' || !(has(self.alpha) || has(self.beta) || has(self.delta))",
        "alpha, beta and delta belong to kind weighted. Remove them.",
      ],
      ["self.kind != 'minCost' || has(self.accuracyFloor)", "kind minCost needs an accuracyFloor. Add it."],
    ),
  );

const adaptation = z
  .strictObject({
    interval: positiveDuration("1h")
      .optional()
      .describe("Between two decisions; 10s by default")
      .meta(byDefault(`${timing.interval}s`)),
    predictor: names(predictorKinds)
      .optional()
      .describe("How the load is predicted; max by default")
      .meta(byDefault(timing.predictor)),
    loadWindow: positiveDuration("1h")
      .optional()
      .describe("The load of an instant is the mean over this; 5s by default")
      .meta(byDefault(`${timing.loadWindow}s`)),
    history: positiveDuration("6h")
      .optional()
      .describe("How much load a predictor sees; 120s by default")
      .meta(byDefault(`${timing.history}s`)),
    horizon: positiveDuration("6h")
      .optional()
      .describe("How far ahead the load is predicted; 20s by default")
      .meta(byDefault(`${timing.horizon}s`)),
    minLoad: positive
      .optional()
      .describe("Least load planned for, requests per second; 1 by default")
      .meta(byDefault(timing.minLoad)),
    loadStep: notNegative
      .optional()
      .describe("The load planned for is rounded up to a multiple of this; 0 by default, which is none")
      .meta(byDefault(timing.loadStep)),
    movement: movement.optional().describe("How a plan may move from one decision to the next").meta(nothing),
  })
  .meta(
    rules([
      "!has(self.predictor) || self.predictor != 'oracle'",
      "predictor oracle knows what is to come, which only a simulation can. Choose another.",
    ]),
  );

const load = z.strictObject({
  prometheus: z
    .strictObject({
      selector: selector.describe(
        'Instant selector of a counter of offered requests, for example http_requests_total{service="video"}; the controller takes its rate',
      ),
    })
    .optional()
    .describe("A counter in the Prometheus that the controller was told of"),
  fallback: z
    .strictObject({
      afterSeconds: count.max(DAY).describe("Once no load could be measured for so many seconds"),
      load: positive.describe("the plan is made for this load, requests per second"),
    })
    .optional()
    .describe("What to plan for without measurements; without it the last plan is held"),
});

const latency = z.strictObject({
  prometheus: z
    .strictObject({
      buckets: selector.describe(
        'Instant selector of the buckets of a classic histogram of end-to-end latencies in seconds, for example http_request_duration_seconds_bucket{service="video"}',
      ),
    })
    .optional()
    .describe("A histogram in the Prometheus that the controller was told of"),
});

const policyNames = Object.keys(policyKinds);

const specSchema = z
  .strictObject({
    sla: sla.describe("What is promised"),
    objective: objective.describe("What the best plan is"),
    mode: z
      .enum(modes)
      .optional()
      .describe(
        "How far a controller goes. Observe: it measures. Recommend: it also plans, and says so. Signal: it also exports the replicas wanted, for other autoscalers. Act: it also sets them. Recommend by default",
      )
      .meta(byDefault(controlDefaults.mode)),
    onDelete: z
      .enum(deletions)
      .optional()
      .describe(
        "What becomes of the replicas when the pipeline is deleted: kept, or as they were before Act; Keep by default",
      )
      .meta(byDefault(controlDefaults.onDelete)),
    onInfeasible: z
      .enum(["BestEffort", "Hold"])
      .optional()
      .describe("Where no plan keeps all limits: the nearest to one, or the plan in force; BestEffort by default")
      .meta(byDefault("BestEffort")),
    load: load.optional().describe("Where a controller sees the load"),
    latency: latency
      .optional()
      .describe("Where a controller sees the latency, which it tells beside the one that the plan promises"),
    profilesFrom: z
      .strictObject({
        configMap: objectName
          .optional()
          .describe("Name of a ConfigMap in the pipeline's namespace; ipa-profiles by default")
          .meta(byDefault(DEFAULT_CONFIG_MAP)),
      })
      .optional()
      .describe("Where a controller finds the profiles; files have their own paths")
      .meta(nothing),
    limits: z
      .strictObject({
        replicas: replicas
          .optional()
          .describe("Most replicas of a stage; 100 by default")
          .meta(byDefault(limits.replicas)),
        batch: batch.optional().describe("Largest batch; 64 by default").meta(byDefault(limits.batch)),
        cores: cores.optional().describe("Most cores of the whole pipeline"),
      })
      .optional()
      .describe("Bounds of every plan")
      .meta(nothing),
    margins: z
      .strictObject({
        load: notNegative
          .optional()
          .describe("The load is taken as (1 + this) times the predicted one; 0 by default")
          .meta(byDefault(margins.load)),
        serviceTime: notNegative
          .optional()
          .describe("Service times are taken as (1 + this) times the profile's; 0 by default")
          .meta(byDefault(margins.serviceTime)),
        throughput: fractionBelowOne
          .optional()
          .describe("Capacities are taken as (1 − this) times the profile's; 0 by default")
          .meta(byDefault(margins.throughput)),
      })
      .optional()
      .describe("Safety margins")
      .meta(nothing),
    adaptation: adaptation.optional().describe("When, and for what load, a plan is made").meta(nothing),
    rollout: z
      .strictObject({
        progressDeadlineSeconds: count
          .max(DAY)
          .optional()
          .describe("Replicas that get no further for so many seconds have failed; 600 by default")
          .meta(byDefault(rollout.progressDeadline)),
        drainSeconds: z
          .number()
          .int()
          .min(0)
          .max(DAY)
          .optional()
          .describe("Longest time that replicas which go are left to finish what they serve; 30 by default")
          .meta(byDefault(rollout.drain)),
      })
      .optional()
      .describe("How a switch of a stage's variant goes on")
      .meta(nothing),
    startUp: startUp
      .optional()
      .describe(
        "Time from asking for a replica until it serves, of variants that have none of their own; 0s by default",
      ),
    stages: z
      .array(stage)
      .min(1)
      .max(MOST_STAGES)
      .describe("Stages of the pipeline")
      .meta(mapBy("name"))
      .meta(
        rules([
          "self.all(s, !has(s.after) || s.after.all(a, a != s.name && self.exists(t, t.name == a)))",
          "after names other stages of the pipeline. Correct the name.",
        ]),
      ),
    policies: z
      .record(z.string(), z.record(z.string(), policyPins).meta({ maxProperties: MOST_STAGES }))
      .optional()
      .describe("What a policy fixes, by the policy's name and the stage's")
      .meta({
        maxProperties: policyNames.length,
        ...rules([
          `self.all(p, p in [${policyNames.map((one) => `'${one}'`).join(", ")}])`,
          `policies are ${policyNames.join(", ")}. Correct the name.`,
        ]),
      }),
    reproduction: z
      .strictObject({
        capacity: z
          .enum(["mean", "measured"])
          .optional()
          .describe("Capacity from mean service times, or the profile's measured throughput; mean by default"),
        latency: z.enum(["mean", "p99"]).optional().describe("Which service times a latency adds up; mean by default"),
        roundLoad: z
          .boolean()
          .optional()
          .describe("Whether the load planned for is rounded to a whole rate; false by default"),
      })
      .optional()
      .describe("Departures from the model that only replay published experiments"),
  })
  .meta(
    rules([
      "!has(self.policies) || self.policies.all(p, self.policies[p].all(s, self.stages.exists(t, t.name == s)))",
      "policies name stages of the pipeline. Correct the name.",
    ]),
  );

export const API_VERSION = "ipa.dev/v1alpha1";
export const KIND = "InferencePipeline";

export const pipelineSchema = z.strictObject({
  apiVersion: z.literal(API_VERSION).describe("Version of this schema"),
  kind: z.literal(KIND).describe("What the file describes"),
  metadata: z
    .looseObject({ name: z.string().min(1).describe("Name of the pipeline") })
    .describe("Name, and what Kubernetes adds"),
  spec: specSchema.describe("The pipeline, and how it is run"),
  status: z.unknown().optional().describe("What a controller reports; read by none"),
});

export type PipelineSpec = z.infer<typeof pipelineSchema>;
/** One way in which a value does not agree with a schema. */
export type SchemaIssue = z.core.$ZodIssue;

/** The JSON Schema that editors pick up. */
export function pipelineJsonSchema(): JsonSchema {
  return { title: KIND, ...jsonSchemaOf(pipelineSchema) };
}

/** That of `spec`, with what is said for clusters alone. */
export function specJsonSchema(): JsonSchema {
  return jsonSchemaOf(specSchema, true);
}
