/**
 * The replicas of a pool, by place, as its queue sees them: which are idle, and when the next will be. Idle ones
 * lie in a stack, the first place on top; busy ones in a ring, by when they are free, where a new
 * one goes nearly always to the end.
 */
export class Servers {
  private readonly freeAt: number[];
  private readonly idle: number[] = [];
  private readonly busyUntil: Float64Array;
  private readonly busy: Int32Array;
  private readonly mask: number;
  private head = 0;
  private tail = 0;

  /** `freeAt`, seconds by place, is kept up to date. */
  constructor(freeAt: number[]) {
    this.freeAt = freeAt;
    const capacity = 2 ** Math.ceil(Math.log2(freeAt.length + 1));
    this.busyUntil = new Float64Array(capacity);
    this.busy = new Int32Array(capacity);
    this.mask = capacity - 1;
    for (let place = 0; place < freeAt.length; place++) this.queueUp(place, freeAt[place]!);
  }

  /** When a replica is idle at or after an instant; instants never go back. Infinity if there is none at all. */
  idleFrom(now: number): number {
    while (this.head !== this.tail && this.busyUntil[this.head & this.mask]! <= now) {
      this.rest(this.busy[this.head & this.mask]!);
      this.head++;
    }
    if (this.idle.length > 0) return now;
    return this.head === this.tail ? Infinity : this.busyUntil[this.head & this.mask]!;
  }

  /** The first place that is idle is busy from now on. */
  occupy(until: number): void {
    const place = this.idle.pop()!;
    this.freeAt[place] = until;
    this.queueUp(place, until);
  }

  private queueUp(place: number, until: number): void {
    const { busyUntil, busy, mask } = this;
    let i = this.tail++;
    for (; i !== this.head && busyUntil[(i - 1) & mask]! > until; i--) {
      busyUntil[i & mask] = busyUntil[(i - 1) & mask]!;
      busy[i & mask] = busy[(i - 1) & mask]!;
    }
    busyUntil[i & mask] = until;
    busy[i & mask] = place;
  }

  private rest(place: number): void {
    const { idle } = this;
    let i = idle.length;
    idle.push(place);
    for (; i > 0 && idle[i - 1]! < place; i--) idle[i] = idle[i - 1]!;
    idle[i] = place;
  }
}
