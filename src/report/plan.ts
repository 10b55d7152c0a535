import { accuracyOf } from "../core/accuracy.ts";
import { assess } from "../core/assess.ts";
import type { BindingPin } from "../core/binding-pins.ts";
import type { Decided, Planner } from "../core/decide.ts";
import { planVariants, sparesOf } from "../core/plan.ts";
import { isSolved } from "../core/problem.ts";
import { composeLatency } from "../core/queueing/latency.ts";
import type { Reason } from "../core/reason.ts";
import type { Relaxation } from "../core/relax.ts";
import type { Shortfall } from "../core/shortfall.ts";

/** What `ipa plan --json` prints; keys are only ever added (docs/cli.md). */
export interface PlanReport {
  readonly pipeline: string;
  readonly load_rps: number;
  readonly planned_load_rps: number;
  readonly sla_s: number;
  readonly quantile: number;
  readonly policy: string;
  readonly queueing: string;
  readonly engine: string;
  /** Why this engine. */
  readonly engine_reason: string;
  readonly status: "optimal" | "feasible" | "infeasible" | "unknown";
  readonly reason: Reason;
  readonly objective: number | null;
  readonly bound: number | null;
  readonly accuracy_metric: string;
  /** Product of the stage accuracies. */
  readonly accuracy: number | null;
  readonly objective_accuracy: number | null;
  readonly cost_cores: number | null;
  /** By the latency model; null of a plan that cannot keep up, whose latency grows without end. */
  readonly latency_s: number | null;
  readonly solve_ms: number;
  readonly stages: readonly PlanStageReport[];
  /** Replicas that are up and charged, but do not serve. */
  readonly standby: readonly StandbyReport[];
  readonly binding: readonly string[];
  /** Where `binding` has `pins`: which. */
  readonly pins: readonly PinReport[];
  readonly relaxations: readonly Relaxation[];
  /** Stages whose replicas are too few for the load, whatever else gives way. */
  readonly shortfalls: readonly ShortfallReport[];
}

/** What else than the pipeline's file: what a cluster, a switch under way or replicas that did not come up leave. */
export type Leaver = "cluster" | "setback" | "switch";

export interface PinReport extends BindingPin {
  /** What says so. */
  readonly by: "pipeline" | Leaver;
}

export interface ShortfallReport extends Omit<Shortfall, "by"> {
  readonly by: Shortfall["by"] | Exclude<Leaver, "switch">;
}

export interface StandbyReport {
  readonly stage: string;
  readonly variant: string;
  readonly replicas: number;
  /** Of all of them together. */
  readonly cores: number;
}

export interface PlanStageReport {
  readonly stage: string;
  readonly variant: string;
  readonly batch: number;
  readonly batch_timeout_s: number;
  readonly replicas: number;
  readonly cores_per_replica: number;
  /** Items per second that come, margin included. */
  readonly load_rps: number;
  readonly capacity_rps: number;
  readonly utilisation: number;
  readonly mean_s: number;
  readonly excess_s: number;
}

/** The names and findings that a decision does not hold itself. */
export interface PlanContext {
  readonly queueing: string;
  readonly engine: string;
  /** Why this engine. */
  readonly reason: string;
  readonly solveSeconds: number;
  readonly binding: readonly string[];
  /** By the pipeline's file, where nothing else is said. */
  readonly pins: readonly (BindingPin & { readonly by?: PinReport["by"] })[];
  readonly relaxations: readonly Relaxation[];
  readonly shortfalls: readonly ShortfallReport[];
}

/** One decision for a known load. When no plan is feasible the stages are those of the nearest to one. */
export function planReport(planner: Planner, load: number, decision: Decided, context: PlanContext): PlanReport {
  const { pipeline } = planner;
  const { plan, outcome } = decision;
  const planned = decision.planned ?? load;
  const promise = plan.length === 0 ? null : assess(planner, planned, plan);
  const variants = plan.length === 0 ? [] : planVariants(pipeline, plan);
  const solved = outcome !== null && isSolved(outcome) ? outcome : null;
  return {
    pipeline: pipeline.name,
    load_rps: load,
    planned_load_rps: planned,
    sla_s: pipeline.sla.seconds,
    quantile: pipeline.sla.quantile,
    policy: planner.policy.name,
    queueing: context.queueing,
    engine: context.engine,
    engine_reason: context.reason,
    status: outcome?.status ?? "unknown",
    reason: decision.reason,
    // The engine's own sum where there is one, so that it is never above its bound by rounding.
    objective: solved?.objective ?? promise?.objective ?? null,
    bound: solved?.bound ?? null,
    accuracy_metric: pipeline.objective.accuracy,
    accuracy: promise === null ? null : accuracyOf("pas", pipeline.stages, variants),
    objective_accuracy: promise?.accuracy ?? null,
    cost_cores: promise?.cores ?? null,
    latency_s:
      promise === null ||
      !Number.isFinite(promise.latency) ||
      promise.stages.some(({ utilisation }) => utilisation > 1 + 1e-9)
        ? null
        : promise.latency,
    solve_ms: context.solveSeconds * 1000,
    stages: plan.map((stage, s) => {
      const judged = promise?.stages[s];
      const latency = judged?.latency ?? { mean: 0, forming: 0, excessSquared: 0 };
      return {
        stage: stage.stage,
        variant: stage.variant,
        batch: stage.batch,
        batch_timeout_s: stage.batchTimeout,
        replicas: stage.replicas,
        cores_per_replica: variants[s]?.coresPerReplica ?? 0,
        load_rps: judged?.load ?? 0,
        capacity_rps: judged?.capacity ?? 0,
        utilisation: judged?.utilisation ?? 0,
        mean_s: latency.mean,
        excess_s: composeLatency({ ...latency, mean: 0 }),
      };
    }),
    standby: plan.flatMap((of, s) => {
      const stage = pipeline.stages[s];
      if (stage === undefined) return [];
      return sparesOf(stage, of).map(({ variant, replicas }) => ({
        stage: stage.name,
        variant: variant.name,
        replicas,
        cores: replicas * variant.coresPerReplica,
      }));
    }),
    binding: context.binding,
    pins: context.pins.map(({ stage, pin, value, variant, alone, by = "pipeline" }) => ({
      stage,
      pin,
      value,
      variant,
      alone,
      by,
    })),
    relaxations: context.relaxations,
    shortfalls: context.shortfalls,
  };
}
