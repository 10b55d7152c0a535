import type { Assessment } from "../core/assess.ts";
import type { Decided, Decision, Planner } from "../core/decide.ts";
import type { Difference } from "../core/exact-json.ts";
import type { MissingLoad } from "../core/missing-load.ts";
import type { NextBest } from "../core/next-best.ts";
import type { Plan } from "../core/plan.ts";
import type { Reason } from "../core/reason.ts";
import { planReport, type PlanContext, type PlanReport } from "./plan.ts";

/** What `ipa explain --json` prints; keys are only ever added (docs/cli.md). */
export interface DecisionReport {
  readonly decision_id: string;
  readonly pipeline: string;
  /** When it was made, ISO 8601. */
  readonly clock: string;
  readonly reason: Reason;
  /** Of one that was given up for want of time; what follows is of the one that would have been made, given time. */
  readonly given_up: { readonly after_s: number; readonly reason_given_time: Reason } | null;
  /** Whether it was made again to the byte. */
  readonly reproduced: boolean;
  /** What differs first; null if nothing does but the order of keys. */
  readonly difference: DifferenceReport | null;
  readonly recorded_by: Versions;
  readonly explained_by: Versions;
  readonly predicted_load_rps: number | null;
  /** Seconds of the journal's clock, at which the load seen ends. */
  readonly load_end_s: number;
  /** The load that the last plan was made for, before the margin; null if none is remembered. */
  readonly last_load_rps: number | null;
  /** The plan in force. */
  readonly running: readonly SettingReport[];
  /** Stages whose requests something else takes than the plan in force says, as a switch has not gone so far. */
  readonly serving: readonly Serving[];
  /** What the objective loses by the change from the running plan. */
  readonly change: number;
  /** What was solved, made again; null where nothing was. */
  readonly plan: PlanReport | null;
  readonly next_best: NextBestReport | null;
  /** What the plan in force would have been at the load planned for; null where it stays, or there is none. */
  readonly staying: StayingReport | null;
  readonly missing: MissingReport | null;
}

interface DifferenceReport {
  readonly path: string;
  /** JSON; null: it is not there. */
  readonly recorded: string | null;
  readonly remade: string | null;
}

export interface Versions {
  readonly ipa: string;
  readonly node: string;
}

export interface SettingReport {
  readonly stage: string;
  readonly variant: string;
  readonly batch: number;
  readonly batch_timeout_s: number;
  readonly replicas: number;
}

interface NextBestReport {
  /** What the objective would have lost by it. */
  readonly loses: number;
  readonly tie: boolean;
  readonly objective_accuracy: number;
  readonly cost_cores: number;
  readonly latency_s: number;
  readonly stages: readonly SettingReport[];
}

interface Serving {
  readonly stage: string;
  readonly variant: string;
  readonly replicas: number;
  /** Of the variant in force: how many are ready; null where that is not known. */
  readonly ready: number | null;
}

interface StayingReport {
  /** What the objective would have lost by it; null where no plan keeps all limits. */
  readonly loses: number | null;
  readonly objective: number;
  readonly objective_accuracy: number;
  readonly cost_cores: number;
  /** Null where it cannot keep up. */
  readonly latency_s: number | null;
  /** The limits that it breaks. */
  readonly breaks: readonly BrokenReport[];
}

/** `row` as of a violation; `value` null where it has no end. */
export interface BrokenReport {
  readonly row: string;
  readonly value: number | null;
  readonly limit: number;
}

interface MissingReport {
  readonly window_s: number;
  readonly windows: number;
  readonly missing: number;
  readonly newest: boolean;
  readonly coarse: boolean;
  readonly spans: readonly { readonly from_s: number; readonly to_s: number }[];
}

/** A recorded decision, and what making it again found. */
export interface DecisionFindings {
  readonly id: string;
  readonly pipeline: string;
  readonly clock: string;
  readonly recordedBy: Versions;
  readonly explainedBy: Versions;
  readonly running: Plan;
  readonly loadEnd: number;
  readonly lastLoad: number | null;
  readonly serving: readonly Serving[];
  /** Made again. */
  readonly decision: Decision;
  /** Whether the recorded one was given up. */
  readonly givenUp: boolean;
  readonly reproduced: boolean;
  readonly difference: Difference | null;
  readonly solved:
    | (Omit<PlanContext, "queueing" | "engine" | "reason" | "solveSeconds"> & {
        readonly planner: Planner;
        readonly decided: Decided;
        readonly nextBest: NextBest | null;
        readonly staying: { readonly promised: Assessment; readonly loses: number | null } | null;
      })
    | null;
  readonly missing: MissingLoad | null;
}

export function decisionReport(
  findings: DecisionFindings,
  names: Pick<PlanContext, "queueing" | "engine" | "reason" | "solveSeconds">,
): DecisionReport {
  const { decision, difference, solved, missing } = findings;
  return {
    decision_id: findings.id,
    pipeline: findings.pipeline,
    clock: findings.clock,
    reason: findings.givenUp ? "held-timeout" : decision.reason,
    given_up: findings.givenUp ? { after_s: names.solveSeconds, reason_given_time: decision.reason } : null,
    reproduced: findings.reproduced,
    difference:
      difference === null
        ? null
        : { path: difference.path, recorded: json(difference.before), remade: json(difference.after) },
    recorded_by: findings.recordedBy,
    explained_by: findings.explainedBy,
    predicted_load_rps: decision.load,
    load_end_s: findings.loadEnd,
    last_load_rps: findings.lastLoad,
    running: settings(findings.running),
    serving: findings.serving.map(({ stage, variant, replicas, ready }) => ({ stage, variant, replicas, ready })),
    change: decision.change,
    plan:
      solved === null
        ? null
        : planReport(
            solved.planner,
            solved.decided.load,
            { ...solved.decided, reason: decision.reason },
            { ...names, ...solved },
          ),
    next_best: solved === null || solved.nextBest === null ? null : nextBestReport(solved.nextBest),
    staying: solved === null || solved.staying === null ? null : stayingReport(solved.staying),
    missing: missing === null ? null : missingReport(missing),
  };
}

function json(value: unknown): string | null {
  return value === undefined ? null : JSON.stringify(value);
}

export function settings(plan: Plan): readonly SettingReport[] {
  return plan.map(({ stage, variant, batch, batchTimeout, replicas }) => ({
    stage,
    variant,
    batch,
    batch_timeout_s: batchTimeout,
    replicas,
  }));
}

function nextBestReport({ loses, tie, accuracy, cores, latency, plan }: NextBest): NextBestReport {
  return {
    loses,
    tie,
    objective_accuracy: accuracy,
    cost_cores: cores,
    latency_s: latency,
    stages: settings(plan),
  };
}

function stayingReport({ promised, loses }: { promised: Assessment; loses: number | null }): StayingReport {
  const keepsUp = promised.stages.every(({ utilisation }) => utilisation <= 1 + 1e-9);
  return {
    loses,
    objective: promised.objective,
    objective_accuracy: promised.accuracy,
    cost_cores: promised.cores,
    latency_s: keepsUp ? finite(promised.latency) : null,
    breaks: promised.violations.map(({ row, value, limit }) => {
      // A floor is broken from below.
      const sign = row === "accuracy_floor" ? -1 : 1;
      return { row, value: finite(sign * value), limit: sign * limit };
    }),
  };
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

function missingReport({ window, windows, missing, newest, coarse, spans }: MissingLoad): MissingReport {
  return {
    window_s: window,
    windows,
    missing,
    newest,
    coarse,
    spans: spans.map(({ from, to }) => ({ from_s: from, to_s: to })),
  };
}
