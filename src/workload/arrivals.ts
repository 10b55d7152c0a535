import { GrowingArray } from "./growing-array.ts";
import { exponential, stream } from "./streams.ts";
import type { Trace } from "./trace.ts";

export type ArrivalLaw = "poisson" | "uniform" | "paper-clustered";

/**
 * The instants at which a trace's requests arrive, seconds, ascending, all before the trace's end (S2).
 * `poisson`: Λ⁻¹(E₁ + … + E_k) with unit exponentials, Λ the integral of the rate. `uniform`:
 * Λ⁻¹(k − ½). `paper-clustered`: each second's requests at independent exponential offsets from
 * its start, as the paper's load generator sent them. A trace of exact arrivals is replayed as it is.
 */
export function arrivalsOf(trace: Trace, law: ArrivalLaw, seed: number): Float64Array {
  if (trace.kind === "arrivals") return trace.arrivals;
  const unit = exponential(stream(seed, "arrivals"));
  switch (law) {
    case "poisson":
      return invert(trace.rates, unit(), unit);
    case "uniform":
      return invert(trace.rates, 0.5, () => 1);
    case "paper-clustered":
      return clustered(trace.rates, unit);
  }
}

/** Λ⁻¹ of first, first + next(), …, for a rate that is constant in each second. */
function invert(rates: Float64Array, first: number, next: () => number): Float64Array {
  const arrivals = new GrowingArray(1.1 * rates.reduce((a, b) => a + b, 0));
  let due = first;
  let passed = 0;
  rates.forEach((rate, second) => {
    const end = passed + rate;
    for (; due < end; due += next()) {
      const at = second + (due - passed) / rate;
      if (at < rates.length) arrivals.push(at);
    }
    passed = end;
  });
  return arrivals.view();
}

/** A second with c requests draws c independent offsets Exp(mean 1/c) from its start. */
function clustered(rates: Float64Array, unit: () => number): Float64Array {
  const arrivals = new GrowingArray(rates.reduce((a, b) => a + b, 0));
  rates.forEach((rate, second) => {
    const count = Math.floor(rate);
    for (let k = 0; k < count; k++) {
      const at = second + unit() / count;
      if (at < rates.length) arrivals.push(at);
    }
  });
  return arrivals.view().sort();
}
