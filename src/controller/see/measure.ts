import type { Control } from "../../core/control.ts";
import type { LabelledSeries, MeasuredLoad, Unmeasured } from "../../core/counters.ts";
import { quantileOfBuckets } from "../../core/latency-histogram.ts";
import type { Pipeline } from "../../core/pipeline.ts";
import type { ServiceCounters } from "../../core/service-time.ts";
import { systemClock } from "../../kube/clock.ts";
import { gate } from "../gate.ts";
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

/** Queries of one pipeline at once: a stage may name three, and there may be many stages. */
const AT_ONCE = 4;
/** All answers of a turn together. What is made of them takes about twice as much. */
const MOST_BYTES = 32 * 2 ** 20;

/** No query begins later than so many seconds after the first: a Prometheus that hangs must not hold a turn up for each of them. */
const BEGUN_WITHIN = 10;

/** Asks for all of it, the load first; only for what the pipeline names, and each once. `reach`: seconds of load. */
export async function measure(
  unbounded: QuerySamples | null,
  pipeline: Pipeline,
  control: Control,
  now: number,
  reach: number,
  signal: AbortSignal,
): Promise<Measurements> {
  const query = unbounded === null ? null : bounded(unbounded);
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

/** So that no pipeline uses up the controller, nor Prometheus. */
function bounded(query: QuerySamples): QuerySamples {
  const pass = gate(AT_ONCE);
  const budget = { bytes: MOST_BYTES };
  const late = systemClock.now() + BEGUN_WITHIN;
  return (selector, seconds, at, signal) =>
    pass(() => {
      if (systemClock.now() > late) throw new Unreachable("there was no time left, after the queries before it");
      return query(selector, seconds, at, signal, budget);
    });
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
