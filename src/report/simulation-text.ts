import type { Pipeline, Stage } from "../core/pipeline.ts";
import type { PolicyRuns } from "./findings.ts";
import { notesOf } from "./notes.ts";
import { summaryTable } from "./text-table.ts";

/** What a terminal shows of a simulation: what was run, a table, and how to read it. */
export function simulationText(pipeline: Pipeline, trace: string, policies: readonly PolicyRuns[]): string {
  const summaries = policies.map(({ summary }) => summary);
  const [first] = summaries;
  const seeds = first?.seeds.length ?? 0;
  return [
    `${pipeline.name}: ${shapeText(pipeline.stages)}, on ${trace} (${first?.duration_s ?? 0} s, SLA ${pipeline.sla.seconds} s)`,
    "",
    summaryTable(summaries),
    "",
    seeds > 1
      ? `Means over ${seeds} seeds; ± is half of a 95 % interval.`
      : "One seed; --seeds 5 shows how sure this is.",
    ...notesOf(policies),
  ].join("\n");
}

/** "a → b → c"; where stages branch or join, what follows each: "a → b, c; b → d; c → d". */
export function shapeText(stages: readonly Pick<Stage, "name" | "after">[]): string {
  const isLine = stages.every(({ after }, s) => after.join() === (stages[s - 1]?.name ?? ""));
  if (isLine) return stages.map(({ name }) => name).join(" → ");
  const parts = stages.map(({ name, after }) => {
    const next = stages.filter((other) => other.after.includes(name)).map((other) => other.name);
    if (next.length > 0) return `${name} → ${next.join(", ")}`;
    return after.length === 0 ? name : "";
  });
  return parts.filter((part) => part !== "").join("; ");
}
