import type { ReplicaCount, StageLoad } from "../core/cluster.ts";
import type { Stage, Variant } from "../core/pipeline.ts";
import type { StagePlan } from "../core/plan.ts";
import type { ServedBatches } from "../core/service-time.ts";
import type { Serving } from "../core/switch.ts";
import type { StartUpTime } from "../workload/service-times.ts";
import { advance, type StageRules } from "./advance.ts";
import { Flights } from "./flights.ts";
import type { Flow } from "./flow.ts";
import { Pool, serviceTable, type Replica, type ServiceTable } from "./pool.ts";
import { Reserve, type Spare } from "./reserve.ts";
import type { Room, Tenant } from "./room.ts";
import type { Route } from "./routes.ts";

/** Told of what a stage does with its replicas. Seconds. */
export interface ReplicaEvents {
  readonly onStartUp: (now: number) => void;
  readonly onHandOver: (now: number) => void;
}

/** One stage of a run: its queue, the replicas that serve it, and those that are to take over (S10, S11). */
export class StageRun implements Tenant {
  readonly route: Route;
  readonly queue: Flow;
  readonly flights = new Flights();
  /** Every replica that waits for room or holds cores, or did since they were last counted. */
  replicas: Replica[] = [];
  private readonly stage: Stage;
  private readonly rules: StageRules;
  private readonly events: ReplicaEvents;
  private readonly startUpTime: StartUpTime;
  private readonly room: Room;
  /** By variant, made when one first serves. */
  private readonly tables: ServiceTable[] = [];
  /** By variant. */
  private readonly reserves: readonly Reserve[];
  private serving: Pool;
  private pending: Pool | null = null;
  /** How many of the pending ones must be ready to take over from what serves. */
  private enough: (serves: Serving) => number = () => Infinity;
  private ordinal = 0;
  /** Seconds that replicas spent on batches that have ended, and on all batches when they were last asked for. */
  private worked = 0;
  private counted = 0;
  /** By variant: what has ended since it was last asked for (S18). */
  private ended: (Pick<Required<ServedBatches>, "batches" | "seconds" | "requests"> | undefined)[] = [];
  private now = 0;

  constructor(
    stage: Stage,
    plan: StagePlan,
    route: Route,
    rules: StageRules,
    events: ReplicaEvents,
    startUpTime: StartUpTime,
    room: Room,
  ) {
    this.stage = stage;
    this.route = route;
    this.queue = route.flow;
    this.rules = rules;
    this.events = events;
    this.startUpTime = startUpTime;
    this.room = room;
    this.reserves = stage.variants.map(({ standby = 0 }) => new Reserve(standby));
    this.serving = this.poolFor(plan);
    this.resize(this.serving, plan);
  }

  /** Asks for what is to stand by from time 0 on (S17). */
  fillReserves(): void {
    this.stage.variants.forEach((variant, v) => {
      const reserve = this.reserves[v];
      const serving = v === this.serving.variant ? this.serving.replicas.length : 0;
      while (reserve !== undefined && reserve.lacks(serving) > 0) reserve.put(this.request(variant));
    });
  }

  /** A replica that waited is up at once: it was there at time 0, and no decision started it. */
  beUp(replica: Replica): void {
    this.begin(replica, this.now);
  }

  /** A replica that waited has room, and starts. */
  start(replica: Replica): void {
    this.begin(replica, this.now + replica.startUp);
    this.events.onStartUp(this.now);
    // One that takes no time may be the last that a hand-over waits for.
    this.handOverIfReady();
  }

  /** Whether there is no room for some of those that are to take over (S12). */
  isBlocked(): boolean {
    return this.pending?.waits() ?? false;
  }

  /** Serves up to `until`: batches that would start then are left, replicas that are ready then are not. */
  advanceTo(until: number): void {
    for (;;) {
      const handOver = this.handOverAt();
      const cut = Math.min(until, handOver);
      advance(this.queue, this.serving, this.flights, this.rules, this.now, cut);
      this.now = cut;
      if (handOver > until) return;
      this.handOverIfReady();
    }
  }

  /**
   * Puts a plan in force now; if it is of another variant, that takes over when `enough` of its replicas are ready. Until then
   * the variant that serves is to have so many as the plan `from` which it comes.
   */
  apply(plan: StagePlan, enough: (serves: Serving) => number, from: StagePlan | undefined): void {
    if (this.nameOf(this.serving) === plan.variant) {
      this.cancelPending();
      this.resize(this.serving, plan);
      return;
    }
    if (this.pending === null || this.nameOf(this.pending) !== plan.variant) {
      this.serving.cancelWaiting(this.now);
      this.cancelPending();
    }
    this.pending ??= this.poolFor(plan);
    this.enough = enough;
    this.resize(this.pending, plan);
    const { batch, timeout, wanted } = this.serving;
    // Only more: what found no room when the switch was requested is not asked for again (S12).
    if (from?.variant === this.nameOf(this.serving) && from.replicas > wanted) {
      this.resize(this.serving, { ...from, batch, batchTimeout: timeout });
    }
    this.handOverIfReady();
  }

  /** Replicas of the variant that serves, of the one that is to take over, if any, and of those that stand by. What waits for room is refused. */
  counts(): readonly ReplicaCount[] {
    const pools = this.poolCounts();
    return this.stage.variants.flatMap(({ name }, v): readonly ReplicaCount[] => {
      const pool = pools.find(({ variant }) => variant === name);
      const { ready = 0, starting = 0 } = this.reserves[v]?.counts(this.now) ?? {};
      if (pool !== undefined) return [{ ...pool, ready: pool.ready + ready, starting: pool.starting + starting }];
      return ready + starting > 0 ? [{ stage: this.stage.name, variant: name, ready, starting, serving: 0 }] : [];
    });
  }

  /** The same without what stands by. */
  private poolCounts(): readonly ReplicaCount[] {
    return [this.serving, ...(this.pending === null ? [] : [this.pending])].map((pool) => {
      const ready = pool.readyCount(this.now);
      const variant = this.nameOf(pool);
      const serving = pool === this.serving ? ready : 0;
      const refused = pool.waits() ? { refused: "Unschedulable" as const } : {};
      return { stage: this.stage.name, variant, ready, starting: pool.replicas.length - ready, serving, ...refused };
    });
  }

  /** A batch has ended that took so many seconds. */
  onEnd(seconds: number, variant: number, size: number): void {
    this.worked += seconds;
    const { batches = 0, seconds: before = 0, requests = 0 } = this.ended[variant] ?? {};
    this.ended[variant] = { batches: batches + 1, seconds: before + seconds, requests: requests + size };
  }

  /** The batches that have ended since this was last asked for (S18). */
  served(): readonly ServedBatches[] {
    const { name: stage, variants } = this.stage;
    const served = variants.flatMap(({ name: variant, profile }, v) => {
      const ended = this.ended[v];
      return ended === undefined ? [] : [{ stage, variant, batch: profile.at(-1)?.batch ?? 1, ...ended }];
    });
    this.ended = [];
    return served;
  }

  /** What there was to do in [from, to), which must follow what was last asked for. */
  load(from: number, to: number): StageLoad {
    let worked = this.worked;
    for (let k = 0; k < this.flights.count; k++) worked += to - this.flights.start[k]!;
    const aside = new Set([
      ...(this.pending?.replicas ?? []),
      ...this.reserves.flatMap((reserve) => reserve.replicas()),
    ]);
    const ready = this.replicas.reduce(
      (sum, replica) =>
        aside.has(replica) ? sum : sum + Math.max(0, Math.min(replica.until, to) - Math.max(replica.readyAt, from)),
      0,
    );
    // What has gone aside since may have worked before.
    const busy = ready > 0 ? Math.min(1, (worked - this.counted) / ready) : null;
    this.counted = worked;
    return { stage: this.stage.name, waiting: this.queue.waiting, busy };
  }

  /** Ready replicas that serve. */
  ready(): number {
    return this.serving.readyCount(this.now);
  }

  /** Core-seconds held in [from, to). */
  coreSeconds(from: number, to: number): number {
    return this.replicas.reduce(
      (sum, { cores, since, until }) => sum + cores * Math.max(0, Math.min(until, to) - Math.max(since, from)),
      0,
    );
  }

  /** Forgets the replicas that were gone at an instant. */
  forget(before: number): void {
    this.replicas = this.replicas.filter((replica) => replica.until > before);
  }

  private poolFor(plan: StagePlan): Pool {
    const index = this.stage.variants.findIndex((variant) => variant.name === plan.variant);
    const variant = this.stage.variants[index];
    if (variant === undefined) throw new RangeError(`stage "${plan.stage}" has no variant "${plan.variant}"`);
    const table = this.tables[index] ?? serviceTable(variant);
    this.tables[index] = table;
    const reserve = this.reserves[index];
    if (reserve === undefined) throw new RangeError(`variant ${index} has no reserve`);
    return new Pool(index, variant, table, reserve, plan);
  }

  private resize(pool: Pool, plan: StagePlan): void {
    pool.batch = plan.batch;
    pool.timeout = plan.batchTimeout;
    pool.wanted = plan.replicas;
    pool.shrink(plan.replicas, this.now);
    const variant = this.stage.variants[pool.variant];
    while (variant !== undefined && pool.replicas.length < plan.replicas) {
      pool.add(pool.reserve.take(this.now) ?? this.request(variant));
    }
  }

  /** One replica more, which waits until there is room. */
  private request(variant: Variant): Spare {
    const id = this.ordinal++;
    const never = Infinity;
    const startUp = this.startUpTime(id, variant);
    const replica = { id, cores: variant.coresPerReplica, startUp, since: never, readyAt: never, until: never };
    this.replicas.push(replica);
    this.room.request(this, replica);
    return { replica, freeAt: never };
  }

  private begin(replica: Replica, readyAt: number): void {
    replica.since = this.now;
    replica.readyAt = readyAt;
    for (const group of [this.serving, this.pending, ...this.reserves]) group?.begin(replica);
  }

  private cancelPending(): void {
    this.pending?.shrink(0, this.now);
    this.pending = null;
  }

  private handOverIfReady(): void {
    if (this.pending === null) return;
    if (this.isEnough(this.pending, this.now)) this.handOver(this.pending);
  }

  /** When enough are ready that are to take over; Infinity if that is not in sight. */
  private handOverAt(): number {
    const { pending, now } = this;
    const instants = pending?.readyInstants().map((at) => Math.max(at, now));
    return instants?.find((at) => at < Infinity && pending !== null && this.isEnough(pending, at)) ?? Infinity;
  }

  private isEnough(pending: Pool, now: number): boolean {
    const { serving } = this;
    const serves = { variant: this.nameOf(serving), batch: serving.batch, replicas: serving.readyCount(now) };
    return pending.readyCount(now) >= this.enough(serves);
  }

  private nameOf(pool: Pool): string {
    return this.stage.variants[pool.variant]?.name ?? "";
  }

  private handOver(next: Pool): void {
    this.serving.shrink(0, this.now);
    this.serving = next;
    this.pending = null;
    this.events.onHandOver(this.now);
  }
}
