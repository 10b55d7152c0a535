/** A Float64Array that grows by doubling. */
export class GrowingArray {
  private values: Float64Array;
  length = 0;

  constructor(capacity = 1024) {
    this.values = new Float64Array(Math.max(16, Math.ceil(capacity)));
  }

  push(value: number): void {
    if (this.length === this.values.length) {
      const larger = new Float64Array(2 * this.values.length);
      larger.set(this.values);
      this.values = larger;
    }
    this.values[this.length++] = value;
  }

  at(i: number): number {
    return this.values[i] ?? NaN;
  }

  set(i: number, value: number): void {
    this.values[i] = value;
  }

  /** The values so far, as a view that later pushes may leave behind. */
  view(): Float64Array {
    return this.values.subarray(0, this.length);
  }
}
