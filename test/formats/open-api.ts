import { customResourceDefinition } from "../../src/formats/crd.ts";

// As much of an API server as a test of our own definition needs without one: defaults and the checks of a structural schema.

/** A structural schema. */
export interface OpenApi {
  readonly type?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, OpenApi>>;
  readonly additionalProperties?: OpenApi;
  readonly items?: OpenApi;
  readonly required?: readonly string[];
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly exclusiveMinimum?: boolean;
  readonly maximum?: number;
  readonly exclusiveMaximum?: boolean;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly default?: unknown;
  readonly [extension: `x-kubernetes-${string}`]: unknown;
}

interface Definition {
  readonly spec: {
    readonly versions: readonly [{ readonly schema: { readonly openAPIV3Schema: OpenApi } }];
  };
}

export function openApiSchema(): OpenApi {
  const definition = customResourceDefinition() as unknown as Definition;
  return definition.spec.versions[0].schema.openAPIV3Schema;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The value with the defaults of what it leaves out, as an API server stores it. */
export function filled(schema: OpenApi, value: unknown): unknown {
  const { properties = {}, items, additionalProperties } = schema;
  if (Array.isArray(value) && items !== undefined) return value.map((item) => filled(items, item));
  if (!isObject(value)) return value;
  const whole = { ...value };
  for (const [key, { default: otherwise }] of Object.entries(properties)) {
    if (otherwise !== undefined) whole[key] ??= structuredClone(otherwise);
  }
  return Object.fromEntries(
    Object.entries(whole).map(([key, part]) => {
      const of = properties[key] ?? additionalProperties;
      return [key, of === undefined ? part : filled(of, part)];
    }),
  );
}

/** Where a value does not agree with the schema. */
export function invalid(schema: OpenApi, value: unknown, path = ""): readonly string[] {
  const wrong = (what: string, is: boolean): readonly string[] => (is ? [`${path}: ${what}`] : []);
  if (schema.enum !== undefined && !schema.enum.includes(value)) return wrong("is none of the values", true);
  const intOrString = schema["x-kubernetes-int-or-string"] === true;
  if (typeof value === "string") {
    return [
      ...wrong("is text", !intOrString && schema.type !== "string"),
      ...wrong("has another pattern", schema.pattern !== undefined && !new RegExp(schema.pattern).test(value)),
      ...wrong("is short", value.length < (schema.minLength ?? 0)),
      ...wrong("is long", value.length > (schema.maxLength ?? Infinity)),
    ];
  }
  if (typeof value === "number") {
    const { minimum = -Infinity, maximum = Infinity } = schema;
    return [
      ...wrong("is a number", !intOrString && schema.type !== "integer"),
      ...wrong("is a fraction", !Number.isInteger(value)),
      ...wrong("is small", value < minimum || (value === minimum && schema.exclusiveMinimum === true)),
      ...wrong("is great", value > maximum || (value === maximum && schema.exclusiveMaximum === true)),
    ];
  }
  if (typeof value === "boolean") return wrong("is true or false", schema.type !== "boolean");
  if (Array.isArray(value)) {
    return [
      ...wrong("is a list", schema.type !== "array"),
      ...wrong("has few items", value.length < (schema.minItems ?? 0)),
      ...wrong("has many items", value.length > (schema.maxItems ?? Infinity)),
      ...value.flatMap((item, i) => (schema.items === undefined ? [] : invalid(schema.items, item, `${path}.${i}`))),
    ];
  }
  if (!isObject(value) || schema.type !== "object") return wrong("is of another type", true);
  const { properties = {}, additionalProperties, required = [] } = schema;
  // Of metadata the definition says nothing.
  if (Object.keys(properties).length === 0 && additionalProperties === undefined) return [];
  return [
    ...required.flatMap((key) => wrong(`lacks ${key}`, !(key in value))),
    ...Object.entries(value).flatMap(([key, part]) => {
      const of = properties[key] ?? additionalProperties;
      return of === undefined ? wrong(`has ${key}`, true) : invalid(of, part, `${path}.${key}`);
    }),
  ];
}
