import { oracle } from "./oracle.ts";
import type { PredictorKind } from "./predictor.ts";
import { average, maximum, reactive } from "./simple.ts";

export const predictorKinds = {
  reactive: { make: () => reactive, describes: "the newest load" },
  max: { make: () => maximum, describes: "the greatest load seen" },
  average: { make: () => average, describes: "the mean load seen" },
  oracle: { make: oracle, describes: "the load to come, which only a simulation knows" },
} satisfies Record<string, PredictorKind>;
