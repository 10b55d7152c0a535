import type { Place } from "./complaints.ts";
import { parseDocument, type Document } from "./document.ts";
import { API_VERSION, KIND, pipelineJsonSchema, pipelineSchema, type PipelineSpec } from "./pipeline-schema.ts";

/** A pipeline file that agrees with the schema, before its profiles are read. */
export type PipelineFile = Document<PipelineSpec>;

export const pipelineKind = {
  apiVersion: API_VERSION,
  kind: KIND,
  name: "pipeline file",
  schema: pipelineSchema,
  jsonSchema: pipelineJsonSchema,
};

/** Reads a pipeline file; an InputError names each thing that is wrong with its line and column. */
export function parsePipeline(text: string, path: string): PipelineFile {
  return parseDocument(text, path, pipelineKind);
}

/** The profile files that a pipeline file names, each once. */
export function profileNames(pipeline: PipelineFile): readonly string[] {
  return [...new Set(pipeline.value.spec.stages.map((stage) => stage.profile))];
}

/** Where a pipeline file names a profile first. */
export function profilePlace(pipeline: PipelineFile, name: string): Place {
  const stage = pipeline.value.spec.stages.findIndex((one) => one.profile === name);
  return pipeline.file.place(["spec", "stages", stage, "profile"]);
}
