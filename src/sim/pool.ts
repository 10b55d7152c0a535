import type { Variant } from "../core/pipeline.ts";
import type { StagePlan } from "../core/plan.ts";
import { batchSigma, serviceTime } from "../core/profile.ts";
import type { Reserve, Spare } from "./reserve.ts";

/** One replica, from its request until it gives its cores back. Seconds. */
export interface Replica {
  /** Its ordinal in the stage's run. */
  readonly id: number;
  readonly cores: number;
  /** How long it takes to start. */
  readonly startUp: number;
  /** From when it holds its cores, and serves; Infinity while it waits for room (S12). */
  since: number;
  readyAt: number;
  /** When it gives its cores back; Infinity while nobody asked for that. */
  until: number;
}

/** Of one variant, by batch size m: mean service time (seconds) and σ of its factor. */
export interface ServiceTable {
  readonly mean: Float64Array;
  readonly sigma: Float64Array;
}

export function serviceTable({ profile }: Variant): ServiceTable {
  const sizes = Array.from({ length: profile.at(-1)?.batch ?? 0 }, (_, m) => m + 1);
  return {
    mean: Float64Array.from([NaN, ...sizes.map((m) => serviceTime(profile, m).mean)]),
    sigma: Float64Array.from([NaN, ...sizes.map((m) => batchSigma(profile, m))]),
  };
}

/** The replicas of one variant that are not on their way out, with the batch size they run. */
export class Pool {
  batch: number;
  timeout: number;
  /** Replicas last asked for; on a full cluster there may be fewer (S12). */
  wanted = 0;
  readonly variant: number;
  readonly accuracy: number;
  readonly cores: number;
  readonly mean: Float64Array;
  readonly sigma: Float64Array;
  /** Where replicas come from and go that stand by. */
  readonly reserve: Reserve;
  /** By id. */
  readonly replicas: Replica[] = [];
  /** When the replica at the same place can begin a batch: when it is ready, or its batch ends. */
  readonly freeAt: number[] = [];

  constructor(index: number, variant: Variant, { mean, sigma }: ServiceTable, reserve: Reserve, plan: StagePlan) {
    this.variant = index;
    this.batch = plan.batch;
    this.timeout = plan.batchTimeout;
    this.accuracy = variant.accuracy;
    this.cores = variant.coresPerReplica;
    this.mean = mean;
    this.sigma = sigma;
    this.reserve = reserve;
  }

  add({ replica, freeAt }: Spare): void {
    const behind = this.replicas.findLastIndex(({ id }) => id < replica.id) + 1;
    this.replicas.splice(behind, 0, replica);
    this.freeAt.splice(behind, 0, freeAt);
  }

  /** A replica that may be one of these no longer waits. */
  begin(replica: Replica): void {
    const place = this.replicas.indexOf(replica);
    if (place >= 0) this.freeAt[place] = replica.readyAt;
  }

  /** When one replica more is ready, ascending; Infinity for those that wait. */
  readyInstants(): readonly number[] {
    return this.replicas.map(({ readyAt }) => readyAt).toSorted((a, b) => a - b);
  }

  readyCount(now: number): number {
    return this.replicas.filter((replica) => replica.readyAt <= now).length;
  }

  /** Whether some wait for room (S12). */
  waits(): boolean {
    return this.replicas.some(({ since }) => since === Infinity);
  }

  /** Those that wait for room go (S12). */
  cancelWaiting(now: number): void {
    this.shrink(this.replicas.filter(({ since }) => since < Infinity).length, now);
  }

  /**
   * Lets replicas go until `count` are left; busy ones end their batch (S10). The last to go stand by, as far as such
   * are lacking (S17).
   */
  shrink(count: number, now: number): void {
    const standBy = this.reserve.lacks(count);
    while (this.replicas.length > count) {
      const leaves = this.remove(this.nextToLeave(now));
      if (this.replicas.length < count + standBy) this.reserve.put(leaves);
      // A busy one drains: it keeps its cores until its batch ends.
      else leaves.replica.until = leaves.replica.readyAt > now ? now : Math.max(now, leaves.freeAt);
    }
  }

  /** Place of the one that goes first: one that starts or waits, else an idle one, else a busy one; of these the latest. */
  private nextToLeave(now: number): number {
    const starting = this.replicas.findLastIndex(({ readyAt }) => readyAt > now);
    if (starting >= 0) return starting;
    const idle = this.freeAt.findLastIndex((at) => at <= now);
    return idle >= 0 ? idle : this.replicas.length - 1;
  }

  private remove(i: number): Spare {
    const [replica] = this.replicas.splice(i, 1);
    const [freeAt] = this.freeAt.splice(i, 1);
    if (replica === undefined || freeAt === undefined) throw new RangeError(`there is no replica ${i}`);
    return { replica, freeAt };
  }
}
