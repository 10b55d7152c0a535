import { z } from "zod";
import { ABOVE_ZERO, CORES, DECIMAL, DURATION, POSITIVE_DURATION, quantity, seconds } from "./quantity.ts";

// What the schemas of files and objects are made of, and the JSON Schemas that come of them.

const WRITE_CORES = "Write CPU cores, above 0, as 2, 0.5 or 500m.";

/** Digits of a duration, and its unit: what is longer says nothing more, and is not worth a cluster's time. */
const LONGEST_DURATION = 24;

/** No longer than `most`, so that nobody who writes one keeps a controller busy or fills its memory with what comes of it. */
function durationUpTo(most: string, pattern: RegExp, write: string) {
  const isUpTo = (text: string): boolean =>
    text.length > LONGEST_DURATION || !DURATION.test(text) || seconds(text) <= seconds(most);
  return z
    .string(write)
    .max(LONGEST_DURATION, write)
    .regex(pattern, write)
    .refine(isUpTo, `is longer than ${most}, which is the most`)
    .meta(
      rules(
        [matches(pattern), write],
        [
          `!${matches(pattern)} || duration(self) <= duration('${most}')`,
          `This is longer than ${most}, which is the most. Shorten it.`,
        ],
      ),
    );
}

export const duration = durationUpTo("24h", DURATION, "Write a duration with its unit, for example 600ms or 5s.");
export const positiveDuration = (most = "24h") =>
  durationUpTo(most, POSITIVE_DURATION, "Write a duration above 0 with its unit, for example 600ms or 5s.");

/**
 * A number that need not be whole. Objects of a cluster hold no fractions, so it may also be text; `pattern` has the texts
 * that are within the number's bounds, for those who cannot read them as numbers.
 */
function decimal(number: z.ZodNumber, pattern: string) {
  return z
    .preprocess((value) => (typeof value === "string" && DECIMAL.test(value) ? Number(value) : value), number)
    .meta({ pattern: `^(?:${pattern})$` });
}

const PART = "0+\\.\\d*[1-9]\\d*";
const ONE = "0*1(?:\\.0+)?";

export const notNegative = decimal(z.number().min(0), "\\d+(?:\\.\\d+)?");
export const positive = decimal(z.number().positive(), ABOVE_ZERO);
/** Of 0, 1 and what lies between: both, the first, the last, none. */
export const fraction = decimal(z.number().min(0).max(1), `0+(?:\\.\\d+)?|${ONE}`);
export const fractionBelowOne = decimal(z.number().min(0).lt(1), "0+(?:\\.\\d+)?");
export const fractionAboveZero = decimal(z.number().gt(0).max(1), `${PART}|${ONE}`);
export const fractionBetween = decimal(z.number().gt(0).lt(1), PART);
export const upToAMillion = decimal(z.number().min(0).max(1e6), "0*\\d{1,6}(?:\\.\\d+)?|0*1000000(?:\\.0+)?");

export const cores = z
  .preprocess(
    (value) => (typeof value === "string" && CORES.test(value) ? quantity(value) : value),
    z.number(WRITE_CORES).positive(WRITE_CORES),
  )
  .meta({ pattern: CORES.source });

export const count = z.number().int().min(1);

/** A name of the file's own. */
export const name = (longest: number) => z.string().min(1).max(longest);

const SUBDOMAIN = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/;
const WRITE_OBJECT = "Write a name as Kubernetes has them: lower-case letters, digits, - and .";
/** The name of an object in a cluster. */
export const objectName = z.string().max(253).regex(SUBDOMAIN, WRITE_OBJECT);

const SELECTOR = /^(?:[a-zA-Z_:][a-zA-Z0-9_:]*)?(?:\{(?:[^"'`{}]|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`)*\})?$/;
const WRITE_SELECTOR =
  'Write the name of one counter, its labels, or both, as in http_requests_total{service="video"}: no function and no range, as the controller takes the rate itself.';

/** What the value of a label may be, and how long. */
export const LABEL_VALUE = /^[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?$/;
export const MOST_OF_LABEL = 63;

/** Metrics in a Prometheus, which are read raw: a function or a range would be of no use. */
export const selector = z
  .string()
  .min(1)
  .max(2048)
  .regex(SELECTOR, WRITE_SELECTOR)
  .meta(rules([matches(SELECTOR), WRITE_SELECTOR]));

export const names = <T extends Record<string, unknown>>(table: T) =>
  z.enum(Object.keys(table) as [string, ...string[]]);

/** What holds where a field is left out. */
export const byDefault = (otherwise: unknown) => ({ otherwise });

/** Its entries are told apart by these fields of theirs, so that each can be changed by itself. */
export const mapBy = (...keys: readonly string[]) => ({
  "x-kubernetes-list-type": "map",
  "x-kubernetes-list-map-keys": keys,
});

/** What a cluster checks: a CEL expression on `self`, and what to do where it does not hold. */
export function rules(...pairs: readonly (readonly [rule: string, message: string])[]) {
  return { "x-kubernetes-validations": pairs.map(([rule, message]) => ({ rule, message })) };
}

/** The expression that a text matches a pattern, which must be one of theirs too. */
function matches({ source }: RegExp): string {
  return `self.matches(r"""${source}""")`;
}

export type JsonSchema = Record<string, unknown>;

/** The JSON Schema of what may be written; what is said for clusters alone is in it where asked for. */
export function jsonSchemaOf(schema: z.ZodType, forClusters = false): JsonSchema {
  return z.toJSONSchema(schema, {
    io: "input",
    reused: "inline",
    override: ({ jsonSchema }) => {
      const found: JsonSchema = jsonSchema;
      const { type, pattern, minimum, maximum, exclusiveMinimum, exclusiveMaximum, otherwise, ...rest } = found;
      if (type === "number" && pattern !== undefined) {
        const bounds = { minimum, maximum, exclusiveMinimum, exclusiveMaximum };
        const number = Object.fromEntries(Object.entries(bounds).filter(([, bound]) => bound !== undefined));
        for (const key of Object.keys(found)) delete found[key];
        Object.assign(found, rest, {
          anyOf: [
            { type, ...number },
            { type: "string", pattern },
          ],
        });
        if (otherwise !== undefined) found["otherwise"] = otherwise;
      }
      // The generator keeps no `default` of what is read and changed.
      if (found["otherwise"] !== undefined) {
        found["default"] = found["otherwise"];
        delete found["otherwise"];
      }
      if (!forClusters) for (const key of Object.keys(found)) if (key.startsWith("x-kubernetes-")) delete found[key];
    },
  });
}
