import { ROW_TOLERANCE } from "../core/pipeline.ts";
import type { Replica } from "./pool.ts";

/** A stage, as those see it that share the cluster with it. */
export interface Tenant {
  readonly replicas: readonly Replica[];
  /** A replica that waited is up at once. */
  beUp(replica: Replica): void;
  /** A replica that waited has room, and starts. */
  start(replica: Replica): void;
}

interface Waiting {
  readonly tenant: Tenant;
  readonly replica: Replica;
}

/** The cores of a cluster, and the line of the replicas that wait for some (S12). */
export class Room {
  private readonly cores: number;
  private readonly tenants = new Set<Tenant>();
  private line: Waiting[] = [];

  constructor(cores: number) {
    this.cores = cores;
  }

  /** A replica waits from now on, behind all others. */
  request(tenant: Tenant, replica: Replica): void {
    this.tenants.add(tenant);
    this.line.push({ tenant, replica });
  }

  /** Time 0: what fits is up. */
  open(): void {
    this.letIn(0, ({ tenant, replica }) => tenant.beUp(replica));
  }

  /** The end of step 3 of an instant (S1). Returns the next instant at which more may fit; Infinity if there is none. */
  admit(now: number): number {
    this.letIn(now, ({ tenant, replica }) => tenant.start(replica));
    return this.first() === undefined ? Infinity : this.nextChange(now);
  }

  /** In order, while the first in the line fits. */
  private letIn(now: number, enter: (first: Waiting) => void): void {
    for (let first = this.first(); first !== undefined && this.fits(first, now); first = this.first()) {
      this.line.shift();
      enter(first);
    }
  }

  /** The first in the line; those before it that were cancelled leave. */
  private first(): Waiting | undefined {
    const left = this.line.findIndex(({ replica }) => replica.until === Infinity);
    this.line.splice(0, left < 0 ? this.line.length : left);
    return this.line[0];
  }

  private fits({ replica }: Waiting, now: number): boolean {
    // Nothing to add up where everything fits.
    return this.cores === Infinity || this.held(now) + replica.cores <= this.cores + ROW_TOLERANCE;
  }

  private held(now: number): number {
    let sum = 0;
    for (const { cores, since, until } of this.replicas()) if (since <= now && until > now) sum += cores;
    return sum;
  }

  /** When the next replica has started up, or the next that drains is done; Infinity if none does either. */
  private nextChange(now: number): number {
    let next = Infinity;
    for (const { readyAt, until } of this.replicas()) {
      if (until > now) next = Math.min(next, readyAt > now ? readyAt : until);
    }
    return next;
  }

  private *replicas(): Iterable<Replica> {
    for (const { replicas } of this.tenants) yield* replicas;
  }
}
