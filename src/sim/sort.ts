/** Below this many values the engine's own sort is as fast. */
const FEW = 500;
const BITS = 11;
const BUCKETS = 1 << BITS;
/** The lowest bits are left to the last step: numbers that differ only there are rare. */
const LOWEST_BIT = 20;
/** Moves that the last step may make, per value. */
const MOVES = 8;
const PASSES = (64 - LOWEST_BIT) / BITS;

const counts = new Uint32Array(PASSES * BUCKETS);

/**
 * Non-negative numbers in ascending order, as a new array: by radix, least significant digit first, and
 * by insertion what is left. The bits of such numbers are in the order of the numbers, and a run has too
 * many for comparisons.
 */
export function ascending(values: Float64Array): Float64Array {
  const count = values.length;
  let from = values.slice();
  if (count < FEW) return from.sort();
  let to = new Float64Array(count);
  counts.fill(0);
  const words = new Uint32Array(from.buffer);
  for (let i = 0; i < count; i++) {
    // Low and high half: little-endian, as all machines are that run this.
    const [low, high] = [words[2 * i]!, words[2 * i + 1]!];
    counts[digit(low, high, 0)]!++;
    counts[BUCKETS + digit(low, high, 1)]!++;
    counts[2 * BUCKETS + digit(low, high, 2)]!++;
    counts[3 * BUCKETS + digit(low, high, 3)]!++;
  }
  for (let pass = 0; pass < PASSES; pass++) {
    const first = pass * BUCKETS;
    const source = new Uint32Array(from.buffer);
    // A digit that is the same everywhere orders nothing.
    if (counts[first + digit(source[0]!, source[1]!, pass)] === count) continue;
    let place = 0;
    for (let b = first; b < first + BUCKETS; b++) {
      const inBucket = counts[b]!;
      counts[b] = place;
      place += inBucket;
    }
    for (let i = 0; i < count; i++) {
      to[counts[first + digit(source[2 * i]!, source[2 * i + 1]!, pass)]!++] = from[i]!;
    }
    [from, to] = [to, from];
  }
  insert(from);
  return from;
}

function digit(low: number, high: number, pass: number): number {
  if (pass === 0) return (low >>> LOWEST_BIT) & (BUCKETS - 1);
  if (pass === 1) return ((low >>> 31) | (high << 1)) & (BUCKETS - 1);
  return (high >>> (pass * BITS + LOWEST_BIT - 32)) & (BUCKETS - 1);
}

/**
 * Insertion sort: one look at each number where they are in order already. Where many differ only in their lowest
 * bits, as latencies do under constant service times, it would take long, and leaves the rest to the engine.
 */
function insert(values: Float64Array): void {
  let moves = MOVES * values.length;
  for (let i = 1; i < values.length; i++) {
    const value = values[i]!;
    let j = i;
    for (; j > 0 && values[j - 1]! > value; j--) values[j] = values[j - 1]!;
    values[j] = value;
    moves -= i - j;
    if (moves < 0) {
      values.sort();
      return;
    }
  }
}
