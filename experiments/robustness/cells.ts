import type { Answer } from "../robustness-worker.ts";

export const WORKLOADS = ["bursty", "steady-low", "steady-high", "fluctuating"];

/** Share of the requests that must be on time. */
export const PROMISED = 0.99;

export function keeps({ onTime }: Answer): boolean {
  return onTime >= PROMISED;
}

/** On-time accuracy per core. */
export function perCoreOf({ accuracy, cores }: Answer): number {
  return accuracy / cores;
}
