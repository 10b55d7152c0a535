import type { AccuracyMetricName } from "./accuracy.ts";
import type { Profile } from "./profile.ts";

/**
 * A pipeline as plain data, so that it crosses workers, URLs and journals.
 * Units: seconds, requests per second, CPU cores; accuracies and margins are fractions.
 */
export interface Pipeline {
  readonly name: string;
  /** In topological order. */
  readonly stages: readonly Stage[];
  readonly sla: Sla;
  readonly objective: Objective;
  readonly limits: Limits;
  readonly margins: Margins;
  readonly adaptation: Adaptation;
  readonly rollout: Rollout;
  readonly reproduction: Reproduction;
  /** What the file fixes for a policy, by policy name. */
  readonly policies: Readonly<Record<string, PolicyByStage>>;
}

/** What a stage or a policy fixes: only these are offered; absent is free. */
export interface Pins {
  readonly variants?: readonly string[];
  readonly batches?: readonly number[];
  readonly replicas?: number;
}

/** What a policy fixes of a stage. */
export interface PolicyPins extends Pins {
  /** Share of their time that replicas are to be busy, in (0, 1]: of policies that scale by it. */
  readonly utilization?: number;
}

/** The same by stage name. */
export type PolicyByStage = Readonly<Record<string, PolicyPins>>;

export interface Sla {
  /** End-to-end latency promised, seconds. */
  readonly seconds: number;
  /** The share of requests it is promised to, for example 0.99. */
  readonly quantile: number;
}

interface AnyObjective {
  /** The metric that the objective and the floor speak of. */
  readonly accuracy: AccuracyMetricName;
  /** Least value of that metric which a plan may have. */
  readonly accuracyFloor?: number;
}

/** Maximise alpha·accuracy − beta·cores − delta·(sum of batch sizes). */
export interface WeightedObjective extends AnyObjective {
  readonly kind: "weighted";
  readonly alpha: number;
  readonly beta: number;
  readonly delta: number;
}

/** The greatest accuracy; among ties the fewest cores. */
export interface MaxAccuracyObjective extends AnyObjective {
  readonly kind: "maxAccuracy";
}

/** The fewest cores; among ties the greatest accuracy. */
export interface MinCostObjective extends AnyObjective {
  readonly kind: "minCost";
}

export type Objective = WeightedObjective | MaxAccuracyObjective | MinCostObjective;

export interface Limits {
  /** Most replicas of a stage. */
  readonly replicas: number;
  /** Largest batch offered. */
  readonly batch: number;
  /** Most cores of the whole pipeline, if there is such a budget. */
  readonly cores?: number;
}

/** Safety margins, fractions ≥ 0; 0 is none. */
export interface Margins {
  /** The load is taken as λ·(1 + load). */
  readonly load: number;
  /** Service times are taken as (1 + serviceTime) times the profile's. */
  readonly serviceTime: number;
  /** Capacities are taken as (1 − throughput) times b/l̄. Below 1. */
  readonly throughput: number;
}

/** When and for what load the plan is made again. */
export interface Adaptation {
  /** Seconds between two decisions. */
  readonly interval: number;
  /** Name of the predictor. */
  readonly predictor: string;
  /** The load of an instant is the mean over this many seconds: what predictors see and forecast. */
  readonly loadWindow: number;
  /** Seconds of load that a predictor sees. */
  readonly history: number;
  /** Seconds ahead for which the load is predicted. */
  readonly horizon: number;
  /** Least load ever planned for, requests per second. */
  readonly minLoad: number;
  /** The load planned for is rounded up to a multiple of this; 0 is none. */
  readonly loadStep: number;
  readonly movement: Movement;
}

/** How a plan may move from one decision to the next. */
export interface Movement {
  /** The load planned for falls no lower than what was asked for within so many seconds. */
  readonly stabilization: number;
  /** It falls by no less than this fraction, and no less than random arrivals make a load vary; 0: by however little. */
  readonly tolerance: number;
  /** How far one interval may take a stage's replicas; absent: any distance. */
  readonly scaleUp?: StepLimit;
  readonly scaleDown?: StepLimit;
  /** Least time between two switches of a stage's variant, seconds. */
  readonly switchInterval: number;
  /** What the objective loses by a change. */
  readonly cost: {
    /** For each replica that must be started. */
    readonly start: number;
    /** For each stage that switches its variant. */
    readonly switch: number;
  };
}

/** The largest step: so many replicas, or this fraction of those that run (rounded up), whichever is more. */
export interface StepLimit {
  readonly replicas: number;
  readonly share: number;
}

/** How long a rollout may take. */
export interface Rollout {
  /** Replicas that have not come up for so many seconds are given up. */
  readonly progressDeadline: number;
  /** The old replicas are kept for so many seconds after another variant has taken over. */
  readonly drain: number;
}

/** Departures from the model that exist only to replay published experiments. */
export interface Reproduction {
  /** `mean`: capacity is b/l̄. `measured`: the profile's throughput column. */
  readonly capacity: "mean" | "measured";
  /** `mean`: the latency model adds mean service times. `p99`: their 99th percentiles. */
  readonly latency: "mean" | "p99";
  /** What to do when no plan is feasible: the nearest to one, or `hold` the plan in force. */
  readonly infeasible: "best-effort" | "hold";
  /** Whether the load planned for is rounded to the nearest whole rate. */
  readonly roundLoad: boolean;
}

export interface Stage {
  readonly name: string;
  /** Names of the stages it follows; none for the stage that takes the requests. */
  readonly after: readonly string[];
  /** Mean number of items that an item entering the stage becomes; greater than 0. */
  readonly fanOut: number;
  /** Batch sizes offered; absent: the profiled ones. */
  readonly batches?: readonly number[];
  /** Holds for every policy, together with its own pins. */
  readonly pin?: Pins;
  /** Never offered, whatever pins say. */
  readonly forbid?: Omit<Pins, "replicas">;
  readonly variants: readonly Variant[];
}

/** One trained model that can serve a stage. All variants of a stage answer the same requests. */
export interface Variant {
  readonly name: string;
  /** Task quality on the stage's reference data set, in [0, 1]; more is better. */
  readonly accuracy: number;
  /** CPU cores reserved by one replica; may be fractional. */
  readonly coresPerReplica: number;
  /** Fewest and most replicas wherever the variant runs; 1 and `Limits.replicas` if absent. */
  readonly minReplicas?: number;
  readonly maxReplicas?: number;
  readonly startUp: StartUp;
  readonly profile: Profile;
  /** Replicas that are always up, whether or not the variant serves, so that switching to them takes no start-up. */
  readonly standby?: number;
  /** The Kubernetes object whose replicas a live controller sets. */
  readonly scaleTargetRef?: { readonly kind: string; readonly name: string };
}

/** Time from asking for a replica until it serves: constant, or lognormal where a p90 is given. */
export interface StartUp {
  readonly mean: number;
  readonly p90?: number;
}

/** Every plan at once, as in the paper. */
export const unrestrained: Movement = {
  stabilization: 0,
  tolerance: 0,
  switchInterval: 0,
  cost: { start: 0, switch: 0 },
};

/** What a pipeline has where nothing else is said. */
export const defaults: Pick<Pipeline, "limits" | "margins" | "adaptation" | "rollout" | "reproduction"> &
  Pick<Sla, "quantile"> = {
  quantile: 0.99,
  limits: { replicas: 100, batch: 64 },
  margins: { load: 0, serviceTime: 0, throughput: 0 },
  adaptation: {
    interval: 10,
    predictor: "max",
    loadWindow: 5,
    history: 120,
    horizon: 20,
    minLoad: 1,
    loadStep: 0,
    movement: { ...unrestrained, stabilization: 300, tolerance: 0.1 },
  },
  rollout: { progressDeadline: 600, drain: 30 },
  reproduction: { capacity: "mean", latency: "mean", infeasible: "best-effort", roundLoad: false },
};

/** Relative slack within which a row of a plan still holds. */
export const ROW_TOLERANCE = 1e-9;
