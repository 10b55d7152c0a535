// JSON that gives every number back to the bit. What JSON has no number for is an object with this key alone.
const KEY = "$number";

/** As JSON, with all numbers that there are. */
export function toExactJson(value: unknown): string {
  return JSON.stringify(value, exact);
}

/** The same whatever the order of keys. */
export function toCanonicalJson(value: unknown): string {
  return JSON.stringify(value, (key, of: unknown) => sorted(exact(key, of)));
}

/** Throws a SyntaxError if it is no JSON. */
export function fromExactJson(text: string): unknown {
  return JSON.parse(text, (_key, value: unknown) => {
    if (typeof value !== "object" || value === null || !(KEY in value)) return value;
    const { [KEY]: number, ...others } = value;
    return Object.keys(others).length === 0 && typeof number === "string" ? Number(number) : value;
  });
}

function exact(_key: string, value: unknown): unknown {
  if (typeof value !== "number") return value;
  if (Object.is(value, -0)) return { [KEY]: "-0" };
  return Number.isFinite(value) ? value : { [KEY]: String(value) };
}

function sorted(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}

/** Where two values first are not the same JSON; undefined stands for what one of them does not have. */
export interface Difference {
  /** Keys and places, joined by points. */
  readonly path: string;
  readonly before: unknown;
  readonly after: unknown;
}

/** Null if there is none but the order of keys. */
export function firstDifference(before: unknown, after: unknown, path = ""): Difference | null {
  if (!isParent(before) || !isParent(after) || Array.isArray(before) !== Array.isArray(after)) {
    return toExactJson(before) === toExactJson(after) ? null : { path, before, after };
  }
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const found = firstDifference(of(before, key), of(after, key), path === "" ? key : `${path}.${key}`);
    if (found !== null) return found;
  }
  return null;
}

function isParent(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function of(parent: object, key: string): unknown {
  return Object.hasOwn(parent, key) ? (parent as Record<string, unknown>)[key] : undefined;
}
