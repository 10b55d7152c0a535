import { percent, seconds, withHalfWidth } from "./numbers.ts";
import type { Summary } from "./summary.ts";

export interface TextColumn {
  readonly title: string;
  readonly align: "left" | "right";
}

/** Rows of text in aligned columns, under a header and a rule; no line ends in a space or a line break. */
export function textTable(columns: readonly TextColumn[], rows: readonly (readonly string[])[]): string {
  const widths = columns.map((column, c) => Math.max(column.title.length, ...rows.map((row) => (row[c] ?? "").length)));
  const line = (cells: readonly string[]): string =>
    columns
      .map((column, c) => {
        const [cell, width] = [cells[c] ?? "", widths[c] ?? 0];
        return column.align === "left" ? cell.padEnd(width) : cell.padStart(width);
      })
      .join("  ")
      .trimEnd();
  const rule = widths.map((width) => "─".repeat(width)).join("  ");
  return [line(columns.map((column) => column.title)), rule, ...rows.map(line)].join("\n");
}

/** What a terminal shows of a comparison: one row per policy, ± the 95 % interval where there are several seeds. */
export function summaryTable(summaries: readonly Summary[]): string {
  const columns: TextColumn[] = [
    { title: "policy", align: "left" },
    ...["cost (cores)", "accuracy", "in SLA (%)", "p50 (s)", "p99 (s)", "drops (%)", "objective"].map(
      (title): TextColumn => ({ title, align: "right" }),
    ),
  ];
  return textTable(
    columns,
    summaries.map(({ policy, cost_cores, accuracy, sla_attainment, latency_s, requests, objective, ci95 }) => [
      policy,
      withHalfWidth(cost_cores, ci95.cost_cores, 2),
      withHalfWidth(accuracy, ci95.accuracy, 3),
      percent(sla_attainment, 2),
      seconds(latency_s.p50),
      seconds(latency_s.p99),
      percent(requests.offered > 0 ? requests.dropped / requests.offered : null, 2),
      withHalfWidth(objective, ci95.objective, 3),
    ]),
  );
}
