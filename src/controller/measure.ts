import type { Control } from "../core/control.ts";
import type { LabelledSeries, MeasuredLoad, Unmeasured } from "../core/counters.ts";
import { quantileOfBuckets } from "../core/latency-histogram.ts";
import type { Pipeline } from "../core/pipeline.ts";
import type { ServiceCounters } from "../core/service-time.ts";
import { measuredLoad } from "./load.ts";
import { Unreachable, type QuerySamples } from "./prometheus.ts";

/** What Prometheus shows of a pipeline. */
export interface Measurements {
  readonly load: MeasuredLoad;
  /** By stage; null where it is not said how. */
  readonly service: readonly (ServiceCounters | Unmeasured | null)[];
  /** At the SLA's quantile, seconds; null if it is not known. */
  readonly latency: number | null;
}

/** Asks for all of it at once; only for what the pipeline names, and each once. `reach`: seconds of load. */
export async function measure(
  query: QuerySamples | null,
  pipeline: Pipeline,
  control: Control,
  now: number,
  reach: number,
  signal: AbortSignal,
): Promise<Measurements> {
  const ask: Ask = (selector) =>
    query === null ? Promise.resolve([]) : query(selector, pipeline.adaptation.history, now, signal);
  const [load, latency, ...service] = await Promise.all([
    measuredLoad(query, pipeline, control, now, reach, signal),
    control.latency === null ? null : answered(ask(control.latency.buckets)),
    ...control.stages.map((stage) => answered(countersOf(stage, ask))),
  ]);
  return {
    load,
    service,
    latency: latency === null || "problem" in latency ? null : quantileOfBuckets(latency, pipeline.sla.quantile, now),
  };
}

type Ask = (selector: string) => Promise<readonly LabelledSeries[]>;

async function countersOf({ serviceTime }: Control["stages"][number], ask: Ask): Promise<ServiceCounters | null> {
  if (serviceTime === null) return null;
  const { sum, count, requests } = serviceTime;
  const [seconds, batches, inThem] = await Promise.all([
    ask(sum),
    ask(count),
    requests === null ? null : ask(requests),
  ]);
  return { seconds, batches, requests: inThem };
}

function answered<T>(asked: Promise<T>): Promise<T | Unmeasured> {
  return asked.catch((error: unknown): Unmeasured => {
    if (!(error instanceof Unreachable)) throw error;
    return { problem: "Unreachable", message: error.message };
  });
}
