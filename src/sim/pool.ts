import type { Variant } from "../core/pipeline.ts";
import type { StagePlan } from "../core/plan.ts";
import { batchSigma, serviceTime } from "../core/profile.ts";
import type { Reserve, Spare } from "./reserve.ts";

/** One replica, for as long as it holds its cores. Seconds. */
export interface Replica {
  /** Its ordinal in the stage's run. */
  readonly id: number;
  readonly cores: number;
  readonly since: number;
  readonly readyAt: number;
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

  /** The instant from which all replicas are ready. */
  allReadyAt(): number {
    return this.replicas.reduce((latest, replica) => Math.max(latest, replica.readyAt), 0);
  }

  readyCount(now: number): number {
    return this.replicas.filter((replica) => replica.readyAt <= now).length;
  }

  /**
   * Lets replicas go until `count` are left: starting ones first, then idle, then busy ones, which end their batch
   * (S10). The last to go stand by, as far as such are lacking (S17).
   */
  shrink(count: number, now: number): void {
    const standBy = this.reserve.lacks(count);
    while (this.replicas.length > count) {
      const last = (is: (i: number) => boolean): number => this.replicas.findLastIndex((_, i) => is(i));
      const starting = last((i) => (this.replicas[i]?.readyAt ?? 0) > now);
      const idle = last((i) => this.freeAt[i]! <= now);
      const leaves = this.remove(starting >= 0 ? starting : idle >= 0 ? idle : this.replicas.length - 1);
      if (this.replicas.length < count + standBy) this.reserve.put(leaves);
      // A busy one drains: it keeps its cores until its batch ends.
      else leaves.replica.until = leaves.replica.readyAt > now ? now : Math.max(now, leaves.freeAt);
    }
  }

  private remove(i: number): Spare {
    const [replica] = this.replicas.splice(i, 1);
    const [freeAt] = this.freeAt.splice(i, 1);
    if (replica === undefined || freeAt === undefined) throw new RangeError(`there is no replica ${i}`);
    return { replica, freeAt };
  }
}
