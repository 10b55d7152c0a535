/** What stands where a number does not exist. */
export const NO_NUMBER = "–";

/** A number with a fixed number of decimals, or a dash. */
export function decimals(value: number | null, digits: number): string {
  if (value === null || !Number.isFinite(value)) return NO_NUMBER;
  const text = value.toFixed(digits);
  // What rounds to zero has no sign.
  return Number(text) === 0 ? text.replace("-", "") : text;
}

/** A load that people read: four significant digits, or a whole number. */
export function rate(value: number | null): string {
  if (value === null || !Number.isFinite(value)) return NO_NUMBER;
  const digits = value === 0 ? 0 : 3 - Math.floor(Math.log10(Math.abs(value)));
  return String(Number(value.toFixed(Math.min(6, Math.max(0, digits)))));
}

/** A share as a percentage without its sign, with a fixed number of decimals, or a dash. */
export function percent(share: number | null, digits: number): string {
  return decimals(share === null ? null : share * 100, digits);
}

/** A number and, where there is one, the half-width of its interval: `12.3 ±0.4`. */
export function withHalfWidth(value: number | null, half: number | null, digits: number): string {
  const text = decimals(value, digits);
  return half === null || text === NO_NUMBER ? text : `${text} ±${decimals(half, digits)}`;
}

/** A duration that people read: seconds with three significant digits. */
export function seconds(value: number | null): string {
  if (value === null || !Number.isFinite(value)) return NO_NUMBER;
  return value === 0 ? "0" : value.toFixed(Math.min(3, Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))))));
}

/** A share as a percentage that people read: never rounded up to a whole 100 % that was not reached. */
export function sharePercent(share: number | null): string {
  if (share === null || !Number.isFinite(share)) return NO_NUMBER;
  const text = (share * 100).toFixed(share > 0.99 ? 2 : 1);
  return share < 1 && Number(text) >= 100 ? "> 99.99" : `${Number(text)}`;
}
