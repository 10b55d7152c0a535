import { randomExponential, randomNormal } from "d3-random";

export function stream(seed: number, ...key: readonly (string | number)[]): () => number {
  let a = seed | 0,
    b = key.length,
    c = 1,
    d = 7;
  return () => {
    const t = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + t) | 0;
    return (t >>> 0) / 4294967296;
  };
}
export const exponential = (source: () => number): (() => number) => randomExponential.source(source)(1);
export const normal = (source: () => number): (() => number) => randomNormal.source(source)(0, 1);
