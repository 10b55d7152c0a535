import type { Pipeline } from "../core/pipeline.ts";
import type { PolicyRuns } from "./findings.ts";
import { notesOf } from "./notes.ts";
import { summaryTable } from "./text-table.ts";

/** What a terminal shows of a simulation: what was run, a table, and how to read it. */
export function simulationText(pipeline: Pipeline, trace: string, policies: readonly PolicyRuns[]): string {
  const summaries = policies.map(({ summary }) => summary);
  const [first] = summaries;
  const seeds = first?.seeds.length ?? 0;
  const stages = pipeline.stages.map((stage) => stage.name).join(" → ");
  return [
    `${pipeline.name}: ${stages}, on ${trace} (${first?.duration_s ?? 0} s, SLA ${pipeline.sla.seconds} s)`,
    "",
    summaryTable(summaries),
    "",
    seeds > 1
      ? `Means over ${seeds} seeds; ± is half of a 95 % interval.`
      : "One seed; --seeds 5 shows how sure this is.",
    ...notesOf(policies),
  ].join("\n");
}
