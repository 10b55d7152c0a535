import type { Reproduction } from "./pipeline.ts";
import type { Profile, ProfilePoint } from "./profile.ts";

/** What a variant does with some number of cores per replica. */
export interface Allocation {
  readonly cores: number;
  readonly profile: Profile;
}

/** What a replica must do alone. */
export interface AllocationRule {
  /** Items per second that it carries at least. */
  readonly threshold: number;
  /** The share of the SLA that its stage has, seconds. */
  readonly sla: number;
  /** Throughputs are taken as (1 − margin) times the profile's, a fraction; none by default. */
  readonly margin?: number;
  /** Which numbers of the profile count; means by default. */
  readonly numbers?: Pick<Reproduction, "capacity" | "latency">;
}

/**
 * The base allocation of a variant (paper, section 4): the least cores per replica with which some profiled batch
 * carries the threshold within the stage's SLA; null if no allocation does.
 */
export function baseAllocation(allocations: readonly Allocation[], rule: AllocationRule): number | null {
  const enough = allocations.filter(({ profile }) => profile.some((point) => suffices(point, rule)));
  return enough.length === 0 ? null : Math.min(...enough.map(({ cores }) => cores));
}

function suffices(point: ProfilePoint, { threshold, sla, margin = 0, numbers }: AllocationRule): boolean {
  // A throughput that was not measured carries nothing for sure.
  const rate = numbers?.capacity === "measured" ? (point.throughput ?? 0) : point.batch / point.mean;
  const latency = numbers?.latency === "p99" ? point.p99 : point.mean;
  return rate * (1 - margin) >= threshold && latency <= sla;
}
