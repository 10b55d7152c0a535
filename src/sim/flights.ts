/** The batches of a stage that are in service, by the instant they end. */
export class Flights {
  count = 0;
  end = new Float64Array(16);
  /** Position in the stage's flow of the first request, and how many there are. */
  first = new Float64Array(16);
  size = new Uint16Array(16);

  add(end: number, first: number, size: number): void {
    if (this.count === this.end.length) this.grow();
    let i = this.count++;
    // Nearly always at the end: few batches are in service at once, and ends come almost in order.
    for (; i > 0 && this.end[i - 1]! > end; i--) {
      this.end[i] = this.end[i - 1]!;
      this.first[i] = this.first[i - 1]!;
      this.size[i] = this.size[i - 1]!;
    }
    this.end[i] = end;
    this.first[i] = first;
    this.size[i] = size;
  }

  /** Forgets the first `count` to end. */
  remove(count: number): void {
    this.end.copyWithin(0, count, this.count);
    this.first.copyWithin(0, count, this.count);
    this.size.copyWithin(0, count, this.count);
    this.count -= count;
  }

  private grow(): void {
    const { end, first, size } = this;
    this.end = new Float64Array(2 * end.length);
    this.first = new Float64Array(2 * end.length);
    this.size = new Uint16Array(2 * end.length);
    this.end.set(end);
    this.first.set(first);
    this.size.set(size);
  }
}
