/** The batches of a stage that are in service, in columns, by the instant they end. Seconds. */
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

  add(start: number, end: number, first: number, size: number, variant: number, accuracy: number): void {
    if (this.count === this.end.length) this.grow();
    let i = this.count++;
    // Nearly always at the end: few batches are in service at once, and ends come almost in order.
    for (; i > 0 && this.end[i - 1]! > end; i--) this.move(i - 1, i);
    this.start[i] = start;
    this.end[i] = end;
    this.first[i] = first;
    this.size[i] = size;
    this.variant[i] = variant;
    this.accuracy[i] = accuracy;
  }

  /** Forgets the first `count` to end. */
  remove(count: number): void {
    if (count === 0) return;
    for (let i = count; i < this.count; i++) this.move(i, i - count);
    this.count -= count;
  }

  private move(from: number, to: number): void {
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
    this.start.set(start);
    this.end.set(end);
    this.first.set(first);
    this.size.set(size);
    this.variant.set(variant);
    this.accuracy.set(accuracy);
  }
}
