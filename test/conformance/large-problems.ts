import type { Option, Problem } from "../../src/core/problem.ts";
import { stream } from "../../src/workload/streams.ts";
import { chosenOption, problemOf } from "./problems.ts";

/**
 * A problem of a size that no plain loops can check: stages of as many variants, four batches each; more accurate
 * variants are slower and dearer, larger batches slower and cheaper; the limit is near the least latency.
 */
export function largeProblem(size: number, combine: Problem["combine"], seed: number): Problem {
  const draw = stream(seed, "large problem", size, combine);
  const options = Array.from({ length: size }, (): Option[] => {
    const base = 0.02 * Math.exp(2 * draw());
    return Array.from({ length: size }, (_, v) => {
      const rank = (v + 1) / size;
      const alone = base * Math.exp(2.5 * rank) * (0.8 + 0.4 * draw());
      const score = 0.4 + 0.59 * rank * (0.9 + 0.1 * draw());
      const slope = 0.3 + 0.6 * draw();
      return [1, 2, 4, 8].map((batch): Option => {
        const mean = alone * (1 - slope + slope * batch) + (batch - 1) / 40;
        const cores = Math.ceil((40 * alone * (1 - slope + slope * batch)) / batch);
        return chosenOption({
          variant: `v${v}`,
          batch,
          score,
          cores,
          penalty: 0.1 * cores + 1e-6 * batch,
          tie: 1e-11 * ((7 * batch + 3 * cores) % 11),
          latency: { mean, forming: 0, excessSquared: 0 },
        });
      });
    }).flat();
  });
  const least = options.reduce((sum, ofStage) => sum + Math.min(...ofStage.map(({ latency }) => latency.mean)), 0);
  // So heavy that rounding of the values exceeds what settles ties.
  const alpha = combine === "sum" ? 5 : 5 * size;
  return problemOf({ alpha, combine, options }, least * (1.3 + 0.7 * draw()));
}
