import type { Replica } from "./pool.ts";

/** A replica, and when it can begin a batch: when it is ready, or its last one ends. Seconds. */
export interface Spare {
  readonly replica: Replica;
  freeAt: number;
}

/** The replicas of one variant that stand by: up, or to be up, and serving nobody (S17). */
export class Reserve {
  private readonly standby: number;
  private readonly spares: Spare[] = [];

  /** `standby`: replicas of the variant that are always up, those that serve included. */
  constructor(standby: number) {
    this.standby = standby;
  }

  /** How many more must stand by where so many serve. */
  lacks(serving: number): number {
    return Math.max(0, this.standby - serving - this.spares.length);
  }

  put(spare: Spare): void {
    this.spares.push(spare);
  }

  /** A replica that may be one of these no longer waits. */
  begin(replica: Replica): void {
    const spare = this.spares.find((one) => one.replica === replica);
    if (spare !== undefined) spare.freeAt = replica.readyAt;
  }

  /** The one that is free first, of several the one with the smallest id. */
  take(now: number): Spare | undefined {
    const [first] = this.spares.toSorted((a, b) => {
      // Two that wait for room are never free, as far as can be told: the difference is NaN.
      return Math.max(now, a.freeAt) - Math.max(now, b.freeAt) || a.replica.id - b.replica.id;
    });
    if (first !== undefined) this.spares.splice(this.spares.indexOf(first), 1);
    return first;
  }

  replicas(): readonly Replica[] {
    return this.spares.map(({ replica }) => replica);
  }

  counts(now: number): { readonly ready: number; readonly starting: number } {
    const ready = this.spares.filter(({ replica }) => replica.readyAt <= now).length;
    return { ready, starting: this.spares.length - ready };
  }
}
