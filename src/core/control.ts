/** How far a live controller goes with a pipeline: each mode does what the one before does, and more. */
export const modes = ["Observe", "Recommend", "Signal", "Act"] as const;
export type Mode = (typeof modes)[number];

/** What each does beyond the one before. */
export const modeKinds = {
  Observe: { describes: "measures" },
  Recommend: { describes: "also plans, and says so" },
  Signal: { describes: "also exports the replicas wanted, for an HPA or KEDA" },
  Act: { describes: "sets replicas and switches variants itself" },
} satisfies Readonly<Record<Mode, { readonly describes: string }>>;

/** What becomes of the replicas when the pipeline is deleted. */
export const deletions = ["Keep", "Restore"] as const;

/** Who moves the traffic of a stage, and who batches: `Service` moves it between variants, `Gateway` does both. */
export const dataPlanes = ["None", "Service", "Gateway"] as const;

/** How a pipeline is run live: all that a cluster needs to know beyond the pipeline itself. */
export interface Control {
  readonly mode: Mode;
  readonly onDelete: (typeof deletions)[number];
  /** Where the load is measured; null: it is not said. */
  readonly load: LoadMetric | null;
  /** Where the latency is measured; null: it is not said. */
  readonly latency: LatencyMetric | null;
  /** The load planned for once none could be measured for `after` seconds; null: the last plan is held. */
  readonly fallback: { readonly after: number; readonly load: number } | null;
  /** In the pipeline's order. */
  readonly stages: readonly StageControl[];
}

export interface LoadMetric {
  /** A PromQL instant selector of a counter of offered requests. */
  readonly selector: string;
}

export interface LatencyMetric {
  /** A PromQL instant selector of the buckets of a histogram of end-to-end latencies, seconds. */
  readonly buckets: string;
}

/** PromQL instant selectors of counters of what a stage's replicas served. */
export interface ServiceTimeMetric {
  /** Seconds that they spent on batches. */
  readonly sum: string;
  /** Batches. */
  readonly count: string;
  /** Requests in them; null: it is not said. */
  readonly requests: string | null;
  /** The label that holds the variant's name; null: all are of the variant in force. */
  readonly variantLabel: string | null;
}

export interface StageControl {
  readonly stage: string;
  readonly dataPlane: (typeof dataPlanes)[number];
  /** Of data plane `Service`, else null. */
  readonly service: StageService | null;
  /** Where its service times are measured; null: it is not said. */
  readonly serviceTime: ServiceTimeMetric | null;
  /** By variant, in file order; null where none is named. */
  readonly targets: readonly (Target | null)[];
}

export interface StageService {
  readonly name: string;
  readonly port: number;
  readonly targetPort: number;
}

/** The object whose replicas are those of a variant; it lives beside its pipeline. */
export interface Target {
  readonly variant: string;
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
}

/** What holds where a pipeline says nothing else. */
export const controlDefaults = {
  mode: "Recommend",
  onDelete: "Keep",
  dataPlane: "None",
  /** Of the objects that hold the replicas. */
  apiVersion: "apps/v1",
} as const satisfies Partial<Control> & Partial<StageControl> & Partial<Target>;
