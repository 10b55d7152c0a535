import type { LoadSeries } from "../../core/cluster.ts";
import type { Control } from "../../core/control.ts";
import type { MeasuredLoad } from "../../core/counters.ts";
import type { Pipeline } from "../../core/pipeline.ts";
import { measureLoad, type QuerySamples } from "./prometheus.ts";

/** Measures the load of a pipeline over the last `history` seconds. */
export async function measuredLoad(
  query: QuerySamples | null,
  { adaptation: { loadWindow } }: Pipeline,
  { load }: Control,
  now: number,
  history: number,
  signal: AbortSignal,
): Promise<MeasuredLoad> {
  if (load === null) return { problem: "Absent", message: "the pipeline names no metric of its load. Add spec.load." };
  if (query === null) {
    return { problem: "Absent", message: "the controller was given no --prometheus to ask. Start it with one." };
  }
  return measureLoad(query, load.selector, now, { history, loadWindow }, signal);
}

/** A load that nobody knows. */
function unknownLoad({ adaptation: { loadWindow } }: Pipeline, now: number): LoadSeries {
  return { end: now, step: loadWindow, rates: [null] };
}

/** The load to plan for while none is measured. */
function assumedLoad({ adaptation: { loadWindow } }: Pipeline, load: number, now: number): LoadSeries {
  return { end: now, step: loadWindow, rates: [load], assumed: true };
}

/** The load that was measured; else, after long enough, the one that is given for that; else none. */
export function loadToPlanFor(
  pipeline: Pipeline,
  { fallback }: Control,
  measured: MeasuredLoad,
  now: number,
  unknownSince: number | null,
): LoadSeries {
  if ("load" in measured) {
    const { end, step, rates } = measured.load;
    const seen = Math.round(pipeline.adaptation.history / step);
    return { end, step, rates: rates.slice(-seen) };
  }
  const isLong = fallback !== null && unknownSince !== null && now - unknownSince >= fallback.after;
  return isLong ? assumedLoad(pipeline, fallback.load, now) : unknownLoad(pipeline, now);
}

/**
 * From when on replicas may go down at first: what runs may be for a load that went just before, so that it stays until the load has
 * been known for the stabilisation, without a break. Null while it is not known. `before`: what was found the last time.
 */
export function firstDownFrom(
  { adaptation }: Pipeline,
  { rates, step, assumed }: LoadSeries,
  before: number | null,
  now: number,
): number | null {
  if (before !== null && before <= now) return before;
  const known = (rates.length - 1 - rates.lastIndexOf(null)) * step;
  if (known === 0) return null;
  return before ?? now + Math.max(0, adaptation.movement.stabilization - (assumed ? 0 : known));
}
