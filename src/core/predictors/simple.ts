import { measured, type Predictor } from "./predictor.ts";

/** The load stays as it was last seen. */
export const reactive: Predictor = (load) => measured(load)?.at(-1) ?? null;

/** The greatest load seen comes again. */
export const maximum: Predictor = (load) => {
  const rates = measured(load);
  return rates === null ? null : Math.max(...rates);
};

/** The mean load seen goes on. */
export const average: Predictor = (load) => {
  const rates = measured(load);
  return rates === null ? null : rates.reduce((a, b) => a + b, 0) / rates.length;
};
