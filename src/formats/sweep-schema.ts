import { z } from "zod";
import { policyKinds } from "../core/policies.ts";
import { predictorKinds } from "../core/predictors/kinds.ts";
import { queueingModels } from "../core/queueing/models.ts";
import { API_VERSION } from "./pipeline-schema.ts";
import { jsonSchemaOf, names, positiveDuration } from "./schema-values.ts";

// The one schema of the sweep file. What values must agree on with the pipelines that it names is checked
// where the sweep is made (sweep-file.ts).

const KIND = "Sweep";
/** Beyond it a seed does not fit into the rows' 32 bits. */
const MOST_SEED = 2 ** 31 - 1;

const path = z.string().min(1);
const weight = z.number().min(0);
const some = <T extends z.ZodType>(item: T) => z.array(item).min(1);

const sweepSchema = z.strictObject({
  apiVersion: z.literal(API_VERSION),
  kind: z.literal(KIND),
  metadata: z.looseObject({ name: z.string().min(1) }),
  spec: z
    .strictObject({
      pipelines: some(path).describe("Pipeline files, relative to this file"),
      traces: some(path).describe("Trace files, relative to this file"),
      policies: some(names(policyKinds)).optional().describe("ipa by default"),
      predictors: some(names(predictorKinds)).optional().describe("The pipeline's by default"),
      queueing: some(names(queueingModels)).optional().describe("Latency models of the plans; tail by default"),
      sla: some(positiveDuration()).optional().describe("Latencies promised; the pipeline's by default"),
      alpha: some(weight).optional().describe("Weights of the accuracy; the pipeline's by default"),
      beta: some(weight).optional().describe("Weights of a core; the pipeline's by default"),
      seeds: some(z.number().int().min(0).max(MOST_SEED)).optional().describe("[1] by default"),
    })
    .describe("Each combination of the lists' values is a run"),
});

export type SweepSpec = z.infer<typeof sweepSchema>;

export const sweepKind = {
  apiVersion: API_VERSION,
  kind: KIND,
  name: "sweep file",
  schema: sweepSchema,
  jsonSchema: () => ({ title: KIND, ...jsonSchemaOf(sweepSchema) }),
};
