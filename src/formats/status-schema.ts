import { z } from "zod";
import { modes } from "../core/control.ts";
import { reasonNames } from "../core/reason.ts";
import { count, jsonSchemaOf, mapBy, name, type JsonSchema } from "./schema-values.ts";

// The schema of what a controller reports of a pipeline, in its `status`; what a restarted one must know is in it.
// Numbers that need not be whole are text, as objects of a cluster hold no fractions.

const number = z
  .string()
  .max(32)
  .regex(/^-?\d+(?:\.\d+)?(?:e[-+]?\d+)?$/);
const instant = z
  .string()
  .max(64)
  .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/)
  .meta({ format: "date-time" });
const text = z.string().max(32_768);
const amount = z.number().int().min(0);

const stage = name(63).describe("Name of the stage");
const stagePlan = z.object({
  variant: name(253).describe("Variant that serves"),
  batch: count.describe("Requests served together"),
  batchTimeoutSeconds: number.describe("Longest time that the oldest request waits for its batch to fill"),
  replicas: amount.describe("Replicas that serve; none where its target is not there"),
});

const plan = z.object({
  decisionId: name(253).describe("The decision that made it, as the journal has it"),
  madeAt: instant.describe("When it was decided"),
  loadRps: number.optional().describe("Load predicted when it was made, requests per second"),
  plannedLoadRps: number.optional().describe("Load that it was made for, with margin, floor and rounding"),
  objective: number.optional().describe("What the objective is with it"),
  bound: number.optional().describe("What the objective could be at best"),
  accuracy: number
    .optional()
    .describe("Accuracy of the pipeline: the product of its stages', whatever the objective's metric"),
  cores: number.optional().describe("CPU cores that it reserves"),
  latencySeconds: number.optional().describe("Latency that it promises, end to end; not there if it grows without end"),
  feasible: z
    .boolean()
    .optional()
    .describe(
      "Whether it keeps all limits and the SLA at the load that it was made for; not there if that was not looked at",
    ),
  stages: z
    .array(stagePlan.extend({ name: stage }))
    .max(32)
    .describe("What each stage runs")
    .meta(mapBy("name")),
});

const load = z.object({
  observedRps: number.optional().describe("Load measured, requests per second"),
  predictedRps: number.optional().describe("Load predicted, requests per second"),
  at: instant.describe("When it was measured"),
});

const decision = z.object({
  id: name(253).describe("Which it was, as the journal has it"),
  reason: z.enum(Object.values(reasonNames)).describe("Why the plan is in force"),
});

const pinnedKnobs = z.object({
  stage,
  knobs: z
    .array(z.enum(["variant", "batch", "replicas"]))
    .min(1)
    .max(3)
    .describe("What cannot be changed")
    .meta({ "x-kubernetes-list-type": "set" }),
  why: text.describe("What keeps it"),
});

const rollout = z.object({
  stage,
  switching: z
    .object({
      from: stagePlan.describe("What the stage ran before, and runs until the requests are routed away"),
      phase: z
        .enum(["Preparing", "Ready", "Routed", "Draining", "Returning"])
        .describe(
          "Preparing: the replicas start; Ready: enough are ready; Routed: they take the requests; Draining: the old ones finish; Returning: too few are ready any more, and the requests go back to the old ones",
        ),
      since: instant.describe("When the phase began"),
      lost: z
        .boolean()
        .optional()
        .describe(
          "Returning: some of the new replicas ceased to be ready; once the old ones serve again, it is given up",
        ),
    })
    .optional()
    .describe("The switch of the variant under way"),
  progress: z
    .object({
      variant: name(253).describe("Variant of the replicas"),
      replicas: amount.describe("Replicas wanted"),
      ready: amount.describe("Replicas ready"),
      since: instant.describe("When there was a change last"),
    })
    .optional()
    .describe("How far the replicas wanted have come"),
  setbacks: z
    .array(
      z.object({
        variant: name(253).describe("Variant of the replicas"),
        most: amount.describe("Replicas that it is planned with at most; with 0 it is not"),
        until: instant.describe("When that ends"),
        failures: amount.describe("How often it has failed, one after another"),
      }),
    )
    .max(64)
    .optional()
    .describe("Variants whose replicas did not get ready")
    .meta(mapBy("variant")),
});

const variantOf = { stage, variant: name(253).describe("Name of the variant") };
/** Of all stages together. */
const MOST_VARIANTS = 1024;

const observed = z.object({
  latencySeconds: number.optional().describe("Latency measured at the SLA's quantile"),
  profileErrors: z
    .array(z.object({ ...variantOf, ratio: number.describe("Mean service time measured over the profile's, less 1") }))
    .max(MOST_VARIANTS)
    .optional()
    .describe("How far service times are from the profile, of what serves")
    .meta(mapBy("stage", "variant")),
});

const slowdown = z.object({
  ...variantOf,
  factor: number.describe("Service times over the profile's, as plans are made"),
  profileSeconds: number.describe(
    "Mean service time of the profile's least batch; of another profile this is forgotten",
  ),
  times: amount.describe("How often it was found slow, one after another"),
  until: instant.optional().describe("When that is forgotten, as it no longer serves"),
});

const loop = z.object({
  loadRps: number.describe("Load that the last plan was made for, before the margin, requests per second"),
  switches: z
    .array(z.object({ stage, at: instant.describe("When") }))
    .max(32)
    .optional()
    .describe("When each stage's variant was last switched")
    .meta(mapBy("stage")),
});

const object = {
  apiVersion: z.string().max(317).describe("API version of the object"),
  kind: name(63).describe("Kind of the object"),
  name: name(253).describe("Name of the object"),
};

const takenOver = z.object({
  ...object,
  replicas: amount.describe("Replicas that it had then"),
  formerManager: z.string().max(1024).describe("Who managed its replicas before; empty where nobody did"),
  confirmed: z.boolean().describe("Whether taking them over was seen to succeed; if not, it is done again"),
  found: amount
    .optional()
    .describe("Replicas that there were when taking them over was begun, which was not seen to succeed yet"),
  aboveZero: z
    .boolean()
    .optional()
    .describe("Whether the controller set them above 0 last; if there are 0 then, somebody took them back"),
});

const heldTarget = z.object({
  ...object,
  since: instant.describe("When that was found"),
  by: z.string().max(1024).describe("Who took them back"),
});

const condition = z.object({
  type: z
    .enum(["Ready", "TargetResolved", "MetricsAvailable", "ProfilesReady", "Feasible", "Applied"])
    .describe("What it is about"),
  status: z.enum(["True", "False", "Unknown"]).describe("Whether it holds"),
  observedGeneration: amount.optional().describe("Generation of the spec that it was found for"),
  lastTransitionTime: instant.describe("When the status changed last"),
  reason: z
    .string()
    .max(1024)
    .regex(/^[A-Za-z](?:[A-Za-z0-9_,:]*[A-Za-z0-9_])?$/)
    .describe("Why, in one word for programs"),
  message: text.describe("Why, and what to do, for people"),
});

const objects = <T extends z.ZodType>(of: T, about: string) =>
  z
    .array(of)
    .max(2048)
    .optional()
    .describe(about)
    .meta(mapBy("apiVersion", "kind", "name"));

const statusSchema = z.object({
  observedGeneration: amount.optional().describe("Generation of the spec that this is about"),
  mode: z.enum(modes).optional().describe("How far the controller went: spec.mode, or what it may at most"),
  plan: plan.optional().describe("The plan in force"),
  load: load.optional().describe("The load, as seen last"),
  observed: observed.optional().describe("What is measured of what the plan promises"),
  decision: decision
    .optional()
    .describe("The last decision when this was written; later ones that changed nothing here are in the journal alone"),
  pinnedKnobs: z
    .array(pinnedKnobs)
    .max(32)
    .optional()
    .describe("What plans cannot change, as nothing would carry it out or somebody holds it")
    .meta(mapBy("stage")),
  rollouts: z
    .array(rollout)
    .max(32)
    .optional()
    .describe("Switches of variants, and replicas that are on their way")
    .meta(mapBy("stage")),
  slowdowns: z
    .array(slowdown)
    .max(MOST_VARIANTS)
    .optional()
    .describe("Service times that are longer than the profile says, which plans take into account")
    .meta(mapBy("stage", "variant")),
  loop: loop.optional().describe("What the next decision must be told"),
  takenOver: objects(takenOver, "Objects whose replicas the controller manages since mode Act"),
  heldTargets: objects(heldTarget, "Objects whose replicas somebody took back; planned for as they are"),
  resumed: z
    .string()
    .max(1024)
    .optional()
    .describe("The value of the annotation ipa.dev/resume that was heeded last: held targets were taken over again"),
  conditions: z.array(condition).max(16).optional().describe("What holds of the pipeline").meta(mapBy("type")),
});

/** What a controller reports of a pipeline. */
export type PipelineStatus = z.infer<typeof statusSchema>;

/** The status that an object holds. A part that is not understood, as of another version, is as if it were not there. */
export function parseStatus(value: unknown): PipelineStatus {
  const parts = typeof value === "object" && value !== null ? Object.entries(value) : [];
  const understood = parts.filter(([key, part]) => statusSchema.safeParse({ [key]: part }).success);
  return statusSchema.parse(Object.fromEntries(understood));
}

export function statusJsonSchema(): JsonSchema {
  return jsonSchemaOf(statusSchema, true);
}
