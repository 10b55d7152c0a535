/**
 * Random numbers by key instead of by order: the same key gives the same numbers whatever was drawn
 * before, so that policies that serve in different orders share their noise.
 *
 * A counter-based generator: a 32-bit mixer (two multiplications, constants from the search of the
 * public-domain project "hash-prospector") applied to the key's parts in turn and to the draw's
 * number. Two mixed words make the 53 bits of one number.
 */
export interface KeyedSource {
  /** Makes the next numbers those of the key (a, b), integers. */
  readonly rekey: (a: number, b: number) => void;
  /** The next number of the key, in (0, 1). */
  readonly next: () => number;
}

/** A source whose numbers also depend on the seed and a name (words or integers). */
export function keyedSource(seed: number, ...name: readonly (string | number)[]): KeyedSource {
  const base = hash(seed, name);
  const other = mix(base ^ 0x5bf03635);
  let key = 0;
  let twin = 0;
  let count = 0;
  return {
    rekey: (a, b) => {
      key = mix(base ^ Math.imul(a, 0x9e3779b1)) ^ Math.imul(b, 0x85ebca6b);
      twin = mix(other + Math.imul(a, 0xc2b2ae35)) ^ Math.imul(b, 0x27d4eb2f);
      count = 0;
    },
    next: () => {
      const counter = Math.imul(++count, 0x9e3779b1);
      const high = mix(key ^ counter) >>> 5;
      const low = mix(twin ^ counter) >>> 6;
      return (high * 0x4000000 + low + 0.5) / 0x20000000000000;
    },
  };
}

/** A 32-bit bijection that changes about half of the bits of its result with any bit of its argument. */
function mix(x: number): number {
  let h = x ^ (x >>> 16);
  h = Math.imul(h, 0x21f0aaad);
  h ^= h >>> 15;
  h = Math.imul(h, 0xd35a2d97);
  return h ^ (h >>> 15);
}

/** One word from a seed and a name; FNV-1a over its characters, mixed. */
function hash(seed: number, name: readonly (string | number)[]): number {
  let h = mix(seed | 0) ^ mix(Math.floor(seed / 0x100000000) + 0x3c6ef372);
  for (const character of JSON.stringify(name)) h = Math.imul(h ^ (character.codePointAt(0) ?? 0), 0x01000193);
  return mix(h);
}
