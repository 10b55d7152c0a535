import type { Decision } from "../core/decide.ts";
import type { Pipeline } from "../core/pipeline.ts";
import { planCores, samePlan, type Plan } from "../core/plan.ts";
import { reasonNames, type Reason } from "../core/reason.ts";
import { settings, type SettingReport } from "./decision.ts";
import { decimals, NO_NUMBER, rate } from "./numbers.ts";
import { textTable } from "./text-table.ts";

/** A decision as `ipa explain --list --json` prints it; keys are only ever added (docs/cli.md). */
export interface ListedDecision {
  readonly decision_id: string;
  /** When it was made, ISO 8601. */
  readonly clock: string;
  readonly pipeline: string;
  readonly reason: Reason;
  /** Predicted; null where nothing was. */
  readonly predicted_load_rps: number | null;
  /** With margin, floor and rounding; null where nothing was planned for. */
  readonly planned_load_rps: number | null;
  /** Whether the plan is another than that of the decision before; of the first, than what ran. */
  readonly changed: boolean;
  /** Null where it is not known what its planner was made from. */
  readonly cost_cores: number | null;
  readonly stages: readonly SettingReport[];
}

/** A recorded decision; `of`: the pipeline that it was made for, null where that is not known. */
export interface RecordedDecision {
  readonly id: string;
  readonly clock: string;
  readonly pipeline: string;
  /** That of the decision before; of the first what ran. */
  readonly before: Plan;
  readonly decision: Decision;
  readonly of: Pipeline | null;
}

export function listedDecision({ id, clock, pipeline, before, decision, of }: RecordedDecision): ListedDecision {
  const { plan, reason, load, planned } = decision;
  return {
    decision_id: id,
    clock,
    pipeline,
    reason,
    predicted_load_rps: load,
    planned_load_rps: planned,
    changed: !samePlan(before, plan),
    cost_cores: of === null || plan.length === 0 ? null : planCores(of, plan),
    stages: settings(plan),
  };
}

/** One line for each decision, under a header. */
export function decisionListText(decisions: readonly ListedDecision[]): string {
  return textTable(
    ["time", "decision", "pipeline", "reason", "load rps", "cores", "plan"].map((title) => ({
      title,
      align: title === "load rps" || title === "cores" ? "right" : "left",
    })),
    decisions.map((one) => [
      one.clock,
      one.decision_id,
      one.pipeline,
      reasonNames[one.reason],
      rate(one.planned_load_rps),
      decimals(one.cost_cores, 2),
      one.stages.length === 0 ? NO_NUMBER : one.stages.map(inShort).join(", "),
    ]),
  );
}

function inShort({ stage, variant, batch, replicas }: SettingReport): string {
  return `${stage} ${variant}×${replicas}${batch === 1 ? "" : `/${batch}`}`;
}
