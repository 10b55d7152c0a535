import { timesOutAt, tooOld } from "../core/batching.ts";
import type { ServiceFactor } from "../workload/service-times.ts";
import type { Flights } from "./flights.ts";
import type { Flow } from "./flow.ts";
import type { Pool } from "./pool.ts";
import { Servers } from "./servers.ts";

/** What holds for a stage during the whole run. */
export interface StageRules {
  readonly factor: ServiceFactor;
  /** A partial batch pays for a full one. */
  readonly pad: boolean;
  readonly queueCap: number;
  /** Seconds; Infinity for no drops. */
  readonly maxAge: number;
  /** Whether age drops the whole batch of the oldest request. */
  readonly wholeBatch: boolean;
  /** Told of each drop. `position` is the request's row in the stage's flow. */
  readonly onDrop: (position: number, now: number) => void;
}

/**
 * The kernel: lets the requests of one stage join its queue and starts its batches, for all instants
 * in [from, until), while one pool serves with one batch size (S1, S3–S6). Nothing outside the stage
 * can change within the interval, so no global list of events is needed.
 */
export function advance(
  queue: Flow,
  pool: Pool,
  flights: Flights,
  rules: StageRules,
  from: number,
  until: number,
): void {
  const servers = new Servers(pool.freeAt);
  let now = from;
  for (;;) {
    // The next batch leaves at `start`, unless the one that fills it, or the first to wait, comes before.
    const full = queue.waiting >= pool.batch;
    let start = Infinity;
    if (queue.waiting > 0) {
      start = Math.max(servers.idleFrom(now), full ? now : timesOutAt(oldest(queue), pool.timeout));
    }
    const most = full ? Infinity : queue.waiting === 0 ? 1 : pool.batch - queue.waiting;
    const joined = join(queue, rules, start, until, most);
    if (joined > 0) {
      now = Math.max(now, queue.arrival[queue.joined - queue.base - 1]!);
      if (joined === most) continue;
    }
    if (start >= until) return;
    now = start;
    servers.idleFrom(now);
    startBatch(queue, pool, servers, flights, rules, now);
  }
}

/** Lets requests join that reach the queue by `start` and before `until`, `most` of them; returns how many found room. */
function join(queue: Flow, rules: StageRules, start: number, until: number, most: number): number {
  const { arrival, base, length } = queue;
  let count = 0;
  for (let i = queue.joined - base; i < length && count < most; i++) {
    const at = arrival[i]!;
    if (at > start || at >= until) break;
    queue.joined++;
    if (queue.waiting < rules.queueCap) {
      queue.waiting++;
      count++;
    } else rules.onDrop(queue.joined - 1, at);
  }
  return count;
}

/** Arrival of the request that waits longest. */
function oldest(queue: Flow): number {
  while (queue.dropped[queue.head - queue.base] === 1) queue.head++;
  return queue.arrival[queue.head - queue.base]!;
}

/** Fills a batch from the front of the queue (S4–S6), for the first idle replica, if any of the waiting is fit to be served. */
function startBatch(queue: Flow, pool: Pool, servers: Servers, flights: Flights, rules: StageRules, now: number): void {
  const { base, dropped, origin } = queue;
  const alone = !rules.wholeBatch;
  const front = queue.head;
  let first = -1;
  let size = 0;
  let eldest = Infinity;
  while (size < pool.batch && queue.head < queue.joined) {
    const i = queue.head++ - base;
    if (dropped[i] === 1) continue;
    queue.waiting--;
    if (alone && tooOld(now, origin[i]!, rules.maxAge)) {
      rules.onDrop(base + i, now);
      continue;
    }
    if (first < 0) first = i;
    size++;
    if (origin[i]! < eldest) eldest = origin[i]!;
  }
  if (size === 0) return;
  if (!alone && tooOld(now, eldest, rules.maxAge)) {
    for (let position = front; position < queue.head; position++) {
      if (dropped[position - base] === 0) rules.onDrop(position, now);
    }
    return;
  }

  const paid = rules.pad ? pool.batch : size;
  const end = now + pool.mean[paid]! * rules.factor(queue.request[first]!, 0, pool.sigma[paid]!);
  servers.occupy(end);
  flights.add(now, end, base + first, size, pool.variant, pool.accuracy);
}
