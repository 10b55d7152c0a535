// The end-to-end runs, ours and the published ones, by setting.
import type { Answer } from "../end-to-end-worker.ts";
import type { Outcome } from "./headline.ts";
import { publishedTable } from "./published-table.ts";
import { mean } from "./replayed-runs.ts";

/** Where the paper shows a pipeline. */
export const figureOf: Readonly<Record<string, string>> = {
  video: "Fig 8",
  "audio-qa": "Fig 9",
  "audio-sent": "Fig 10",
  "sum-qa": "Fig 11",
  nlp: "Fig 12",
};

/** What makes a run one among all. */
export type Setting = Pick<Outcome, "version" | "pipeline" | "workload" | "system">;

export function outcomeOf({ run: one, measured }: Answer): Outcome {
  return {
    ...one,
    cost: mean(measured.map(({ planned_cores }) => planned_cores)),
    accuracy: mean(measured.map(({ accuracy }) => accuracy)),
  };
}

export function sameSetting(a: Setting, b: Setting): boolean {
  return a.version === b.version && a.pipeline === b.pipeline && a.workload === b.workload && a.system === b.system;
}

/** Our run in a setting, if there is one. */
export function answerOf(answers: readonly Answer[], one: Setting) {
  return answers.find(({ run: other }) => sameSetting(other, one));
}

/** A published average; the share of seconds with a violation only where the paper shows it. */
export interface PublishedMean extends Outcome {
  readonly violations: number | null;
}

/** PAS as a share, not × 100. */
export async function publishedMeans(): Promise<readonly PublishedMean[]> {
  const columns =
    "figure version metaseries pipeline workload system steps cost_cores cost_min_cores cost_max_cores accuracy sla_violation_percent_of_seconds";
  return (await publishedTable("end-to-end", columns.split(" "))).flatMap(({ cell }): PublishedMean[] => {
    if (!["14", "18"].includes(cell("metaseries"))) return [];
    const violations = cell("sla_violation_percent_of_seconds");
    return [
      {
        version: cell("version"),
        pipeline: cell("pipeline"),
        workload: cell("workload"),
        system: cell("system"),
        cost: Number(cell("cost_cores")),
        accuracy: Number(cell("accuracy")) / (cell("version") === "original" ? 1 : 100),
        violations: violations === "" ? null : Number(violations) / 100,
      },
    ];
  });
}
