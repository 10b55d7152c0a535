import type { Observation } from "../core/cluster.ts";
import type { Decision } from "../core/decide.ts";
import type { Pipeline } from "../core/pipeline.ts";
import type { Plan } from "../core/plan.ts";
import type { ArrivalLaw } from "../workload/arrivals.ts";
import type { ServiceLaw } from "../workload/service-times.ts";
import type { Trace } from "../workload/trace.ts";

/** Everything that one run depends on. The rules (S1 …) are those of docs/simulator.md. Seconds. */
export interface Scenario {
  readonly pipeline: Pipeline;
  readonly trace: Trace;
  readonly seed: number;
  /** S2: how the instants of a rate trace are drawn; a trace of exact arrivals is replayed as it is. */
  readonly arrivals: ArrivalLaw;
  /** S5: the factor X of a service time. */
  readonly service: ServiceLaw;
  /** S5: whether a partial batch pays for a full one. */
  readonly pad: boolean;
  /** S6: requests older than `seconds` are dropped; `paper-age-limit` drops their whole batch. */
  readonly drop: { readonly kind: "none" } | { readonly kind: "age" | "paper-age-limit"; readonly seconds: number };
  /** S3: most requests that wait at a stage; Infinity for no limit. */
  readonly queueCap: number;
  /** S1: time from the end at one stage to the arrival at the next. */
  readonly hop: number;
  /** S12: what replicas may hold together; those for which nothing is left wait. Infinity for no limit. */
  readonly clusterCores: number;
  /** S7: from a decision to its plan being in force; less than the interval. */
  readonly decisionDelay: number;
  /** S7: arrivals and costs before this instant stay out of every statistic. */
  readonly warmup: number;
  /** S7: load per second before time 0, oldest first; what decisions see of it. */
  readonly history: readonly number[];
  /** S7: in force, and ready, at time 0. */
  readonly startPlan: Plan;
  /** Whether that plan keeps all limits; for the run log only. */
  readonly startFeasible: boolean;
  /** S18: whether decisions see how long batches took. */
  readonly measuresService: boolean;
  /** Whether the run keeps a row per request, and one per request and stage. */
  readonly keepRequests: boolean;
  readonly keepVisits: boolean;
}

/** What the simulator asks at every control instant; the same function that a live controller calls. */
export type Control = (seen: Observation) => Decision;
