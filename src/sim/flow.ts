/** Why a row is gone that nobody served: its item was dropped. The numbers are those of `visitOutcomes`. */
export const DROPPED = 1;
/** Its request had been dropped elsewhere, or with another item. */
export const VANISHED = 3;
/** The same, before it arrived: there was no visit. */
export const ABSENT = 4;

/**
 * The items of one stage in columns, in the order in which they reach its queue: first those that
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
  /** Number of the item within its request. */
  item = new Uint32Array(CAPACITY);
  /** Arrival at the pipeline and at the stage, seconds. */
  origin = new Float64Array(CAPACITY);
  arrival = new Float64Array(CAPACITY);
  /** Product of the accuracies of the stages before. */
  accuracy = new Float64Array(CAPACITY);
  /** 0, or why it is gone. */
  gone = new Uint8Array(CAPACITY);

  /** Adds a row. Rows come in order of time; those of one instant are put in order of request and item. */
  push(request: number, item: number, origin: number, arrival: number, accuracy: number): void {
    if (this.length === this.request.length) this.grow(this.length + 1);
    let i = this.length++;
    this.gone[i] = 0;
    for (; i > 0 && this.arrival[i - 1] === arrival && this.comesAfter(i - 1, request, item); i--) {
      this.request[i] = this.request[i - 1]!;
      this.item[i] = this.item[i - 1]!;
      this.origin[i] = this.origin[i - 1]!;
      this.arrival[i] = this.arrival[i - 1]!;
      this.accuracy[i] = this.accuracy[i - 1]!;
    }
    this.request[i] = request;
    this.item[i] = item;
    this.origin[i] = origin;
    this.arrival[i] = arrival;
    this.accuracy[i] = accuracy;
  }

  /** Adds the requests from `first` on that arrive at the pipeline at these instants, ascending. */
  enter(first: number, instants: Float64Array): void {
    const count = instants.length;
    const from = this.length;
    if (from + count > this.request.length) this.grow(from + count);
    this.length += count;
    this.origin.set(instants, from);
    this.arrival.set(instants, from);
    this.accuracy.fill(1, from, this.length);
    this.item.fill(0, from, this.length);
    this.gone.fill(0, from, this.length);
    for (let i = 0; i < count; i++) this.request[from + i] = first + i;
  }

  /** Forgets the rows before a position. */
  discard(position: number): void {
    const count = position - this.base;
    if (count === 0) return;
    const { request, item, origin, arrival, accuracy, gone, length } = this;
    for (const column of [request, item, origin, arrival, accuracy, gone]) column.copyWithin(0, count, length);
    this.base = position;
    this.length -= count;
  }

  private comesAfter(i: number, request: number, item: number): boolean {
    const other = this.request[i]!;
    return other > request || (other === request && this.item[i]! > item);
  }

  private grow(least: number): void {
    const capacity = Math.max(least, 2 * this.request.length);
    this.request = copyTo(new Uint32Array(capacity), this.request);
    this.item = copyTo(new Uint32Array(capacity), this.item);
    this.origin = copyTo(new Float64Array(capacity), this.origin);
    this.arrival = copyTo(new Float64Array(capacity), this.arrival);
    this.accuracy = copyTo(new Float64Array(capacity), this.accuracy);
    this.gone = copyTo(new Uint8Array(capacity), this.gone);
  }
}

const CAPACITY = 1024;

function copyTo<T extends { set(from: ArrayLike<number>): void }>(to: T, from: ArrayLike<number>): T {
  to.set(from);
  return to;
}
