import { randomExponential, randomNormal } from "d3-random";

// The only file that imports d3-random. Its distributions check nothing: parameters are checked here
// or by the caller. Its own linear congruential source is not used: streams of near seeds are alike.

/** A source of numbers in [0, 1). */
export type Source = () => number;

/**
 * A stream of its own for each seed and key: sfc32, the 128-bit "small fast counting" generator of
 * Chris Doty-Humphrey's PractRand (public domain), seeded by hashing the key. 53 bits a number.
 */
export function stream(seed: number, ...key: readonly (string | number)[]): Source {
  let [a, b, c, counter] = hashKey(JSON.stringify([seed, ...key]));
  const word = (): number => {
    const t = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + t) | 0;
    return t >>> 0;
  };
  for (let i = 0; i < 16; i++) word();
  return () => ((word() >>> 5) * 0x4000000 + (word() >>> 6)) / 0x20000000000000;
}

/** Four words of a text: FNV-1a from four bases, each finished by a mixer. */
function hashKey(text: string): [number, number, number, number] {
  const hashFrom = (base: number): number => {
    let h = base;
    for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
    h = Math.imul(h ^ (h >>> 16), 0x21f0aaad);
    h = Math.imul(h ^ (h >>> 15), 0xd35a2d97);
    return h ^ (h >>> 15);
  };
  return [hashFrom(0x811c9dc5), hashFrom(0x9e3779b9), hashFrom(0x243f6a88), hashFrom(0xb7e15162)];
}

/** Exponential draws of mean 1. */
export function exponential(source: Source): () => number {
  return randomExponential.source(source)(1);
}

/** Standard normal draws; of each pair that the polar method makes the second waits for the next call. */
export function normal(source: Source): () => number {
  return randomNormal.source(source)(0, 1);
}
