import { accuracyMetrics, type AccuracyMetric } from "./accuracy.ts";
import { costOfChange } from "./movement/change.ts";
import { choicesOf, type Choice } from "./options.ts";
import { pathsOf } from "./graph.ts";
import type { Leeway } from "./movement/leeway.ts";
import type { Objective, Pipeline } from "./pipeline.ts";
import { coresBeside, coresWith, standbyCores, type Plan } from "./plan.ts";
import type { Policy } from "./policies.ts";
import type { Option, Problem, Row, RowName } from "./problem.ts";
import type { QueueingModel } from "./queueing/latency.ts";
import { tieBreaker } from "./ties.ts";
import { visitsOf } from "./visits.ts";

/** What a problem is made from. */
export interface Formulation {
  readonly pipeline: Pipeline;
  readonly policy: Policy;
  readonly queueing: QueueingModel;
  /** What a move from the running plan leaves free; absent: all. */
  readonly leeway?: Leeway;
}

/** The choice of a plan for a planned load (margins already in it), requests per second, as a problem. */
export function formulate(from: Formulation, planned: number, running: Plan): Problem {
  const { pipeline, policy, queueing, leeway } = from;
  const choices = visitsOf(pipeline.stages).map((visited, s) =>
    choicesOf(pipeline, visited, policy.pins[visited.stage.name], queueing, planned, leeway?.[s]),
  );
  return weigh(pipeline, choices, running);
}

/** Gives the choices of each stage their scores, penalties and uses, and adds the rows. */
function weigh(pipeline: Pipeline, choices: readonly (readonly Choice[])[], running: Plan): Problem {
  const { objective, stages, sla } = pipeline;
  const metric: AccuracyMetric = accuracyMetrics[objective.accuracy];
  const rows = rowsOf(pipeline, metric);
  const { alpha, beta, delta } = weightsOf(objective);

  const visits = visitsOf(stages);
  const options = choices.map((ofStage, s) => {
    const visited = visits[s];
    if (visited === undefined) throw new RangeError(`there is no stage ${s}`);
    const aside = standbyCores(visited.stage);
    return ofStage.map((choice) => {
      const beside = pipeline.limits.cores === undefined ? 0 : coresBeside(visited.stage, choice.chosen, running);
      return optionOf(choice, aside, beside, metric.score(visited, choice.chosen, stages.length));
    });
  });
  const ties = tieBreaker(objective, metric.combine, options, running);
  options.forEach((ofStage, s) => {
    for (const option of ofStage) option.tie = ties.penalty(option, s);
  });
  return {
    alpha,
    tieAlpha: ties.alpha,
    combine: metric.combine,
    options,
    latency: { limit: sla.seconds, paths: pathsOf(stages) },
    rows,
  };

  /**
   * Without what settles ties, which depends on all options. `aside`: cores of what stands by at the stage; `beside`: of what
   * runs until the option takes over.
   */
  function optionOf(choice: Choice, aside: number, beside: number, score: number): Option & { tie: number } {
    const { stage, variant, batch, batchTimeout, replicas, latency } = choice;
    const cores = coresWith(aside, choice.chosen, replicas);
    const penalty = beta * cores + delta * batch + costOfChange(pipeline, choice, running);
    // While a stage goes over to another variant both are up.
    const uses = rows.map((row) => (row.name === "cores" ? cores + beside : floorUse(metric, score)));
    return { stage, variant, batch, batchTimeout, replicas, score, cores, penalty, tie: 0, latency, uses };
  }
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
  if (floor === undefined) return undefined;
  // Every product keeps a floor of 0.
  return floor === 0 && metric.combine === "product" ? Infinity : floorUse(metric, floor);
}

/** −log of a score of 0, finite, and more than that of any floor above 0 can be (745 at the least positive number). */
const LOG_OF_NOTHING = 1000;

/** A score as its use of the floor row: Σ −score ≤ −floor; of a product Σ −log score ≤ −log floor. */
function floorUse(metric: AccuracyMetric, score: number): number {
  return metric.combine === "sum" ? -score : score > 0 ? -Math.log(score) : LOG_OF_NOTHING;
}

/** The accuracy that a value of the floor row stands for. */
export function floorAccuracy(objective: Objective, use: number): number {
  return accuracyMetrics[objective.accuracy].combine === "sum" ? -use : Math.exp(-use);
}
