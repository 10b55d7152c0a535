import { InputError } from "../core/errors.ts";
import { Complaints } from "./complaints.ts";
import {
  API_VERSION,
  KIND,
  pipelineJsonSchema,
  pipelineSchema,
  type PipelineIssue,
  type PipelineSpec,
} from "./pipeline-schema.ts";
import { parseYaml, type YamlFile, type YamlPath } from "./yaml.ts";

/** A pipeline file that agrees with the schema, before its profiles are read. */
export interface PipelineFile {
  readonly path: string;
  readonly file: YamlFile;
  readonly value: PipelineSpec;
}

/** Reads a pipeline file; an InputError names each thing that is wrong with its line and column. */
export function parsePipeline(text: string, path: string): PipelineFile {
  const file = parseYaml(text, path);
  refuseOtherKinds(file.value, path);
  const parsed = pipelineSchema.safeParse(file.value);
  if (parsed.success) return { path, file, value: parsed.data };
  const complaints = new Complaints(path);
  for (const issue of parsed.error.issues) complain(file, issue, complaints);
  complaints.throwIfAny();
  throw new InputError("bad_value", `${path}: ${parsed.error.message}`);
}

function refuseOtherKinds(value: unknown, path: string): void {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  const kind: unknown = isObject && "kind" in value ? value.kind : undefined;
  if (kind === KIND) return;
  const what = isObject ? (kind === undefined ? "has no kind" : `is of kind ${JSON.stringify(kind)}`) : "is no mapping";
  throw new InputError(
    "wrong_kind",
    `${path}:1: this ${what}; a pipeline file begins with apiVersion: ${API_VERSION} and kind: ${KIND}. See docs/formats.md.`,
  );
}

function complain(file: YamlFile, issue: PipelineIssue, complaints: Complaints): void {
  const path = issue.path.map((key) => (typeof key === "symbol" ? String(key) : key));
  const where = path.join(".");
  if (issue.code === "unrecognized_keys") {
    const known = keysAt(pipelineJsonSchema(), path);
    for (const key of issue.keys) {
      complaints.add(
        file.keyPlace(path, key),
        [where, key].filter(Boolean).join("."),
        `is not known here; known are ${known.join(", ")}. Correct or remove it.`,
        "unknown_name",
      );
    }
    return;
  }
  if (valueAt(file.value, path) === undefined) {
    complaints.add(file.place(path), where, "is missing. Add it (docs/formats.md).");
    return;
  }
  // The schema's own messages say what to do; those of zod only what is wrong.
  const message = issue.message.replace(/^(?:Invalid \w+|Too big|Too small): /, "");
  const text = message.startsWith("Write ") ? message : `${message}. Correct the value.`;
  const isName = issue.code === "invalid_value" && issue.values.length > 1;
  complaints.add(file.place(path), where, text, isName ? "unknown_name" : undefined);
}

function valueAt(value: unknown, path: YamlPath): unknown {
  return path.reduce<unknown>((inside, key) => {
    if (typeof inside !== "object" || inside === null) return undefined;
    return Object.entries(inside).find(([name]) => name === String(key))?.[1];
  }, value);
}

/** The keys that the schema knows at a path. */
function keysAt(schema: unknown, path: YamlPath): readonly string[] {
  const at = path.reduce<unknown>(
    (inside, key) =>
      typeof key === "number"
        ? valueAt(inside, ["items"])
        : (valueAt(inside, ["properties", key]) ?? valueAt(inside, ["additionalProperties"])),
    schema,
  );
  const properties = valueAt(at, ["properties"]);
  return typeof properties === "object" && properties !== null ? Object.keys(properties) : [];
}

/** The profile files that a pipeline file names, each once. */
export function profileNames(pipeline: PipelineFile): readonly string[] {
  return [...new Set(pipeline.value.spec.stages.map((stage) => stage.profile))];
}
