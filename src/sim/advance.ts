import { timesOutAt, tooOld } from "../core/batching.ts";
import type { ServiceFactor } from "../workload/service-times.ts";
import type { Flights } from "./flights.ts";
import type { Flow } from "./flow.ts";
import type { Pool } from "./pool.ts";

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
  let now = from;
  let idleAt = earliest(pool.freeAt);
  for (;;) {
    let start = Infinity;
    if (queue.waiting > 0) {
      const full = queue.waiting >= pool.batch;
      start = Math.max(now, idleAt, full ? now : timesOutAt(oldest(queue), pool.timeout));
    }
    const next = queue.joined - queue.base;
    if (next < queue.length && queue.arrival[next]! <= start && queue.arrival[next]! < until) {
      now = Math.max(now, queue.arrival[next]!);
      queue.joined++;
      if (queue.waiting < rules.queueCap) queue.waiting++;
      else rules.onDrop(queue.joined - 1, now);
      continue;
    }
    if (start >= until) return;
    now = start;
    if (startBatch(queue, pool, flights, rules, now)) idleAt = earliest(pool.freeAt);
  }
}

function earliest(times: readonly number[]): number {
  let least = Infinity;
  for (let i = 0; i < times.length; i++) if (times[i]! < least) least = times[i]!;
  return least;
}

/** Arrival of the request that waits longest. */
function oldest(queue: Flow): number {
  while (queue.dropped[queue.head - queue.base] === 1) queue.head++;
  return queue.arrival[queue.head - queue.base]!;
}

/** Fills a batch from the front of the queue (S4–S6); false if none of the waiting was fit to serve. */
function startBatch(queue: Flow, pool: Pool, flights: Flights, rules: StageRules, now: number): boolean {
  const { base } = queue;
  let first = -1;
  let size = 0;
  let eldest = Infinity;
  const front = queue.head;
  while (size < pool.batch && queue.head < queue.joined) {
    const i = queue.head++ - base;
    if (queue.dropped[i] === 1) continue;
    queue.waiting--;
    if (!rules.wholeBatch && tooOld(now, queue.origin[i]!, rules.maxAge)) {
      rules.onDrop(base + i, now);
      continue;
    }
    if (first < 0) first = i;
    size++;
    if (queue.origin[i]! < eldest) eldest = queue.origin[i]!;
  }
  if (size === 0) return false;
  if (rules.wholeBatch && tooOld(now, eldest, rules.maxAge)) {
    for (let position = front; position < queue.head; position++) {
      if (queue.dropped[position - base] === 0) rules.onDrop(position, now);
    }
    return false;
  }

  const paid = rules.pad ? pool.batch : size;
  const end = now + pool.mean[paid]! * rules.factor(queue.request[first]!, 0, pool.sigma[paid]!);
  for (let i = first; i < queue.head - base; i++) {
    if (queue.dropped[i] === 1) continue;
    queue.start[i] = now;
    queue.end[i] = end;
    queue.size[i] = size;
    queue.variant[i] = pool.variant;
    queue.accuracy[i]! *= pool.accuracy;
  }
  let idle = 0;
  while (pool.freeAt[idle]! > now) idle++;
  pool.freeAt[idle] = end;
  flights.add(end, base + first, size);
  return true;
}
