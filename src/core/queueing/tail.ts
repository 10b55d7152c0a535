import { normalQuantile } from "../normal.ts";
import type { QueueingModel } from "./latency.ts";

/**
 * The latency that a quantile of the requests keeps when arrivals are random. A stage is a queue of
 * batches: Erlang's C says how often a batch waits, Kingman's and Allen & Cunneen's approximation for
 * how long (arrivals of full batches are Erlang-b, so their squared coefficient of variation is 1/b), and the
 * wait beyond is exponential. Service is lognormal. Waits and services of different stages are nearly
 * independent, so their excesses over the means add up in squares; batches stay together, so the
 * excess of forming them adds up as it is (docs/model.md).
 */
export const tail: QueueingModel = {
  terms: ({ rate, batch, replicas, capacity, service, sigma, quantile }) => {
    const utilisation = rate / (replicas * capacity);
    if (utilisation >= 1) return { mean: Infinity, forming: 0, excessSquared: 0 };
    const waits = erlangC(replicas, utilisation);
    const squaredVariation = Math.exp(sigma * sigma) - 1;
    const beyond = ((1 / batch + squaredVariation) * service) / (2 * replicas * (1 - utilisation));
    const forming = (batch - 1) / rate / 2;
    const wait = waits * beyond;
    const waitExcess = Math.max(0, beyond * Math.log(waits / (1 - quantile))) - wait;
    const slowest = service * Math.exp(normalQuantile(quantile) * sigma - (sigma * sigma) / 2);
    const serviceExcess = Math.max(0, slowest - service);
    return {
      mean: forming + wait + service,
      forming,
      excessSquared: Math.max(0, waitExcess) ** 2 + serviceExcess ** 2,
    };
  },
  replicasMatter: true,
  describes: "waiting under random arrivals included, for the SLA's quantile",
};

/** The share of arrivals that find all servers busy in M/M/n, by the recursion of Erlang's B. */
export function erlangC(servers: number, utilisation: number): number {
  const offered = servers * utilisation;
  let blocking = 1;
  for (let n = 1; n <= servers; n++) blocking = (offered * blocking) / (n + offered * blocking);
  return blocking / (1 - utilisation * (1 - blocking));
}
