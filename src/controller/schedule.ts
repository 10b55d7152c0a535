/** When a pipeline is due, seconds: every `interval`, and each pipeline at its own place in it, so that not all are at once. */
export function nextDue(key: string, interval: number, after: number): number {
  const offset = placeOf(key) * interval;
  // Multiples of the interval, so that whoever leads next goes on at the same instants.
  return (Math.floor((after + EARLY - offset) / interval) + 1) * interval + offset;
}

/** Timers go off up to a millisecond early: what is due within so many seconds counts as begun, and is not due again. */
const EARLY = 0.01;

/** Evenly in [0, 1) over names that differ however little: FNV-1a, and a finish that spreads its low bits. */
function placeOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return ((hash ^ (hash >>> 13)) >>> 0) / 2 ** 32;
}
