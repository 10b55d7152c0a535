import { accuracyMetrics, type AccuracyMetric } from "./accuracy.ts";
import { choicesOf, type Choice } from "./options.ts";
import { chain, type Objective, type Pipeline } from "./pipeline.ts";
import type { Plan } from "./plan.ts";
import type { Policy } from "./policies.ts";
import type { Option, Problem, Row, RowName } from "./problem.ts";
import type { QueueingModel } from "./queueing/latency.ts";
import { tieBreaker } from "./ties.ts";

/** What a problem is made from. */
export interface Formulation {
  readonly pipeline: Pipeline;
  readonly policy: Policy;
  readonly queueing: QueueingModel;
}

/** The choice of a plan for a planned load (margins already in it), requests per second, as a problem. */
export function formulate(from: Formulation, planned: number, running: Plan): Problem {
  const { pipeline, policy, queueing } = from;
  const choices = chain(pipeline).map((stage) =>
    choicesOf(pipeline, stage, policy.pins[stage.name], queueing, planned),
  );
  return weigh(pipeline, choices, running);
}

/** Gives the choices of each stage their scores, penalties and uses, and adds the rows. */
function weigh(pipeline: Pipeline, choices: readonly (readonly Choice[])[], running: Plan): Problem {
  const { objective, stages, sla } = pipeline;
  const metric: AccuracyMetric = accuracyMetrics[objective.accuracy];
  const rows = rowsOf(pipeline, metric);
  const { alpha, beta, delta } = weightsOf(objective);

  const options = choices.map((ofStage, s) =>
    ofStage.flatMap(({ chosen, ...choice }): Option[] => {
      const stage = stages[s];
      if (stage === undefined) return [];
      const score = metric.score(stage, chosen, stages.length);
      const cores = choice.replicas * chosen.coresPerReplica;
      const uses = rows.map((row) => (row.name === "cores" ? cores : floorUse(metric, score)));
      // An infinite use (a score of 0 under a floor on a product) can be part of no plan.
      if (uses.includes(Infinity)) return [];
      return [{ ...choice, score, cores, penalty: beta * cores + delta * choice.batch, tie: 0, uses }];
    }),
  );
  const ties = tieBreaker(objective, metric.combine, options, running);
  return {
    alpha,
    tieAlpha: ties.alpha,
    combine: metric.combine,
    options: options.map((ofStage, s) => ofStage.map((option) => ({ ...option, tie: ties.penalty(option, s) }))),
    latency: { limit: sla.seconds, paths: [stages.map((_, s) => s)] },
    rows,
  };
}

/** alpha, beta and delta that stand for an objective. */
export function weightsOf(objective: Objective): {
  readonly alpha: number;
  readonly beta: number;
  readonly delta: number;
} {
  switch (objective.kind) {
    case "weighted":
      return objective;
    case "maxAccuracy":
      return { alpha: 1, beta: 0, delta: 0 };
    case "minCost":
      return { alpha: 0, beta: 1, delta: 0 };
  }
}

function rowsOf(pipeline: Pipeline, metric: AccuracyMetric): readonly Row[] {
  const limits: readonly (readonly [RowName, number | undefined])[] = [
    ["cores", pipeline.limits.cores],
    ["accuracy_floor", floorLimit(metric, pipeline.objective.accuracyFloor)],
  ];
  return limits.flatMap(([name, limit]) => (limit === undefined ? [] : { name, limit }));
}

function floorLimit(metric: AccuracyMetric, floor: number | undefined): number | undefined {
  return floor === undefined ? undefined : floorUse(metric, floor);
}

/** A floor as a linear row: Σ −score ≤ −floor; of a product Σ −log score ≤ −log floor. */
function floorUse(metric: AccuracyMetric, score: number): number {
  return metric.combine === "sum" ? -score : -Math.log(score);
}

/** The accuracy that a value of the floor row stands for. */
export function floorAccuracy(objective: Objective, use: number): number {
  return accuracyMetrics[objective.accuracy].combine === "sum" ? -use : Math.exp(-use);
}
