/**
 * The requests of one stage in columns, in the order in which they reach its queue: first those that
 * have left it, then the waiting ones, then those that have not arrived yet. What is over is
 * discarded between two intervals, so positions count from the start of the run.
 */
export class Flow {
  /** Position of the first row kept. */
  base = 0;
  /** Rows kept. */
  length = 0;
  /** Position of the first row that has not joined the queue. */
  joined = 0;
  /** Position from which on rows may be waiting. */
  head = 0;
  /** Rows that wait. */
  waiting = 0;
  request = new Uint32Array(CAPACITY);
  /** Arrival at the pipeline and at the stage; start and end of service, NaN before. Seconds. */
  origin = new Float64Array(CAPACITY);
  arrival = new Float64Array(CAPACITY);
  start = new Float64Array(CAPACITY);
  end = new Float64Array(CAPACITY);
  /** Product of the accuracies of the stages before. */
  accuracy = new Float64Array(CAPACITY);
  /** Variant that serves it, −1 before; size of its batch, 0 before. */
  variant = new Int16Array(CAPACITY);
  size = new Uint16Array(CAPACITY);
  /** 1 once it was dropped here. */
  dropped = new Uint8Array(CAPACITY);

  /** Adds a row. Rows come in order of time; those of one instant are put in order of request. */
  push(request: number, origin: number, arrival: number, accuracy: number): void {
    if (this.length === this.request.length) this.grow();
    let i = this.length++;
    for (; i > 0 && this.arrival[i - 1] === arrival && this.request[i - 1]! > request; i--) {
      this.request[i] = this.request[i - 1]!;
      this.origin[i] = this.origin[i - 1]!;
      this.arrival[i] = this.arrival[i - 1]!;
      this.accuracy[i] = this.accuracy[i - 1]!;
    }
    this.request[i] = request;
    this.origin[i] = origin;
    this.arrival[i] = arrival;
    this.accuracy[i] = accuracy;
    const last = this.length - 1;
    this.start[last] = NaN;
    this.end[last] = NaN;
    this.variant[last] = -1;
    this.size[last] = 0;
    this.dropped[last] = 0;
  }

  /** Forgets the rows before a position. */
  discard(position: number): void {
    const count = position - this.base;
    if (count === 0) return;
    for (const column of this.columns()) column.copyWithin(0, count, this.length);
    this.base = position;
    this.length -= count;
  }

  private columns(): (Float64Array | Uint32Array | Int16Array | Uint16Array | Uint8Array)[] {
    const { request, origin, arrival, start, end, accuracy, variant, size, dropped } = this;
    return [request, origin, arrival, start, end, accuracy, variant, size, dropped];
  }

  private grow(): void {
    const capacity = 2 * this.request.length;
    this.request = copyTo(new Uint32Array(capacity), this.request);
    this.origin = copyTo(new Float64Array(capacity), this.origin);
    this.arrival = copyTo(new Float64Array(capacity), this.arrival);
    this.start = copyTo(new Float64Array(capacity), this.start);
    this.end = copyTo(new Float64Array(capacity), this.end);
    this.accuracy = copyTo(new Float64Array(capacity), this.accuracy);
    this.variant = copyTo(new Int16Array(capacity), this.variant);
    this.size = copyTo(new Uint16Array(capacity), this.size);
    this.dropped = copyTo(new Uint8Array(capacity), this.dropped);
  }
}

const CAPACITY = 1024;

function copyTo<T extends { set(from: ArrayLike<number>): void }>(to: T, from: ArrayLike<number>): T {
  to.set(from);
  return to;
}
