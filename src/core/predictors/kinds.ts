import { arima } from "./arima.ts";
import { evident } from "./evident.ts";
import { lstm } from "./lstm.ts";
import { oracle } from "./oracle.ts";
import type { PredictorKind } from "./predictor.ts";
import { average, maximum, reactive } from "./simple.ts";
import { surge } from "./surge.ts";

export const predictorKinds = {
  reactive: { make: () => reactive, describes: "the newest load" },
  max: { make: () => maximum, describes: "the greatest load seen" },
  average: { make: () => average, describes: "the mean load seen" },
  evident: {
    make: () => evident,
    describes: "the greatest load seen that random arrivals do not explain; for steady loads, or with standby replicas",
  },
  surge: {
    make: () => surge,
    describes: "the greatest load seen, and more while the load rises faster than by chance",
  },
  arima: { make: () => arima, describes: "the greatest mean that an ARIMA(1,0,0) of the load seen expects" },
  lstm: { make: lstm, describes: "the paper's: a neural network, trained on the days 1–14 of the Twitter trace" },
  oracle: { make: oracle, describes: "the load to come, which only a simulation knows" },
} satisfies Record<string, PredictorKind>;
