/** Mean, variance and lag-k correlation of a sample. */
export function mean(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0) / values.length;
}

export function variance(values: readonly number[]): number {
  const m = mean(values);
  return values.reduce((sum, value) => sum + (value - m) ** 2, 0) / values.length;
}

/** Pearson's correlation of two samples of equal length. */
export function correlation(a: readonly number[], b: readonly number[]): number {
  const [ma, mb] = [mean(a), mean(b)];
  const covariance = a.reduce((sum, value, i) => sum + (value - ma) * ((b[i] ?? NaN) - mb), 0) / a.length;
  return covariance / Math.sqrt(variance(a) * variance(b));
}

export function lagCorrelation(values: readonly number[], lag: number): number {
  return correlation(values.slice(0, -lag), values.slice(lag));
}

/** Chi-square of numbers in [0, 1) over equal cells, as a distance from its mean in standard deviations. */
export function chiSquareOfCells(values: readonly number[], cells: number): number {
  const counts = new Float64Array(cells);
  for (const value of values) {
    const cell = Math.floor(value * cells);
    counts[cell] = (counts[cell] ?? 0) + 1;
  }
  const due = values.length / cells;
  const chi = counts.reduce((sum, count) => sum + (count - due) ** 2 / due, 0);
  return (chi - (cells - 1)) / Math.sqrt(2 * (cells - 1));
}

/** The same for pairs over a square of cells. */
export function chiSquareOfPairs(a: readonly number[], b: readonly number[], side: number): number {
  const cells = a.map((x, i) => (Math.floor(x * side) * side + Math.floor((b[i] ?? NaN) * side) + 0.5) / side ** 2);
  return chiSquareOfCells(cells, side ** 2);
}

/** The value below which a share p of a sample lies. */
export function quantile(values: readonly number[], p: number): number {
  return [...values].sort((a, b) => a - b)[Math.floor(p * values.length)] ?? NaN;
}
