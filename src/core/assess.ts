import { accuracyOf } from "./accuracy.ts";
import { capacityOf } from "./capacity.ts";
import { type Formulation, weightsOf } from "./formulate.ts";
import { pathsOf } from "./graph.ts";
import { termsOf } from "./options.ts";
import { forbids, pinnedReplicas, pinsAllow } from "./pins.ts";
import { ROW_TOLERANCE, type Pipeline } from "./pipeline.ts";
import { planCores, planVariants, type Plan } from "./plan.ts";
import { addTerms, composeLatency, type LatencyTerms } from "./queueing/latency.ts";
import { visitsOf } from "./visits.ts";

/** What a plan promises at a load, and what it breaks. Knows nothing of solvers. */
export interface Assessment {
  /** In the objective's metric. */
  readonly accuracy: number;
  readonly cores: number;
  /** End-to-end latency by the queueing model, seconds. */
  readonly latency: number;
  readonly objective: number;
  readonly stages: readonly StageAssessment[];
  readonly violations: readonly Violation[];
}

export interface StageAssessment {
  readonly stage: string;
  /** Items per second that come. */
  readonly load: number;
  /** Items per second that the replicas carry together. */
  readonly capacity: number;
  /** Load over capacity. */
  readonly utilisation: number;
  readonly latency: LatencyTerms;
}

export interface Violation {
  /** `sla`, `cores`, `accuracy_floor`; or `capacity`, `replicas`, `min_replicas`, `batch`, `pin`, `forbid` with the stage's name. */
  readonly row: string;
  readonly value: number;
  readonly limit: number;
}

/** Judges a plan at a planned load (margins already in it), requests per second. */
export function assess(from: Formulation, planned: number, plan: Plan): Assessment {
  const { pipeline, policy, queueing } = from;
  const { objective, limits, sla } = pipeline;
  const variants = planVariants(pipeline, plan);
  const violations: Violation[] = [];
  const atMost = (row: string, value: number, limit: number): void => {
    if (value > limit + ROW_TOLERANCE) violations.push({ row, value, limit });
  };

  const stages = visitsOf(pipeline.stages).flatMap((visited, s): StageAssessment[] => {
    const { stage } = visited;
    const load = visited.items * planned;
    const [setting, variant] = [plan[s], variants[s]];
    if (setting === undefined || variant === undefined) return [];
    const { batch, replicas } = setting;
    const ofReplica = capacityOf(pipeline, variant, batch);
    const capacity = replicas * ofReplica.rate;
    const pins = policy.pins[stage.name];
    // The slack of ⌈λ/h − 1e-9⌉ is in replicas.
    if (load / ofReplica.rate > replicas + ROW_TOLERANCE) {
      violations.push({ row: `capacity ${stage.name}`, value: load, limit: capacity });
    }
    atMost(`replicas ${stage.name}`, replicas, Math.min(limits.replicas, variant.maxReplicas ?? Infinity));
    const fewest = variant.minReplicas ?? 0;
    if (replicas < fewest) violations.push({ row: `min_replicas ${stage.name}`, value: replicas, limit: fewest });
    atMost(`batch ${stage.name}`, batch, limits.batch);
    const wanted = pinnedReplicas(stage, pins).find((pinned) => pinned !== replicas);
    if (wanted !== undefined || !pinsAllow(stage, pins, variant.name, batch)) {
      violations.push({ row: `pin ${stage.name}`, value: replicas, limit: wanted ?? replicas });
    }
    if (forbids(stage, variant.name, batch))
      violations.push({ row: `forbid ${stage.name}`, value: replicas, limit: 0 });
    const latency = termsOf(pipeline, visited, { batch, capacity: ofReplica }, queueing, planned, replicas);
    return [{ stage: stage.name, load, capacity, utilisation: load / capacity, latency }];
  });

  const accuracy = accuracyOf(objective.accuracy, pipeline.stages, variants);
  const cores = planCores(pipeline, plan);
  const latency = Math.max(
    ...pathsOf(pipeline.stages).map((path) => composeLatency(addTerms(path.flatMap((s) => stages[s]?.latency ?? [])))),
  );
  atMost("sla", latency, sla.seconds);
  if (limits.cores !== undefined) atMost("cores", cores, limits.cores);
  if (objective.accuracyFloor !== undefined) atMost("accuracy_floor", -accuracy, -objective.accuracyFloor);
  return { accuracy, cores, latency, objective: planObjective(pipeline, plan), stages, violations };
}

/** alpha·accuracy − beta·cores − delta·Σ batch, the accuracy, or minus the cores: what the objective maximises. */
export function planObjective(pipeline: Pipeline, plan: Plan): number {
  const { alpha, beta, delta } = weightsOf(pipeline.objective);
  const accuracy = accuracyOf(pipeline.objective.accuracy, pipeline.stages, planVariants(pipeline, plan));
  return alpha * accuracy - plan.reduce((sum, stage) => sum + delta * stage.batch, beta * planCores(pipeline, plan));
}
