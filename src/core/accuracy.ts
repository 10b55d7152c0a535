import type { Stage, Variant } from "./pipeline.ts";

/** How the accuracies of the stages make the accuracy of a plan. */
export interface AccuracyMetric {
  /** Whether the scores of the stages are added or multiplied. */
  readonly combine: "sum" | "product";
  /** Score of a variant among all variants of its stage (pinned away or not). */
  readonly score: (stage: Stage, variant: Variant, stages: number) => number;
  readonly describes: string;
}

/** The lowest rank counts this much in a product of ranks, so that it does not wipe out the others. */
const RANK_FLOOR = 0.05;

export const accuracyMetrics = {
  pas: {
    combine: "product",
    score: (_stage, variant) => variant.accuracy,
    describes: "product of the stage accuracies",
  },
  "rank-sum": {
    combine: "sum",
    score: rank,
    describes: "sum of the variants' normalised ranks",
  },
  "rank-product": {
    combine: "product",
    score: (stage, variant) => RANK_FLOOR + (1 - RANK_FLOOR) * rank(stage, variant),
    describes: `product of the variants' normalised ranks, lifted to ${RANK_FLOOR} at least`,
  },
  average: {
    combine: "sum",
    score: (_stage, variant, stages) => variant.accuracy / stages,
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
  const scores = stages.map((stage, s) => {
    const variant = variants[s];
    if (variant === undefined) throw new RangeError(`no variant chosen for stage "${stage.name}"`);
    return metric.score(stage, variant, stages.length);
  });
  return combineScores(metric.combine, scores);
}

/** Folds scores as every engine and every check must, in stage order. */
export function combineScores(combine: "sum" | "product", scores: readonly number[]): number {
  return combine === "sum" ? scores.reduce((a, b) => a + b, 0) : scores.reduce((a, b) => a * b, 1);
}
