import type { LoadSeries, Observation } from "../core/cluster.ts";
import type { Mode } from "../core/control.ts";
import type { Decision } from "../core/decide.ts";
import type { Pipeline } from "../core/pipeline.ts";
import type { Kube } from "../kube/client.ts";
import type { RecordEvent } from "../kube/events.ts";
import type { Log } from "./tell/log.ts";
import type { ControllerMetrics } from "./tell/metrics.ts";
import type { QuerySamples } from "./see/prometheus.ts";
import type { Scales } from "./act/scales.ts";
import type { PlannerSetup } from "./setups.ts";

export interface Question extends PlannerSetup {
  readonly seen: Observation;
  /** A longer load, to make the loop's memory of it anew; null where there is nothing to make anew. */
  readonly recall: LoadSeries | null;
}

/** What the plan in force promises at the load planned for. Latency in seconds, Infinity where a queue grows without end. */
export interface Promised {
  /** The product of the stages' accuracies, whatever the metric of the objective. */
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

/** What turns use of the outside, whichever term of leadership they are of. */
export interface Surroundings {
  /** Null: no Prometheus was named. */
  readonly query: QuerySamples | null;
  readonly decide: Decide;
  /** Notes a decision on a pipeline, namespace and name; returns its id. */
  readonly journal: (pipeline: string, question: Question, answer: Answer) => string;
  readonly metrics: ControllerMetrics;
  /** Seconds since 1970. */
  readonly clock: () => number;
  readonly maxMode: Mode;
  readonly setupOf: (pipeline: Pipeline) => PlannerSetup;
}

/** All that the turns of one term share. */
export interface Context extends Surroundings {
  /** Its calls end with the term. */
  readonly kube: Kube;
  readonly scales: Scales;
  readonly record: RecordEvent;
  readonly log: Log;
  /** Ends what is only read, so that turns are over soon: the term is over, or the process is to end. */
  readonly signal: AbortSignal;
}
