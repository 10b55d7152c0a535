import type { LoadSeries, Planning } from "./cluster.ts";
import type { Planner } from "./decide.ts";
import { horizonOf, windowed } from "./loop.ts";
import { reach } from "./movement/stabilise.ts";

/**
 * What the loop would have asked for at its past decisions, had it seen the load that was measured: its memory, after a restart.
 * As the loop keeps it: oldest first, those that no later one exceeds.
 */
export function recalled({ pipeline, predictor }: Planner, load: LoadSeries, now: number): Planning["asked"] {
  const { interval, history, loadWindow } = pipeline.adaptation;
  const begins = load.end - load.step * load.rates.length;
  const asked: { readonly at: number; readonly load: number }[] = [];
  const earliest = Math.max(begins + history, now - reach(pipeline.adaptation.movement));
  // Backwards, so that what a later one exceeds is known at once.
  for (let at = now - interval; at > earliest; at -= interval) {
    const predicted = predictor(windowed(seenAt(load, at, history), loadWindow), horizonOf(pipeline));
    const greatest = asked.at(-1)?.load ?? -Infinity;
    if (predicted !== null && Number.isFinite(predicted) && predicted > greatest) asked.push({ at, load: predicted });
  }
  return asked.reverse();
}

/** The steps of a series that had ended by an instant, and not longer than `history` before. */
function seenAt({ end, step, rates }: LoadSeries, at: number, history: number): LoadSeries {
  const after = Math.max(0, Math.ceil((end - at) / step - 1e-9));
  const last = rates.length - after;
  return { end: end - after * step, step, rates: rates.slice(Math.max(0, last - Math.round(history / step)), last) };
}
