/**
 * Partial plans in columns: what the stages so far are worth and use together. All labels of a search
 * lie in one set of arrays, those of a later stage after those they were made from; the arrays are used
 * again by the next search.
 */
export class Labels {
  count = 0;
  value = new Float64Array(0);
  /** How far from the bound the stages so far are at least. */
  gap = new Float64Array(0);
  /** The same of a second bound. */
  otherGap = new Float64Array(0);
  /** By path. */
  mean: Float64Array[] = [];
  forming: Float64Array[] = [];
  excessSquared: Float64Array[] = [];
  /** By row. */
  uses: Float64Array[] = [];
  parent = new Int32Array(0);
  /** The place that the last stage chose. */
  place = new Int32Array(0);

  /** Empties it, with one label that has chosen nothing. */
  start(paths: number, rows: number): void {
    for (const columns of [this.mean, this.forming, this.excessSquared]) this.widen(columns, paths);
    this.widen(this.uses, rows);
    this.count = 0;
    this.add();
    this.value[0] = this.gap[0] = this.otherGap[0] = 0;
    for (const columns of [this.mean, this.forming, this.excessSquared, this.uses]) {
      for (const column of columns) column[0] = 0;
    }
    this.parent[0] = this.place[0] = -1;
  }

  /** A new label, to be filled. */
  add(): number {
    if (this.count === this.value.length) this.grow(Math.max(1024, 2 * this.count));
    return this.count++;
  }

  private widen(columns: Float64Array[], count: number): void {
    while (columns.length < count) columns.push(new Float64Array(this.value.length));
  }

  private grow(length: number): void {
    const floats = (old: Float64Array): Float64Array<ArrayBuffer> => {
      const larger = new Float64Array(length);
      larger.set(old);
      return larger;
    };
    const integers = (old: Int32Array): Int32Array<ArrayBuffer> => {
      const larger = new Int32Array(length);
      larger.set(old);
      return larger;
    };
    this.value = floats(this.value);
    this.gap = floats(this.gap);
    this.otherGap = floats(this.otherGap);
    this.mean = this.mean.map(floats);
    this.forming = this.forming.map(floats);
    this.excessSquared = this.excessSquared.map(floats);
    this.uses = this.uses.map(floats);
    this.parent = integers(this.parent);
    this.place = integers(this.place);
  }
}
