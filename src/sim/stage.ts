import type { ReplicaCount, StageLoad } from "../core/cluster.ts";
import type { Stage } from "../core/pipeline.ts";
import type { StagePlan } from "../core/plan.ts";
import { rollOut } from "../core/rollout.ts";
import type { StartUpTime } from "../workload/service-times.ts";
import { advance, type StageRules } from "./advance.ts";
import { Flights } from "./flights.ts";
import type { Flow } from "./flow.ts";
import { Pool, serviceTable, type Replica, type ServiceTable } from "./pool.ts";
import { Reserve, type Spare } from "./reserve.ts";
import type { Route } from "./routes.ts";

/** Told of what a stage does with its replicas. Seconds. */
export interface ReplicaEvents {
  readonly onStartUp: (now: number) => void;
  readonly onHandOver: (now: number) => void;
}

/** One stage of a run: its queue, the replicas that serve it, and those that are to take over (S10, S11). */
export class StageRun {
  readonly route: Route;
  readonly queue: Flow;
  readonly flights = new Flights();
  private readonly stage: Stage;
  private readonly rules: StageRules;
  private readonly events: ReplicaEvents;
  private readonly startUpTime: StartUpTime;
  /** By variant, made when one first serves. */
  private readonly tables: ServiceTable[] = [];
  /** By variant. */
  private readonly reserves: readonly Reserve[];
  private serving: Pool;
  private inForce: StagePlan;
  private pending: Pool | null = null;
  private wanted: StagePlan;
  /** Every replica that holds cores, or did since they were last counted. */
  private held: Replica[] = [];
  private ordinal = 0;
  /** Seconds that replicas spent on batches that have ended, and on all batches when they were last asked for. */
  private worked = 0;
  private counted = 0;
  private now = 0;

  constructor(
    stage: Stage,
    plan: StagePlan,
    route: Route,
    rules: StageRules,
    events: ReplicaEvents,
    startUpTime: StartUpTime,
  ) {
    this.stage = stage;
    this.route = route;
    this.queue = route.flow;
    this.rules = rules;
    this.events = events;
    this.startUpTime = startUpTime;
    this.inForce = plan;
    this.wanted = plan;
    this.reserves = stage.variants.map(({ standby = 0 }) => new Reserve(standby));
    this.serving = this.poolFor(plan);
    // What is up at time 0 is ready, and no decision started it.
    for (let n = 0; n < plan.replicas; n++) this.serving.add(this.hold(this.serving.cores, 0));
    stage.variants.forEach(({ coresPerReplica }, v) => {
      const reserve = this.reserves[v];
      const serving = v === this.serving.variant ? plan.replicas : 0;
      while (reserve !== undefined && reserve.lacks(serving) > 0) reserve.put(this.hold(coresPerReplica, 0));
    });
  }

  /** Serves up to `until`: batches that would start then are left, replicas that are ready then are not. */
  advanceTo(until: number): void {
    for (;;) {
      const handOver = this.pending?.allReadyAt() ?? Infinity;
      const cut = Math.min(until, handOver);
      advance(this.queue, this.serving, this.flights, this.rules, this.now, cut);
      this.now = cut;
      if (handOver > until) return;
      this.handOverIfReady();
    }
  }

  /** Puts a plan in force now. */
  apply(plan: StagePlan): void {
    this.wanted = plan;
    if (this.stage.variants[this.serving.variant]?.name === plan.variant) {
      this.pending?.shrink(0, this.now);
      this.pending = null;
      this.resize(this.serving, plan);
      this.inForce = plan;
      return;
    }
    if (this.pending !== null && this.stage.variants[this.pending.variant]?.name !== plan.variant) {
      this.pending.shrink(0, this.now);
      this.pending = null;
    }
    this.pending ??= this.poolFor(plan);
    this.resize(this.pending, plan);
    this.handOverIfReady();
  }

  /** Replicas of the variant that serves, of the one that is to take over, if any, and of those that stand by. */
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
      const variant = this.stage.variants[pool.variant]?.name ?? "";
      const serving = pool === this.serving ? ready : 0;
      return { stage: this.stage.name, variant, ready, starting: pool.replicas.length - ready, serving };
    });
  }

  /** A batch has ended that took so many seconds. */
  onEnd(seconds: number): void {
    this.worked += seconds;
  }

  /** What there was to do in [from, to), which must follow what was last asked for. */
  load(from: number, to: number): StageLoad {
    let worked = this.worked;
    for (let k = 0; k < this.flights.count; k++) worked += to - this.flights.start[k]!;
    const ready = this.held.reduce(
      (sum, { readyAt, until }) => sum + Math.max(0, Math.min(until, to) - Math.max(readyAt, from)),
      0,
    );
    const busy = ready > 0 ? (worked - this.counted) / ready : null;
    this.counted = worked;
    return { stage: this.stage.name, waiting: this.queue.waiting, busy };
  }

  /** Ready replicas that serve. */
  ready(): number {
    return this.serving.readyCount(this.now);
  }

  /** Core-seconds held in [from, to). */
  coreSeconds(from: number, to: number): number {
    return this.held.reduce(
      (sum, { cores, since, until }) => sum + cores * Math.max(0, Math.min(until, to) - Math.max(since, from)),
      0,
    );
  }

  /** Forgets the replicas that were gone at an instant. */
  forget(before: number): void {
    this.held = this.held.filter((replica) => replica.until > before);
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
    pool.shrink(plan.replicas, this.now);
    const variant = this.stage.variants[pool.variant];
    while (variant !== undefined && pool.replicas.length < plan.replicas) {
      const spare = pool.reserve.take(this.now);
      if (spare !== undefined) pool.add(spare);
      else {
        pool.add(this.hold(pool.cores, this.startUpTime(this.ordinal, variant)));
        this.events.onStartUp(this.now);
      }
    }
  }

  /** One replica more, from now on. Seconds. */
  private hold(cores: number, startUp: number): Spare {
    const { now } = this;
    const replica = { id: this.ordinal++, cores, since: now, readyAt: now + startUp, until: Infinity };
    this.held.push(replica);
    return { replica, freeAt: replica.readyAt };
  }

  private handOverIfReady(): void {
    const next = this.pending;
    if (next === null || rollOut(this.wanted, this.inForce, this.poolCounts()).serving !== this.wanted) return;
    this.serving.shrink(0, this.now);
    this.serving = next;
    this.pending = null;
    this.inForce = this.wanted;
    this.events.onHandOver(this.now);
  }
}
