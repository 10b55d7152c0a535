import { summaryColumns } from "./columns.ts";
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

/** What a terminal shows of a comparison: one row per policy. */
export function summaryTable(summaries: readonly Summary[]): string {
  return textTable(
    summaryColumns.map(({ title }, c) => ({ title, align: c === 0 ? "left" : "right" })),
    summaries.map((summary) => summaryColumns.map(({ cell }) => cell(summary))),
  );
}
