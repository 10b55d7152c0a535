import type { Planner } from "../core/decide.ts";
import { plannedLoad } from "../core/load.ts";
import { decimals } from "./numbers.ts";
import type { PlanContext } from "./plan.ts";
import { textTable } from "./text-table.ts";

/** A trade-off, as `study/frontier.ts` makes it. */
interface TradeOff {
  readonly accuracy: number;
  readonly cores: number;
  readonly latency: number;
  readonly from: number;
  readonly to: number;
  readonly optimal: "always" | "tie" | "never";
  readonly others: number | null;
  readonly plan: readonly {
    readonly stage: string;
    readonly variant: string;
    readonly batch: number;
    readonly batchTimeout: number;
    readonly replicas: number;
  }[];
}

/** What `ipa frontier --json` prints; keys are only ever added (docs/cli.md). */
export interface FrontierReport {
  readonly pipeline: string;
  readonly load_rps: number;
  readonly planned_load_rps: number;
  readonly sla_s: number;
  readonly quantile: number;
  readonly policy: string;
  readonly queueing: string;
  readonly engine: string;
  /** Why this engine. */
  readonly engine_reason: string;
  readonly accuracy_metric: string;
  readonly solve_ms: number;
  /** Cheapest first. */
  readonly points: readonly FrontierPointReport[];
}

export interface FrontierPointReport {
  readonly accuracy: number;
  readonly cost_cores: number;
  readonly latency_s: number;
  /** For which α/β it is the best plan of the weighted objective (δ = 0). */
  readonly optimal: "always" | "tie" | "never";
  readonly alpha_over_beta_from: number;
  /** Null: without end. */
  readonly alpha_over_beta_to: number | null;
  /** Null: too many to count. */
  readonly other_plans: number | null;
  readonly stages: readonly {
    readonly stage: string;
    readonly variant: string;
    readonly batch: number;
    readonly batch_timeout_s: number;
    readonly replicas: number;
  }[];
}

export function frontierReport(
  planner: Planner,
  load: number,
  tradeOffs: readonly TradeOff[],
  context: Pick<PlanContext, "queueing" | "engine" | "reason" | "solveSeconds">,
): FrontierReport {
  const { pipeline } = planner;
  return {
    pipeline: pipeline.name,
    load_rps: load,
    planned_load_rps: plannedLoad(pipeline, load),
    sla_s: pipeline.sla.seconds,
    quantile: pipeline.sla.quantile,
    policy: planner.policy.name,
    queueing: context.queueing,
    engine: context.engine,
    engine_reason: context.reason,
    accuracy_metric: pipeline.objective.accuracy,
    solve_ms: context.solveSeconds * 1000,
    points: tradeOffs.map(({ accuracy, cores, latency, from, to, optimal, others, plan }) => ({
      accuracy,
      cost_cores: cores,
      latency_s: latency,
      optimal,
      alpha_over_beta_from: from,
      alpha_over_beta_to: Number.isFinite(to) ? to : null,
      other_plans: others,
      stages: plan.map(({ stage, variant, batch, batchTimeout, replicas }) => ({
        stage,
        variant,
        batch,
        batch_timeout_s: batchTimeout,
        replicas,
      })),
    })),
  };
}

/** The trade-offs for people: one row each, and when a weighted objective would choose it. */
export function frontierText(report: FrontierReport): string {
  const { pipeline, load_rps, planned_load_rps, points, accuracy_metric, sla_s, queueing } = report;
  const margin = planned_load_rps === load_rps ? "" : `, planned for ${decimals(planned_load_rps, 2)} rps`;
  const head = `${pipeline} at ${load_rps} rps${margin}: `;
  if (points.length === 0) return `${head}no plan keeps all limits; \`ipa plan\` says which one is in the way`;
  const table = textTable(
    ["cores", accuracy_metric, "latency s", "best for α/β", "others", "plan: variant × replicas, batch; by stage"].map(
      (title, c) => ({
        title,
        align: c === 5 ? "left" : "right",
      }),
    ),
    points.map((point) => [
      decimals(point.cost_cores, 2),
      decimals(point.accuracy, 4),
      decimals(point.latency_s, 3),
      weights(point),
      point.other_plans === null ? "many" : String(point.other_plans),
      point.stages.map(({ variant, replicas, batch }) => `${variant} × ${replicas}, ${batch}`).join("; "),
    ]),
  );
  const supported = points.filter(({ optimal }) => optimal !== "never").length;
  return [
    `${head}${points.length} trade-offs between cores and accuracy, SLA ${sla_s} s by the ${queueing} model`,
    "",
    table,
    "",
    "No other plan has at least the accuracy of one of these for at most its cores. " +
      chosen(supported, points.length - supported),
  ].join("\n");
}

function chosen(supported: number, others: number): string {
  if (others === 0) return "Some weights choose each of them.";
  return `Some weights choose ${supported} of them; only a budget or a floor reaches the other${others === 1 ? "" : "s"}.`;
}

function weights({ optimal, alpha_over_beta_from: from, alpha_over_beta_to: to }: FrontierPointReport): string {
  if (optimal === "never") return "no weights";
  if (optimal === "tie") return `tie at ${decimals(from, 2)}`;
  return to === null ? `above ${decimals(from, 2)}` : `${decimals(from, 2)} to ${decimals(to, 2)}`;
}
