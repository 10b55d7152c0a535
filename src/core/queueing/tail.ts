import { normalQuantile } from "../normal.ts";
import type { Queue, QueueingModel } from "./latency.ts";

/**
 * The latency that a quantile of the requests keeps when arrivals are random. A stage is a queue of
 * batches: Erlang's C says how often a batch waits, Kingman's and Allen & Cunneen's approximation for
 * how long (arrivals of full batches are Erlang-b, so their squared coefficient of variation is 1/b; where requests are
 * several items, it is that much more), and the wait beyond is exponential. Service is lognormal. Waits and services of different stages are nearly
 * independent, so their excesses over the means add up in squares; batches stay together, so the
 * excess of forming them adds up as it is (docs/model.md).
 */
export const tail: QueueingModel = {
  terms: (queue) => {
    const { rate, batch, replicas, capacity, service, sigma, fanOut, items } = queue;
    const utilisation = rate / (replicas * capacity);
    if (utilisation >= 1) return { mean: Infinity, forming: 0, excessSquared: 0 };
    const waits = erlangC(replicas, rate / capacity);
    const squaredVariation = Math.exp(sigma * sigma) - 1;
    const beyond =
      ((dispersion(fanOut, items) / batch + squaredVariation) * service) / (2 * replicas * (1 - utilisation));
    const forming = (batch - 1) / rate / 2;
    const quantile = quantileOfOne(queue);
    const wait = waits * beyond;
    const waitExcess = Math.max(0, beyond * Math.log(waits / (1 - quantile))) - wait;
    const slowest = service * Math.exp(normalQuantile(quantile) * sigma - (sigma * sigma) / 2);
    const serviceExcess = Math.max(0, slowest - service);
    return {
      // Items of one request that do not fit into one round of batches wait for each other.
      mean: forming + wait + service + (Math.ceil(fanOut / (replicas * batch)) - 1) * service,
      forming,
      excessSquared: Math.max(0, waitExcess) ** 2 + serviceExcess ** 2,
    };
  },
  replicasMatter: true,
  describes: "waiting under random arrivals included, for the SLA's quantile",
};

/**
 * A request is late if any of its items is, on any path, and late on many paths at once where they lead through the same
 * stage: so each item must be late less often, or may be more often where few requests come by. At the median and below it no excess is left.
 */
function quantileOfOne({ quantile, items, paths }: Queue): number {
  const chances = paths * items;
  return chances === 1 ? quantile : Math.max(0.5, 1 - (1 - quantile) / chances);
}

/**
 * How much more a number of items varies than one of requests: requests come one by one, but their items together, so that
 * it is E[N²]/E[N] for N items a request. N is taken to vary no more than it must: a request sends a whole number of items to
 * the stage, or one more, and each of them becomes so many.
 */
function dispersion(fanOut: number, items: number): number {
  const entering = items / fanOut;
  return (entering * leastVariance(fanOut) + fanOut * fanOut * leastVariance(entering)) / items + items;
}

/** Least variance of whole numbers with this mean. */
function leastVariance(mean: number): number {
  const more = mean - Math.floor(mean);
  return more * (1 - more);
}

/** Erlang's B of the last question: the next one is mostly for one server more, at the same load. */
const last = { offered: NaN, servers: 0, blocking: 1 };

/**
 * The share of arrivals that find all servers busy in M/M/n, by the recursion of Erlang's B; `offered` is
 * the arrival rate times the mean service time, less than the number of servers.
 */
export function erlangC(servers: number, offered: number): number {
  const goesOn = offered === last.offered && servers >= last.servers;
  let blocking = goesOn ? last.blocking : 1;
  for (let n = goesOn ? last.servers + 1 : 1; n <= servers; n++) {
    blocking = (offered * blocking) / (n + offered * blocking);
  }
  last.offered = offered;
  last.servers = servers;
  last.blocking = blocking;
  return blocking / (1 - (offered / servers) * (1 - blocking));
}
