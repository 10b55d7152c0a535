import type { LoadSeries, Planning } from "./cluster.ts";
import type { Planner } from "./decide.ts";
import { horizonOf, windowed } from "./loop.ts";
import { reach, remember } from "./movement/stabilise.ts";

/**
 * What the loop would have asked for at its past decisions, had it seen the load that was measured: its memory, after a restart.
 * `held`: the load planned for, which stands in for what cannot be told.
 */
export function recalled(
  { pipeline, predictor }: Planner,
  load: LoadSeries,
  now: number,
  held: number,
): Planning["asked"] {
  const { interval, history, loadWindow, movement } = pipeline.adaptation;
  const begins = load.end - load.step * load.rates.length;
  const earliest = Math.max(begins + history, now - reach(movement));
  let asked: Planning["asked"] = [];
  for (let back = Math.ceil((now - earliest) / interval) - 1; back > 0; back--) {
    const at = now - back * interval;
    const predicted = predictor(windowed(seenAt(load, at, history), loadWindow), horizonOf(pipeline));
    if (predicted === null || !Number.isFinite(predicted)) continue;
    asked = remember(
      pipeline.adaptation,
      asked,
      { last: asked.at(-1)?.at ?? earliest, meanwhile: held },
      at,
      predicted,
    );
  }
  return asked;
}

/** The steps of a series that had ended by an instant, and not longer than `history` before. */
function seenAt({ end, step, rates }: LoadSeries, at: number, history: number): LoadSeries {
  const after = Math.max(0, Math.ceil((end - at) / step - 1e-9));
  const last = rates.length - after;
  return { end: end - after * step, step, rates: rates.slice(Math.max(0, last - Math.round(history / step)), last) };
}
