import type { Stage, Variant } from "./pipeline.ts";
import { visitsOf, type Visited } from "./visits.ts";

/** How the accuracies of the stages make the accuracy of a plan. */
export interface AccuracyMetric {
  /** Whether the scores of the stages are added or multiplied. */
  readonly combine: "sum" | "product";
  /** Score of a variant among all variants of its stage (pinned away or not), in a pipeline of so many stages. */
  readonly score: (visited: Pick<Visited, "stage" | "share">, variant: Variant, stages: number) => number;
  readonly describes: string;
}

/** The lowest rank counts this much in a product of ranks, so that it does not wipe out the others. */
const RANK_FLOOR = 0.05;

export const accuracyMetrics = {
  pas: {
    combine: "product",
    // A request that does not come by loses nothing there.
    score: ({ share }, variant) => 1 - share + share * variant.accuracy,
    describes: "product of the stage accuracies",
  },
  "rank-sum": {
    combine: "sum",
    score: ({ stage }, variant) => rank(stage, variant),
    describes: "sum of the variants' normalised ranks",
  },
  "rank-product": {
    combine: "product",
    score: ({ stage }, variant) => RANK_FLOOR + (1 - RANK_FLOOR) * rank(stage, variant),
    describes: `product of the variants' normalised ranks, lifted to ${RANK_FLOOR} at least`,
  },
  average: {
    combine: "sum",
    score: (_visited, variant, stages) => variant.accuracy / stages,
    describes: "mean of the stage accuracies",
  },
} satisfies Record<string, AccuracyMetric>;

export type AccuracyMetricName = keyof typeof accuracyMetrics;

/** Rank in [0, 1] by accuracy: 0 the least, 1 the greatest or a lone variant; equals share the lower. */
function rank(stage: Stage, variant: Variant): number {
  if (stage.variants.length === 1) return 1;
  const lower = stage.variants.filter((other) => other.accuracy < variant.accuracy).length;
  return lower / (stage.variants.length - 1);
}

/** The metric over the chosen variants, one per stage, in stage order. */
export function accuracyOf(name: AccuracyMetricName, stages: readonly Stage[], variants: readonly Variant[]): number {
  const metric: AccuracyMetric = accuracyMetrics[name];
  const scores = visitsOf(stages).map((visited, s) => {
    const variant = variants[s];
    if (variant === undefined) throw new RangeError(`no variant chosen for stage "${visited.stage.name}"`);
    return metric.score(visited, variant, stages.length);
  });
  return combineScores(metric.combine, scores);
}

/** Folds scores as every engine and every check must, in stage order. */
export function combineScores(combine: "sum" | "product", scores: readonly number[]): number {
  return combine === "sum" ? scores.reduce((a, b) => a + b, 0) : scores.reduce((a, b) => a * b, 1);
}
