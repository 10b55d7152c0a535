import { API_VERSION, KIND, specJsonSchema } from "./pipeline-schema.ts";
import { MOST_OF_LABEL, rules, type JsonSchema } from "./schema-values.ts";
import { statusJsonSchema } from "./status-schema.ts";

const [GROUP = "", VERSION = ""] = API_VERSION.split("/");
const PLURAL = "inferencepipelines";

/** The custom resource definition of pipelines: made from the schema of their files, and that of their status. */
export function customResourceDefinition(): JsonSchema {
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${PLURAL}.${GROUP}` },
    spec: {
      group: GROUP,
      scope: "Namespaced",
      names: { kind: KIND, listKind: `${KIND}List`, plural: PLURAL, singular: KIND.toLowerCase(), shortNames: ["ipl"] },
      versions: [
        {
          name: VERSION,
          served: true,
          storage: true,
          subresources: { status: {} },
          additionalPrinterColumns: [
            column("SLA", ".spec.sla.latency", "Latency promised"),
            column("Load", ".status.load.observedRps", "Load measured, requests per second"),
            column("Accuracy", ".status.plan.accuracy", "Accuracy of the plan in force: the product of the stages'"),
            column("Cores", ".status.plan.cores", "CPU cores that the plan in force reserves"),
            column("Mode", ".status.mode", "How far the controller goes: as the pipeline says, and --max-mode allows"),
            column("Ready", '.status.conditions[?(@.type=="Ready")].status', "Whether the pipeline is run as it says"),
            column("Reason", '.status.conditions[?(@.type=="Ready")].reason', "Why it is, or is not"),
            { ...column("Age", ".metadata.creationTimestamp", "Since when it is there"), type: "date" },
          ],
          schema: {
            openAPIV3Schema: {
              description: "A pipeline of machine-learning models, and how it is run",
              type: "object",
              required: ["spec"],
              ...rules([
                `size(self.metadata.name) <= ${MOST_OF_LABEL} || self.spec.stages.all(s, s.dataPlane != 'Service')`,
                `Services of stages have the pipeline's name as a label, which takes ${MOST_OF_LABEL} characters. Choose a shorter name.`,
              ]),
              properties: {
                apiVersion: { type: "string" },
                kind: { type: "string" },
                metadata: { type: "object" },
                spec: { ...structural(specJsonSchema()), description: "The pipeline, and how it is run" },
                status: { ...structural(statusJsonSchema()), description: "What the controller reports" },
              },
            },
          },
        },
      ],
    },
  };
}

function column(name: string, jsonPath: string, description: string) {
  return { name, type: "string", jsonPath, description };
}

/** What a structural schema, and Kubernetes' older JSON Schema, have as it is. */
const KEPT: ReadonlySet<string> = new Set([
  "description",
  "type",
  "format",
  "enum",
  "pattern",
  "minimum",
  "maximum",
  "minLength",
  "maxLength",
  "minItems",
  "maxItems",
  "maxProperties",
  "required",
  "default",
]);

/** A JSON Schema as a cluster takes it: of one type in each place, or whole numbers and text. */
function structural(schema: unknown): JsonSchema {
  const made: JsonSchema = {};
  for (const [key, value] of entriesOf(schema)) {
    if (KEPT.has(key) || key.startsWith("x-kubernetes-")) made[key] = value;
    else if (key === "properties")
      made[key] = Object.fromEntries(entriesOf(value).map(([name, of]) => [name, structural(of)]));
    else if (key === "items") made[key] = structural(value);
    else if (key === "additionalProperties" && value !== false) made[key] = structural(value);
    else if (key === "const") made["enum"] = [value];
    else if (key === "exclusiveMinimum") Object.assign(made, { minimum: value, exclusiveMinimum: true });
    else if (key === "exclusiveMaximum") Object.assign(made, { maximum: value, exclusiveMaximum: true });
    else if (key === "anyOf") Object.assign(made, wholeOrText(value));
  }
  // A rule says in words what a cluster would say of a pattern in signs.
  if (made["type"] === "string" && made["x-kubernetes-validations"] !== undefined) delete made["pattern"];
  // No bound at all, but that of the language.
  if (made["maximum"] === Number.MAX_SAFE_INTEGER) delete made["maximum"];
  // Where a number need not be whole, it is given in text.
  if (typeof made["default"] === "number" && !Number.isInteger(made["default"]))
    made["default"] = String(made["default"]);
  return made;
}

/** A number or its text: a cluster holds whole numbers and text, each with the bounds that are of its kind. */
function wholeOrText(either: unknown): JsonSchema {
  const both = Array.isArray(either) ? either.map(structural) : [];
  const { type: _type, ...bounds } = Object.assign({}, ...both) as JsonSchema;
  return { "x-kubernetes-int-or-string": true, ...bounds };
}

function entriesOf(value: unknown): readonly (readonly [string, unknown])[] {
  return typeof value === "object" && value !== null ? Object.entries(value) : [];
}
