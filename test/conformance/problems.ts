import type { Option, Outcome, Problem } from "../../src/core/problem.ts";

/** An option that says only what matters to a test. */
export function chosenOption(given: Partial<Option>): Option {
  return {
    stage: "stage",
    variant: "variant",
    batch: 1,
    batchTimeout: 0,
    replicas: 1,
    score: 0,
    cores: 0,
    penalty: 0,
    tie: 0,
    latency: { mean: 0, forming: 0, excessSquared: 0 },
    uses: [],
    ...given,
  };
}

/** A problem over one path through all stages that says only what matters to a test. */
export function problemOf(given: Partial<Problem> & Pick<Problem, "options">, limit = Infinity): Problem {
  return {
    alpha: 1,
    tieAlpha: 0,
    combine: "sum",
    latency: { limit, paths: [given.options.map((_, s) => s)] },
    rows: [],
    ...given,
  };
}

/** Latency that simply adds up, seconds. */
export function mean(seconds: number): Option["latency"] {
  return { mean: seconds, forming: 0, excessSquared: 0 };
}

/** The options of a plan; a failure if there is none. */
export function planOf(outcome: Outcome): readonly Option[] {
  if (outcome.status !== "optimal" && outcome.status !== "feasible") throw new Error(`no plan: ${outcome.status}`);
  return outcome.options;
}
