import { z } from "zod";
import { controlDefaults, dataPlanes } from "../core/control.ts";
import { MOST_BATCH } from "./profile-csv.ts";
import {
  byDefault,
  cores,
  count,
  duration,
  fraction,
  fractionAboveZero,
  LABEL_VALUE,
  mapBy,
  name,
  objectName,
  positive,
  rules,
  selector,
} from "./schema-values.ts";

// The part of the pipeline's schema that says what a stage is, and what may run there.

/** Beyond any real model's, and within what records hold (16 bits). */
export const batch = count.max(MOST_BATCH);
const MOST_REPLICAS = 10_000;
export const replicas = count.max(MOST_REPLICAS);
/** More than any pipeline has, so that what a cluster must check of one is bounded. */
export const MOST_STAGES = 32;
const MOST_VARIANTS = 32;
const MOST_BATCHES = 256;
/** By stage names things are kept, and every object has these already. */
const TAKEN: readonly string[] = Object.getOwnPropertyNames(Object.prototype);
const stageName = name(63)
  .refine((text) => !TAKEN.includes(text), "is a name that every object has, and no stage can")
  .meta(
    rules([
      `!(self in [${TAKEN.map((one) => `'${one}'`).join(", ")}])`,
      "Every object has this name, and no stage can. Choose another.",
    ]),
  );
const variantName = name(253);
const batches = z.array(batch).min(1).max(MOST_BATCHES);
const port = count.max(65_535);

export const startUp = z.strictObject({
  mean: duration.describe("Mean time; of 0s or longer"),
  p90: duration.optional().describe("90th percentile of a lognormal time; without it the time is constant"),
});

const scaleTargetRef = z.strictObject({
  apiVersion: z
    .string()
    .max(317)
    .regex(/^(?:[a-z0-9][-a-z0-9.]*\/)?v[0-9][a-z0-9]*$/, "Write an API version, for example apps/v1.")
    .optional()
    .describe("API version of the object; apps/v1 by default")
    .meta(byDefault(controlDefaults.apiVersion)),
  kind: z
    .string()
    .max(63)
    .regex(/^[A-Z][A-Za-z0-9]*$/, "Write the kind of an object, for example Deployment.")
    .describe("Kind of the object, for example Deployment; it must have a scale subresource"),
  name: objectName.describe("Name of the object, which lives in the pipeline's namespace"),
});

const variant = z
  .strictObject({
    name: variantName.describe("Name of the variant in the profile"),
    accuracy: fraction.describe("Quality on the stage's task, from 0 to 1"),
    cores: cores.describe("CPU cores of one replica (2, 0.5 or 500m); the profile must have rows for them"),
    startUp: startUp.optional().describe("Time from asking for a replica until it serves; spec.startUp by default"),
    standby: z
      .number()
      .int()
      .min(0)
      .max(MOST_REPLICAS)
      .optional()
      .describe("Replicas that are always up, so that switching to them takes no start-up; 0 by default"),
    scaleTargetRef: scaleTargetRef.optional().describe("The Kubernetes object whose replicas a controller sets"),
    minReplicas: replicas.optional().describe("Fewest replicas wherever it runs; 1 by default"),
    maxReplicas: replicas.optional().describe("Most replicas wherever it runs; limits.replicas by default"),
  })
  .meta(
    rules([
      "!has(self.minReplicas) || !has(self.maxReplicas) || self.minReplicas <= self.maxReplicas",
      "minReplicas is above maxReplicas. Lower it, or raise maxReplicas.",
    ]),
  );

const pins = z.strictObject({
  variants: z
    .array(variantName)
    .min(1)
    .max(MOST_VARIANTS)
    .optional()
    .describe("Names of variants of the stage; all by default"),
  batches: batches.optional().describe("Batch sizes that the stage offers; all by default"),
  replicas: replicas.optional().describe("The number of replicas; free by default"),
});

export const policyPins = pins.extend({
  utilization: fractionAboveZero
    .optional()
    .describe("Share of their time that replicas are to be busy, for hpa alone; 0.8 by default"),
});

const service = z.strictObject({
  name: z
    .string()
    .max(63)
    .regex(/^[a-z](?:[-a-z0-9]*[a-z0-9])?$/, "Write a name as Services have them: lower-case letters, digits and -.")
    .optional()
    .describe(
      "Name of the Service, which the controller makes; the pipeline's name, a dash and the stage's by default",
    ),
  port: port.describe("Port at which the stage is called"),
  targetPort: port.describe("Port of the Pods at which the variants listen"),
});

const serviceTime = z.strictObject({
  prometheus: z
    .strictObject({
      sum: selector.describe(
        'Instant selector of a counter of the seconds that replicas spend serving batches, without what requests wait, for example batch_duration_seconds_sum{stage="detect"}',
      ),
      count: selector.describe(
        'Instant selector of a counter of the batches that they served, for example batch_duration_seconds_count{stage="detect"}',
      ),
      requests: selector
        .optional()
        .describe(
          "Instant selector of a counter of the requests in these batches; without it all batches are taken for whole ones, and what is slow may go unseen where they are not",
        ),
      variantLabel: z
        .string()
        .max(253)
        .regex(/^[a-zA-Z_][a-zA-Z0-9_]*$/, "Write the name of a label, for example variant.")
        .optional()
        .describe(
          "Label that holds the name of the variant; without it all counters are taken for those of the variant in force",
        ),
    })
    .optional()
    .describe("Counters in the Prometheus that the controller was told of"),
});

export const stage = z
  .strictObject({
    name: stageName.describe("Name of the stage"),
    after: z
      .array(stageName)
      .max(MOST_STAGES)
      .optional()
      .describe("Stages that it follows; none for the one that takes the requests")
      .meta({ "x-kubernetes-list-type": "set" }),
    fanOut: positive
      .optional()
      .describe("Mean number of items that an item becomes here; 1 by default")
      .meta(byDefault(1)),
    profile: z
      .string()
      .min(1)
      .max(1024)
      .describe("Profile file (CSV), relative to this file; in a cluster its base name is the key in the ConfigMap"),
    batches: batches.optional().describe("Batch sizes offered; by default the profiled ones"),
    pin: pins.optional().describe("Only these are offered, under every policy"),
    forbid: pins.omit({ replicas: true }).optional().describe("Never offered, under any policy"),
    dataPlane: z
      .enum(dataPlanes)
      .optional()
      .describe(
        "Who moves the traffic, and so what a controller may change. None: replicas alone. Service: also the variant, by a Service that the controller owns. Gateway: also the batch. None by default",
      )
      .meta(byDefault(controlDefaults.dataPlane)),
    service: service.optional().describe("The Service of the stage, of dataPlane Service alone"),
    serviceTime: serviceTime
      .optional()
      .describe(
        "Where a controller sees how long batches take; what takes longer than the profile says is planned for as it is",
      ),
    variants: z
      .array(variant)
      .min(1)
      .max(MOST_VARIANTS)
      .describe("Models that can serve the stage; all answer the same requests")
      .meta(mapBy("name"))
      .meta(
        rules([
          "self.all(v, !has(v.scaleTargetRef) || self.exists_one(w, has(w.scaleTargetRef) && w.scaleTargetRef.name == v.scaleTargetRef.name && w.scaleTargetRef.kind == v.scaleTargetRef.kind))",
          "Two variants have one scaleTargetRef. Give each variant its own object.",
        ]),
      ),
  })
  .meta(
    rules(
      [
        "self.dataPlane != 'Service' || has(self.service)",
        "dataPlane Service needs service, with port and targetPort. Add it.",
      ],
      [
        "self.dataPlane == 'Service' || !has(self.service)",
        "service belongs to dataPlane Service. Remove it, or set dataPlane: Service.",
      ],
      [
        `self.dataPlane != 'Service' || self.name.matches('${LABEL_VALUE.source}')`,
        "The Service of a stage has its name as a label, which takes letters, digits, -, _ and . within it. Correct the name.",
      ],
    ),
  );
