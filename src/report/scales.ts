/** The unit in which a time axis of this many seconds is read. */
export function timeUnit(duration: number): { readonly seconds: number; readonly label: string } {
  if (duration > 4 * 86_400) return { seconds: 86_400, label: "Time (days)" };
  if (duration > 4 * 3600) return { seconds: 3600, label: "Time (hours)" };
  if (duration > 20 * 60) return { seconds: 60, label: "Time (minutes)" };
  return { seconds: 1, label: "Time (s)" };
}

/** A scale spans at least this share of its values: what differs by less would look like more than it is. */
const LEAST_SPAN = 0.02;

/** The ends of the values, apart by at least 2 % of their size, so that a lone point has a scale and noise has none. */
export function span(values: readonly number[]): readonly [number, number] {
  if (values.length === 0) return [0, 1];
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const least = LEAST_SPAN * Math.max(Math.abs(low), Math.abs(high)) || 1;
  if (high - low >= least) return [low, high];
  const middle = (low + high) / 2;
  return [middle - least / 2, middle + least / 2];
}

/** The ticks 1, 2, 5, 10, … within positive ends; only powers of ten where those would be many. */
export function logarithmicTicks(low: number, high: number): number[] {
  const powers: number[] = [];
  for (let exponent = Math.floor(Math.log10(low)); exponent <= Math.log10(high); exponent++) powers.push(exponent);
  // Parsed, because 10 ** -1 times 2 is not always the nearest number to 0.2.
  const ticks = powers.flatMap((exponent) => [1, 2, 5].map((digit) => Number(`${digit}e${exponent}`)));
  const within = ticks.filter((tick) => tick >= low && tick <= high);
  return within.length <= 7
    ? within
    : within.filter((tick) => Number.isInteger(Math.round(Math.log10(tick) * 1e9) / 1e9));
}
