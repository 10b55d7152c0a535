import type { IntervalRow, Run } from "../core/run-log.ts";
import { decimals, NO_NUMBER, sharePercent } from "./numbers.ts";
import type { Summary } from "./summary.ts";

/** One policy's runs, one per seed, and their summary. */
export interface PolicyRuns {
  readonly summary: Summary;
  readonly runs: readonly Run[];
}

/** The intervals that a chart over time draws: those of the first seed. */
export function drawnIntervals({ runs }: PolicyRuns): readonly IntervalRow[] {
  return runs[0]?.intervals ?? [];
}

/** What each chart shows, in a sentence: its caption, and what a screen reader says. */
export const findings = {
  cost: (policies: readonly PolicyRuns[]) =>
    `Cores held on average: ${list(policies.map(({ summary }) => `${summary.policy} ${decimals(summary.cost_cores, 1)}`))}.`,

  accuracy: (policies: readonly PolicyRuns[]) =>
    `Accuracy (${policies[0]?.summary.accuracy_metric ?? NO_NUMBER}) of the plans in force, on average: ${list(
      policies.map(({ summary }) => `${summary.policy} ${decimals(summary.objective_accuracy, 3)}`),
    )}.`,

  load: (policy: PolicyRuns) => {
    const rows = drawnIntervals(policy);
    const predicted = rows.filter((row) => row.predicted !== null);
    if (predicted.length === 0) return "Load that arrived; nothing was predicted.";
    const above = predicted.filter((row) => observedLoad(row) > (row.predicted ?? Infinity)).length;
    return (
      `Load that arrived, averaged over each interval, and load predicted for ${policy.summary.policy} at its start; ` +
      `a prediction of peaks lies above such averages. More arrived than was predicted in ${above} of ${predicted.length} intervals.`
    );
  },

  latency: (policies: readonly PolicyRuns[]) => {
    const counts = policies.map((policy) => {
      const rows = drawnIntervals(policy);
      const known = rows.flatMap(({ latencyP99 }) => latencyP99 ?? []);
      const above = known.filter((p99) => p99 > policy.summary.sla_s).length;
      // Requests that arrived and were all dropped have no latency to draw.
      const silent = rows.filter(({ arrived, served }) => arrived > 0 && served === 0).length;
      const unserved = silent > 0 ? ` (${silent} more served nothing)` : "";
      return `${policy.summary.policy} in ${above} of ${known.length}${unserved}`;
    });
    return `Intervals whose 99th percentile exceeded the SLA: ${list(counts)}.`;
  },

  answered: (policies: readonly PolicyRuns[]) => {
    const sla = policies[0]?.summary.sla_s ?? null;
    const shares = policies.map(({ summary }) => `${summary.policy} ${sharePercent(summary.sla_attainment)} %`);
    return `Answered within the SLA of ${sla ?? NO_NUMBER} s: ${list(shares)}.`;
  },

  tradeOff: (policies: readonly PolicyRuns[]) =>
    `Accuracy and cost: ${list(
      policies.map(
        ({ summary }) =>
          `${summary.policy} ${decimals(summary.accuracy, 3)} at ${decimals(summary.cost_cores, 1)} cores`,
      ),
    )}.`,
} as const;

/** The whole comparison in a sentence: what the reference did (ipa, else the first), and the others next to it. */
export function comparison(policies: readonly PolicyRuns[]): string {
  const summaries = policies.map(({ summary }) => summary);
  const reference = summaries.find(({ policy }) => policy === "ipa") ?? summaries[0];
  if (reference === undefined) return "Nothing was run.";
  const others = summaries.filter((summary) => summary !== reference);
  const first =
    `${reference.policy} answered ${sharePercent(reference.sla_attainment)} % of the requests ` +
    `within ${reference.sla_s} s, at an accuracy of ${decimals(reference.accuracy, 3)}, ` +
    `with ${decimals(reference.cost_cores, 1)} cores`;
  if (others.length === 0) return `${first}.`;
  return `${first}; next to it, ${others.map((other) => nextTo(reference, other)).join("; ")}.`;
}

function nextTo(reference: Summary, other: Summary): string {
  return (
    `${other.policy} ${costDifference(reference.cost_cores, other.cost_cores)} and ` +
    `${accuracyDifference(reference.accuracy, other.accuracy)} ` +
    `(${sharePercent(other.sla_attainment)} % within the SLA)`
  );
}

function costDifference(reference: number | null, other: number | null): string {
  if (reference === null || other === null || reference === 0) return `cost ${decimals(other, 1)} cores`;
  const percentage = Math.round((100 * (other - reference)) / reference);
  if (percentage === 0) return "cost as much";
  return `cost ${Math.abs(percentage)} % ${percentage < 0 ? "less" : "more"}`;
}

function accuracyDifference(reference: number | null, other: number | null): string {
  if (reference === null || other === null) return `had an accuracy of ${decimals(other, 3)}`;
  const difference = other - reference;
  const size = decimals(Math.abs(difference), 3);
  if (size === "0.000") return "was as accurate";
  return `was ${size} ${difference < 0 ? "less" : "more"} accurate`;
}

/** Requests per second that arrived within an interval. */
export function observedLoad(row: IntervalRow): number {
  return row.arrived / (row.to - row.from);
}

/** `a`, `a and b`, `a, b and c`. */
export function list(items: readonly string[]): string {
  if (items.length < 2) return items.join("");
  return `${items.slice(0, -1).join(", ")} and ${items.at(-1) ?? ""}`;
}
