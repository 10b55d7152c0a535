import { arrivalsOf, type ArrivalLaw } from "./arrivals.ts";
import { fanOut, type FanOut } from "./fan-out.ts";
import { serviceFactor, startUpTime, type ServiceFactor, type ServiceLaw, type StartUpTime } from "./service-times.ts";
import type { Trace } from "./trace.ts";

/** Everything random in a run, by key: the same for every policy. */
export interface Draws {
  /** Instants of the requests, seconds, ascending, before the trace's end (S2). */
  readonly arrivals: Float64Array;
  /** By stage: the factor of a batch's service time (S5). */
  readonly service: readonly ServiceFactor[];
  /** By stage: the time a replica takes until it serves, seconds (S10). */
  readonly startUp: readonly StartUpTime[];
  /** By stage: what an item becomes that enters it (S14). */
  readonly fanOut: readonly FanOut[];
}

/** The draws of a seed, for stages by name. */
export function drawsOf(
  from: { readonly trace: Trace; readonly arrivals: ArrivalLaw; readonly service: ServiceLaw; readonly seed: number },
  stages: readonly { readonly name: string; readonly fanOut: number }[],
): Draws {
  return {
    arrivals: arrivalsOf(from.trace, from.arrivals, from.seed),
    service: stages.map(({ name }) => serviceFactor(from.service, from.seed, name)),
    startUp: stages.map(({ name }) => startUpTime(from.seed, name)),
    fanOut: stages.map((stage) => fanOut(stage.fanOut, from.seed, stage.name)),
  };
}
