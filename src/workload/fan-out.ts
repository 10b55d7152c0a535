import { keyedSource } from "./keyed.ts";

/** How many items an item becomes that enters a stage; keyed by its request and number (S14). */
export type FanOut = (request: number, item: number) => number;

/** ⌊mean⌋, and one more with the probability that is left. */
export function fanOut(mean: number, seed: number, stage: string): FanOut {
  const whole = Math.floor(mean);
  const more = mean - whole;
  if (more === 0) return () => whole;
  const source = keyedSource(seed, "fan-out", stage);
  return (request, item) => {
    source.rekey(request, item);
    return source.next() < more ? whole + 1 : whole;
  };
}
