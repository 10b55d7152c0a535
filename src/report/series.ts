import type { IntervalRow } from "../core/run-log.ts";

/** A point of a line; null breaks the line. */
export interface Point {
  readonly x: number;
  readonly y: number | null;
}

/** More points than this no screen shows. */
const MOST_POINTS = 400;

/**
 * One value per interval as a step line over time, seconds. Of a long run several intervals share
 * a step: their mean weighted by length, or their maximum where peaks matter.
 */
export function steps(
  rows: readonly IntervalRow[],
  of: (row: IntervalRow) => number | null,
  join: "mean" | "max" = "mean",
): Point[] {
  const size = Math.ceil(rows.length / MOST_POINTS);
  const points: Point[] = [];
  for (let first = 0; first < rows.length; first += size) {
    const group = rows.slice(first, first + size);
    points.push({ x: group[0]?.from ?? 0, y: join === "mean" ? meanOver(group, of) : greatest(group, of) });
  }
  const last = points.at(-1);
  // A step ends where the run does.
  if (last !== undefined) points.push({ x: rows.at(-1)?.to ?? last.x, y: last.y });
  return points;
}

function meanOver(rows: readonly IntervalRow[], of: (row: IntervalRow) => number | null): number | null {
  let [area, length] = [0, 0];
  for (const row of rows) {
    const value = of(row);
    if (value === null) continue;
    area += value * (row.to - row.from);
    length += row.to - row.from;
  }
  return length > 0 ? area / length : null;
}

function greatest(rows: readonly IntervalRow[], of: (row: IntervalRow) => number | null): number | null {
  const values = rows.map(of).filter((value) => value !== null);
  return values.length === 0 ? null : Math.max(...values);
}

/**
 * The share of `offered` requests that were answered within x seconds, up to `end`: about 300 points,
 * closer together in the slowest tenth. Where requests were dropped it stays below 1.
 */
export function answeredWithin(ascending: Float64Array, offered: number, end: number): Point[] {
  const count = ascending.length;
  const points: Point[] = [{ x: 0, y: 0 }];
  const places = [...spread(0, 0.9, 150), ...spread(0.9, 1, 150)].map((p) =>
    Math.min(count - 1, Math.floor(p * count)),
  );
  for (const place of new Set(places)) {
    const x = ascending[place];
    if (x !== undefined && x <= end) points.push({ x, y: (place + 1) / offered });
  }
  // At the end exactly, however the points fall.
  points.push({ x: end, y: countUpTo(ascending, end) / offered });
  return points;
}

function spread(from: number, to: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => from + ((i + 1) / count) * (to - from));
}

function countUpTo(ascending: Float64Array, limit: number): number {
  let [low, high] = [0, ascending.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ascending[middle] ?? Infinity) <= limit) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The latencies of several runs together, ascending. */
export function pool(parts: readonly Float64Array[]): Float64Array {
  const [only] = parts;
  if (only !== undefined && parts.length === 1) return only;
  const all = new Float64Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all.sort();
}
