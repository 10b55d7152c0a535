import type { LoadSeries, Observation } from "../core/cluster.ts";
import type { Mode } from "../core/control.ts";
import type { Decision } from "../core/decide.ts";
import type { Pipeline } from "../core/pipeline.ts";
import type { Kube } from "../kube/client.ts";
import type { KubeObject } from "../kube/objects.ts";
import type { ControllerMetrics } from "./metrics.ts";
import type { QuerySamples } from "./prometheus.ts";
import type { Scales } from "./scales.ts";
import type { PlannerSetup } from "./setups.ts";

export interface Question extends PlannerSetup {
  readonly seen: Observation;
  /** A longer load, to make the loop's memory of it anew; null where there is nothing to make anew. */
  readonly recall: LoadSeries | null;
}

/** What the plan in force promises at the load planned for. Latency in seconds, Infinity where a queue grows without end. */
export interface Promised {
  readonly accuracy: number;
  readonly cores: number;
  readonly latency: number;
  readonly objective: number;
}

export interface Answer {
  /** As it was decided on: with the memory that was made anew. */
  readonly seen: Observation;
  readonly decision: Decision;
  readonly promised: Promised | null;
  /** How long it took; where it was given up, how long it was waited for: 0 where it was not even tried. */
  readonly seconds: number;
}

/** Decides elsewhere, so that a long search blocks nothing here; what takes too long is given up, and the plan held. Rejects on a fault. */
export type Decide = (question: Question) => Promise<Answer>;

/** All that turns share: what they use of the outside. */
export interface Context {
  readonly kube: Kube;
  readonly scales: Scales;
  /** Null: no Prometheus was named. */
  readonly query: QuerySamples | null;
  readonly decide: Decide;
  /** Notes a decision on a pipeline, namespace and name; returns its id. */
  readonly journal: (pipeline: string, question: Question, answer: Answer) => string;
  readonly metrics: ControllerMetrics;
  readonly record: (about: KubeObject, type: "Normal" | "Warning", reason: string, note: string) => Promise<void>;
  /** Seconds since 1970. */
  readonly clock: () => number;
  readonly maxMode: Mode;
  readonly setupOf: (pipeline: Pipeline) => PlannerSetup;
  readonly signal: AbortSignal;
}
