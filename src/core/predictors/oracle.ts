import { InputError } from "../errors.ts";
import type { Knowledge, Predictor } from "./predictor.ts";

/** Knows the load to come. A predictor only: no bound on what a policy can reach. */
export function oracle({ future }: Knowledge): Predictor {
  if (future === undefined) {
    throw new InputError(
      "not_supported",
      'predictor "oracle" knows the future only in a simulation; choose another predictor',
    );
  }
  return (load, horizon) => future(load.end, load.end + horizon);
}
