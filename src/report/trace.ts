import { percentile } from "../core/percentile.ts";

/** What `ipa trace show --json` prints. */
export interface TraceSummary {
  readonly trace: string;
  readonly duration_s: number;
  readonly requests: number;
  readonly rps: {
    readonly min: number;
    readonly mean: number;
    readonly p50: number;
    readonly p95: number;
    readonly p99: number;
    readonly max: number;
  };
}

/** Summary of loads per second; at least one. */
export function traceSummary(trace: string, rates: Float64Array): TraceSummary {
  const ascending = rates.slice().sort();
  const at = (p: number): number => percentile(ascending, p) ?? 0;
  const requests = rates.reduce((a, b) => a + b, 0);
  return {
    trace,
    duration_s: rates.length,
    requests,
    rps: {
      min: ascending[0] ?? 0,
      mean: requests / rates.length,
      p50: at(0.5),
      p95: at(0.95),
      p99: at(0.99),
      max: ascending.at(-1) ?? 0,
    },
  };
}

const COLUMNS = 80;
const ROWS = 8;
const EIGHTHS = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];

/** The summary in words, and the greatest load of each of 80 slices as a picture. */
export function traceText(summary: TraceSummary, rates: Float64Array): string {
  const { rps } = summary;
  const number = (value: number): string => value.toLocaleString("en", { maximumFractionDigits: 2 });
  const columns = Math.min(COLUMNS, rates.length);
  const peaks = Array.from({ length: columns }, (_, c) => {
    const from = Math.floor((c * rates.length) / columns);
    const to = Math.max(from + 1, Math.floor(((c + 1) * rates.length) / columns));
    return rates.subarray(from, to).reduce((a, b) => Math.max(a, b), 0);
  });
  const scale = rps.max > 0 ? (ROWS * 8) / rps.max : 0;
  const picture = Array.from({ length: ROWS }, (_, r) => {
    const base = (ROWS - 1 - r) * 8;
    const label = r === 0 ? number(rps.max) : r === ROWS - 1 ? "0" : "";
    return `${label.padStart(7)} │${peaks.map((peak) => EIGHTHS[Math.max(0, Math.min(8, Math.round(peak * scale) - base))]).join("")}`;
  });
  return [
    `${summary.trace}: ${number(summary.duration_s)} s, ${number(summary.requests)} requests`,
    `load in rps: min ${number(rps.min)}, mean ${number(rps.mean)}, median ${number(rps.p50)}, p95 ${number(rps.p95)}, p99 ${number(rps.p99)}, max ${number(rps.max)}`,
    "",
    ...picture,
    `${"".padStart(8)}└${"─".repeat(columns)}`,
    `${"".padStart(9)}0 s${`${number(summary.duration_s)} s`.padStart(Math.max(1, columns - 3))}`,
    "         (greatest load of each slice)",
  ].join("\n");
}
