/** The batches of a stage that are in service, in columns, in the order in which they began. Seconds. */
export class Flights {
  count = 0;
  start = new Float64Array(16);
  end = new Float64Array(16);
  /** Position in the stage's flow of the first request; the others follow, dropped ones left out. */
  first = new Float64Array(16);
  size = new Uint16Array(16);
  /** Index of the variant that serves, and its accuracy. */
  variant = new Int16Array(16);
  accuracy = new Float64Array(16);
  private order = new Int32Array(16);

  add(start: number, end: number, first: number, size: number, variant: number, accuracy: number): void {
    if (this.count === this.end.length) this.grow();
    const i = this.count++;
    this.start[i] = start;
    this.end[i] = end;
    this.first[i] = first;
    this.size[i] = size;
    this.variant[i] = variant;
    this.accuracy[i] = accuracy;
  }

  /** Places of those that end before an instant, in order of their end; a view until the next call. */
  endedBefore(until: number): Int32Array {
    const { end, order, count } = this;
    let ended = 0;
    for (let place = 0; place < count; place++) {
      const at = end[place]!;
      if (at >= until) continue;
      // Nearly always at the end: few batches are in service at once, and ends come almost in order.
      let i = ended++;
      for (; i > 0 && end[order[i - 1]!]! > at; i--) order[i] = order[i - 1]!;
      order[i] = place;
    }
    return order.subarray(0, ended);
  }

  /** Forgets those that end before an instant. */
  remove(until: number): void {
    let kept = 0;
    for (let place = 0; place < this.count; place++) if (this.end[place]! >= until) this.move(place, kept++);
    this.count = kept;
  }

  private move(from: number, to: number): void {
    if (from === to) return;
    this.start[to] = this.start[from]!;
    this.end[to] = this.end[from]!;
    this.first[to] = this.first[from]!;
    this.size[to] = this.size[from]!;
    this.variant[to] = this.variant[from]!;
    this.accuracy[to] = this.accuracy[from]!;
  }

  private grow(): void {
    const { start, end, first, size, variant, accuracy } = this;
    const capacity = 2 * end.length;
    this.start = new Float64Array(capacity);
    this.end = new Float64Array(capacity);
    this.first = new Float64Array(capacity);
    this.size = new Uint16Array(capacity);
    this.variant = new Int16Array(capacity);
    this.accuracy = new Float64Array(capacity);
    this.order = new Int32Array(capacity);
    this.start.set(start);
    this.end.set(end);
    this.first.set(first);
    this.size.set(size);
    this.variant.set(variant);
    this.accuracy.set(accuracy);
  }
}
