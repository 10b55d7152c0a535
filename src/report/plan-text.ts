import type { Relaxation } from "../core/relax.ts";
import { decimals, NO_NUMBER } from "./numbers.ts";
import type { PlanReport } from "./plan.ts";
import { textTable } from "./text-table.ts";

/** A decision for people: the plan, what it promises, and what stands in the way of a better one. */
export function planText(report: PlanReport): string {
  const margin =
    report.planned_load_rps === report.load_rps ? "" : `, planned for ${decimals(report.planned_load_rps, 2)} rps`;
  const head = `${report.pipeline} at ${report.load_rps} rps${margin}: ${verdict(report)}`;
  const table = textTable(
    ["stage", "variant", "batch", "replicas", "cores", "capacity rps", "used", "latency s"].map((title, c) => ({
      title,
      align: c < 2 ? "left" : "right",
    })),
    report.stages.map((stage) => [
      stage.stage,
      stage.variant,
      String(stage.batch),
      String(stage.replicas),
      decimals(stage.replicas * stage.cores_per_replica, 2),
      decimals(stage.capacity_rps, 2),
      `${decimals(100 * stage.utilisation, 0)} %`,
      decimals(stage.mean_s + stage.excess_s, 3),
    ]),
  );
  if (report.stages.length === 0) return [head, ...reasons(report)].join("\n");
  return [head, "", table, "", promise(report), ...reasons(report)].join("\n");
}

function verdict(report: PlanReport): string {
  switch (report.status) {
    case "optimal":
      return "the best plan";
    case "feasible":
      return `a plan; the best one's objective is at most ${report.bound === null ? "unknown" : decimals(report.bound, 6)}`;
    case "infeasible":
      return report.stages.length > 0 ? "no plan keeps all rows; the nearest to one is" : "no plan keeps all rows";
    case "unknown":
      return "no plan was found in time";
  }
}

function promise(report: PlanReport): string {
  const { latency_s, sla_s, cost_cores, accuracy, objective, accuracy_metric, objective_accuracy } = report;
  const number = (value: number | null, digits: number): string => (value === null ? "–" : decimals(value, digits));
  return (
    `${number(cost_cores, 2)} cores, accuracy ${number(accuracy, 4)} (${accuracy_metric} ${number(objective_accuracy, 4)}), ` +
    `latency ${number(latency_s, 3)} s of ${sla_s} s by the ${report.queueing} model, objective ${number(objective, 4)}`
  );
}

function reasons({ status, binding, relaxations }: PlanReport): readonly string[] {
  if (status === "unknown") return [];
  const bound =
    binding.length > 0
      ? status === "infeasible"
        ? `Any plan needs one of these rows to give way: ${binding.join(", ")}.`
        : `A better plan is kept away by: ${binding.join(", ")}.`
      : status === "infeasible"
        ? "No row alone is in the way; replicas, batches and pins limit what the stages can carry."
        : "No row keeps a better plan away.";
  const helps = relaxations.flatMap((one) => (one.value === null ? [] : [`  ${relaxed(one)}`]));
  return [bound, ...(helps.length > 0 ? ["A plan exists with any one of:", ...helps] : [])];
}

/** Rounded to the side on which a plan exists: limits up, load and accuracy down. */
function relaxed({ row, value }: Relaxation): string {
  const at = (round: (x: number) => number): string =>
    value === null ? NO_NUMBER : String(round(value * 1e4 * (1 + (round === Math.ceil ? -1e-12 : 1e-12))) / 1e4);
  switch (row) {
    case "sla":
      return `an SLA of ${at(Math.ceil)} s`;
    case "cores":
      return `${at(Math.ceil)} cores`;
    case "accuracy_floor":
      return `an accuracy floor of ${at(Math.floor)}`;
    case "load":
      return `a load of ${at(Math.floor)} rps`;
  }
}
