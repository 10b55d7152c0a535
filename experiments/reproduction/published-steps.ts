// What the paper's Fig 8–12 show, step by step.
import { publishedTable } from "./published-table.ts";
import type { PublishedRun } from "./published-runs.ts";

/** A published step: whole cores, and the variants that its accuracy may stand for. */
export interface PublishedStep {
  readonly step: number;
  readonly cores: number;
  readonly accuracy: number;
  readonly variants: readonly string[];
}

/** By run: what the paper published, without the deployed plan of step 0. PAS as a share, not × 100. */
export async function publishedSteps(): Promise<ReadonlyMap<string, readonly PublishedStep[]>> {
  const columns = ["metaseries", "pipeline", "workload", "system", "step", "cost_cores", "accuracy", "variants"];
  const byRun = new Map<string, PublishedStep[]>();
  for (const { cell } of await publishedTable("steps", columns)) {
    const step = Number(cell("step"));
    if (step === 0) continue;
    const key = runKey({
      metaseries: Number(cell("metaseries")),
      pipeline: cell("pipeline"),
      workload: cell("workload"),
      system: cell("system"),
    });
    const known = byRun.get(key) ?? [];
    byRun.set(key, known);
    known.push({
      step,
      cores: Number(cell("cost_cores")),
      accuracy: Number(cell("accuracy")) / (cell("metaseries") === "14" ? 1 : 100),
      variants: cell("variants").split("|"),
    });
  }
  return byRun;
}

/** Names a run among all of them. */
export function runKey({
  metaseries,
  pipeline,
  workload,
  system,
}: Pick<PublishedRun, "metaseries" | "pipeline" | "workload" | "system">): string {
  return [metaseries, pipeline, workload, system].join();
}
