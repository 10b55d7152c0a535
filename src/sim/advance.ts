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
  /** Told of each drop, and in which step of an instant. `position` is the item's row in the stage's flow. */
  readonly onDrop: (position: number, now: number, step: Step) => void;
  /** Null where a request is one item, which nothing that happens elsewhere can touch. */
  readonly siblings: Siblings | null;
}

/** What happens in an instant has an order (S1): batches end, items arrive, batches start. */
export type Step = 1 | 4 | 5;

/** What a stage must know of the other items of a request (S14). Items by position in the stage's flow. */
export interface Siblings {
  /** Whether an item that arrives joins the queue: not if its request's drop is known. */
  readonly joins: (position: number, now: number) => boolean;
  /** Whether an item that is looked at in the queue vanishes, for the same reason. */
  readonly vanishes: (position: number, now: number) => boolean;
  /** The batch of what is left from `first` on and before `behind` will be dropped when it ends. */
  readonly onForeseenDrop: (first: number, behind: number, end: number) => void;
}

/**
 * The kernel: lets the items of one stage join its queue and starts its batches, for all instants
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

/** Lets items join that reach the queue by `start` and before `until`, `most` of them; returns how many found room. */
function join(queue: Flow, rules: StageRules, start: number, until: number, most: number): number {
  const { arrival, base, length } = queue;
  const { siblings } = rules;
  let count = 0;
  for (let i = queue.joined - base; i < length && count < most; i++) {
    const at = arrival[i]!;
    if (at > start || at >= until) break;
    queue.joined++;
    if (siblings !== null && !siblings.joins(queue.joined - 1, at)) continue;
    if (queue.waiting < rules.queueCap) {
      queue.waiting++;
      count++;
    } else rules.onDrop(queue.joined - 1, at, 4);
  }
  return count;
}

/** Arrival of the request that waits longest. */
function oldest(queue: Flow): number {
  while (queue.gone[queue.head - queue.base] !== 0) queue.head++;
  return queue.arrival[queue.head - queue.base]!;
}

/** Fills a batch from the front of the queue (S4–S6), for the first idle replica, if any of the waiting is fit to be served. */
function startBatch(queue: Flow, pool: Pool, servers: Servers, flights: Flights, rules: StageRules, now: number): void {
  const { base, gone, origin } = queue;
  const { siblings } = rules;
  const alone = !rules.wholeBatch;
  const front = queue.head;
  let first = -1;
  let size = 0;
  let eldest = Infinity;
  while (size < pool.batch && queue.head < queue.joined) {
    const i = queue.head++ - base;
    if (gone[i] !== 0) continue;
    queue.waiting--;
    if (siblings !== null && siblings.vanishes(base + i, now)) continue;
    if (alone && tooOld(now, origin[i]!, rules.maxAge)) {
      rules.onDrop(base + i, now, 5);
      continue;
    }
    if (first < 0) first = i;
    size++;
    if (origin[i]! < eldest) eldest = origin[i]!;
  }
  if (size === 0) return;
  if (!alone && tooOld(now, eldest, rules.maxAge)) {
    for (let position = front; position < queue.head; position++) {
      if (gone[position - base] === 0) rules.onDrop(position, now, 5);
    }
    return;
  }

  const paid = rules.pad ? pool.batch : size;
  const end = now + pool.mean[paid]! * rules.factor(queue.request[first]!, queue.item[first]!, pool.sigma[paid]!);
  if (siblings !== null && !alone && tooOld(end, eldest, rules.maxAge)) {
    siblings.onForeseenDrop(base + first, queue.head, end);
  }
  servers.occupy(end);
  flights.add(now, end, base + first, size, pool.variant, pool.accuracy);
}
