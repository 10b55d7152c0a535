/** What arrives: a rate for each second, or the exact instants of a real log. */
export type Trace =
  | {
      readonly kind: "rates";
      readonly name: string;
      /** Requests per second, one for each second from 0. */ readonly rates: Float64Array;
    }
  | {
      readonly kind: "arrivals";
      readonly name: string;
      /** Seconds, ascending, ≥ 0. */ readonly arrivals: Float64Array;
    };

/** T_end, seconds: the end of the last second; of exact arrivals, the end of the second that holds the last. */
export function traceEnd(trace: Trace): number {
  return trace.kind === "rates" ? trace.rates.length : Math.floor(trace.arrivals.at(-1) ?? -1) + 1;
}

/** Requests per second in each second. */
export function perSecond(trace: Trace): Float64Array {
  if (trace.kind === "rates") return trace.rates;
  const counts = new Float64Array(traceEnd(trace));
  for (const arrival of trace.arrivals) {
    const second = Math.floor(arrival);
    counts[second] = (counts[second] ?? 0) + 1;
  }
  return counts;
}
