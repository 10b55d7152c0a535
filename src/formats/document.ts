import { InputError } from "../core/errors.ts";
import { Complaints, placeText } from "./complaints.ts";
import type { SchemaIssue } from "./pipeline-schema.ts";
import { parseYaml, type YamlFile, type YamlPath } from "./yaml.ts";

/** A kind of YAML file: what its `kind` says, and what its values must agree with. */
export interface DocumentKind<T> {
  readonly apiVersion: string;
  readonly kind: string;
  /** What people call such a file. */
  readonly name: string;
  readonly schema: {
    readonly safeParse: (
      value: unknown,
    ) =>
      | { readonly success: true; readonly data: T }
      | { readonly success: false; readonly error: { readonly issues: readonly SchemaIssue[] } };
  };
  readonly jsonSchema: () => Record<string, unknown>;
}

/** A file that agrees with its schema; what its values must agree on among each other is not checked yet. */
export interface Document<T> {
  readonly path: string;
  readonly file: YamlFile;
  readonly value: T;
}

/** Reads a YAML file of a kind; an InputError names each thing that is wrong with its line and column. */
export function parseDocument<T>(text: string, path: string, of: DocumentKind<T>): Document<T> {
  return checkDocument(readYaml(text, path, of), path, of);
}

/** The same of what has been read already; `path` is what people call it. */
export function checkDocument<T>(file: YamlFile, path: string, of: DocumentKind<T>): Document<T> {
  refuseOtherKinds(file, path, of);
  const parsed = of.schema.safeParse(file.value);
  if (parsed.success) return { path, file, value: parsed.data };
  const complaints = new Complaints(path);
  for (const issue of parsed.error.issues) complain(file, issue, of, complaints);
  complaints.throwIfAny();
  throw new InputError("bad_value", `${path}: this is no ${of.name}. See docs/formats.md.`);
}

/** What was not read from a text: things in it have no lines. */
export function withoutPlaces(value: unknown): YamlFile {
  return { value, place: () => ({}), keyPlace: () => ({}) };
}

/** Reads the YAML; of a file that was never meant to be of this kind its syntax is not what is wrong. */
function readYaml(text: string, path: string, of: DocumentKind<unknown>): YamlFile {
  try {
    return parseYaml(text, path);
  } catch (error) {
    if (error instanceof InputError && error.code === "bad_syntax" && !/\b(kind|apiVersion)\b/.test(text)) {
      refuseOtherKinds({ ...withoutPlaces(null), place: () => ({ line: 1 }) }, path, of);
    }
    throw error;
  }
}

function refuseOtherKinds(file: YamlFile, path: string, { apiVersion, kind: due, name }: DocumentKind<unknown>): void {
  const { value } = file;
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  const kind: unknown = isObject && "kind" in value ? value.kind : undefined;
  if (kind === due) return;
  const what = isObject ? (kind === undefined ? "has no kind" : `is of kind ${JSON.stringify(kind)}`) : "is no mapping";
  throw new InputError(
    "wrong_kind",
    `${placeText(path, file.place([]).line === undefined ? {} : { line: 1 })}: this ${what}; a ${name} begins with apiVersion: ${apiVersion} and kind: ${due}. See docs/formats.md.`,
  );
}

function complain(file: YamlFile, issue: SchemaIssue, of: DocumentKind<unknown>, complaints: Complaints): void {
  const path = issue.path.map((key) => (typeof key === "symbol" ? String(key) : key));
  const where = path.join(".");
  if (issue.code === "unrecognized_keys") {
    const known = keysAt(of.jsonSchema(), path);
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
  const value = valueAt(file.value, path);
  const isName = issue.code === "invalid_value" && issue.values.length > 1;
  complaints.add(file.place(path), where, issueText(issue, value), isName ? "unknown_name" : undefined);
}

const KINDS: Readonly<Record<string, string>> = {
  number: "a number",
  int: "a whole number",
  string: "text",
  boolean: "true or false",
  array: "a list",
  object: "a mapping",
  record: "a mapping",
};

/** What is wrong with a value that is there, and what to do. */
function issueText(issue: SchemaIssue, value: unknown): string {
  // The schema's own messages say what to do already.
  const shown = typeof value === "number" ? String(value) : JSON.stringify(value).slice(0, 40);
  if (issue.message.startsWith("Write ")) return `${shown} is not understood. ${issue.message}`;
  if (issue.code === "invalid_type") {
    return `${shown} is not ${KINDS[issue.expected] ?? issue.expected}. Correct the value.`;
  }
  if (issue.code === "invalid_value") {
    return `${shown} is not ${issue.values.length > 1 ? "one of " : ""}${issue.values.join(", ")}. Correct the value.`;
  }
  if (issue.code === "too_small" || issue.code === "too_big") {
    if (issue.code === "too_big" && issue.origin === "array") {
      return `has more than ${issue.maximum} entries. Remove some.`;
    }
    if (issue.code === "too_big" && issue.origin === "string") {
      return `is longer than ${issue.maximum} characters. Shorten it.`;
    }
    if (issue.origin !== "number") return "is empty. Give at least one.";
    const [limit, word] = issue.code === "too_small" ? [issue.minimum, "least"] : [issue.maximum, "most"];
    const strictly = issue.code === "too_small" ? "above" : "below";
    return `${shown} is not ${issue.inclusive === true ? `at ${word}` : strictly} ${limit}. Correct the value.`;
  }
  return `${issue.message}. Correct the value.`;
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
