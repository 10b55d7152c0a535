/** A decimal number as people write it, in full or with an exponent; NaN for any other text, also for `0x10`, `Infinity` and 1e400. */
export function parseNumber(text: string): number {
  const value = /^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i.test(text) ? Number(text) : NaN;
  return Number.isFinite(value) ? value : NaN;
}

/** A duration as people write it: a number and its unit. */
export const DURATION = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/;

const SECONDS: Readonly<Record<string, number>> = { ms: 1e-3, s: 1, m: 60, h: 3600 };

/** A decimal above 0, for regular expressions; without what those of other languages lack. */
export const ABOVE_ZERO = "(?:0*[1-9]\\d*(?:\\.\\d+)?|0+\\.\\d*[1-9]\\d*)";

/** A decimal number in text as objects of a cluster hold it: with all its digits, and no exponent. */
export const DECIMAL = new RegExp(`^(?:\\d+(?:\\.\\d+)?|-${ABOVE_ZERO})$`);

/** A duration above 0. */
export const POSITIVE_DURATION = new RegExp(`^${ABOVE_ZERO}(?:ms|s|m|h)$`);

/** Seconds of a text that matches DURATION. */
export function seconds(text: string): number {
  const [, value = "", unit = ""] = DURATION.exec(text) ?? [];
  const scale = SECONDS[unit];
  if (scale === undefined) throw new RangeError(`"${text}" is no duration`);
  // Whole milliseconds divide exactly, where a product with 1e-3 would not.
  return unit === "ms" ? Number(value) / 1000 : Number(value) * scale;
}

/** Seconds of such a text; where there is none, those given. */
export function secondsOr(text: string | undefined, otherwise: number): number {
  return text === undefined ? otherwise : seconds(text);
}

/** CPU cores as Kubernetes writes them, above 0: cores, or thousandths with an m. */
export const CORES = new RegExp(`^(${ABOVE_ZERO})(m?)$`);

/** Powers of ten by the suffix of a quantity. */
const DECIMAL_SUFFIXES: Readonly<Record<string, number>> = {
  n: -9,
  u: -6,
  m: -3,
  "": 0,
  k: 3,
  M: 6,
  G: 9,
  T: 12,
  P: 15,
  E: 18,
};
const BINARY_SUFFIXES = ["Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];

/**
 * What a quantity of Kubernetes comes to: a decimal number, with a suffix or an exponent but not with both
 * (https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/). Null for what is none.
 */
export function quantity(text: string | number | undefined): number | null {
  const [, number, exponent, suffix = ""] =
    /^([+-]?(?:\d+\.?\d*|\.\d+))(?:[eE]([+-]?\d+)|([numkMGTPE]|[KMGTPE]i)?)$/.exec(String(text ?? "")) ?? [];
  if (number === undefined) return null;
  const binary = BINARY_SUFFIXES.indexOf(suffix) + 1;
  // Read as one number, so that it is the nearest one.
  const value = Number(`${number}e${exponent ?? DECIMAL_SUFFIXES[suffix] ?? 0}`) * 1024 ** binary;
  return Number.isFinite(value) ? value : null;
}
