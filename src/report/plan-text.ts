import type { Relaxation } from "../core/relax.ts";
import { decimals, NO_NUMBER, rate } from "./numbers.ts";
import type { PlanReport, ShortfallReport } from "./plan.ts";
import { bindingPinText, leaverText } from "./pins.ts";
import { textTable } from "./text-table.ts";

/** A decision for people: the plan, what it promises, and what stands in the way of a better one. */
export function planText(report: PlanReport): string {
  const [load, planned] = [rate(report.load_rps), rate(report.planned_load_rps)];
  const margin = planned === load ? "" : `, planned for ${planned} rps`;
  const head = `${report.pipeline} at ${load} rps${margin}: ${verdict(report)}`;
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
      // Its queue grows for as long as the load lasts.
      stage.utilisation > 1 + 1e-9 ? "overloaded" : decimals(stage.mean_s + stage.excess_s, 3),
    ]),
  );
  const engine = `Solved by ${report.engine}: ${report.engine_reason}.`;
  if (report.stages.length === 0) return [head, ...reasons(report), engine].join("\n");
  return [head, "", table, "", ...standingBy(report), promise(report), ...reasons(report), engine].join("\n");
}

function verdict(report: PlanReport): string {
  switch (report.status) {
    case "optimal":
      return "the best plan";
    case "feasible":
      return `a plan; the best one's objective is at most ${report.bound === null ? "unknown" : decimals(report.bound, 6)}`;
    case "infeasible":
      return report.stages.length > 0 ? "no plan keeps all limits; the nearest to one is" : "no plan keeps all limits";
    case "unknown":
      return "no plan was found in time";
  }
}

function standingBy({ standby }: PlanReport): readonly string[] {
  if (standby.length === 0) return [];
  const each = standby.map(
    ({ stage, variant, replicas, cores }) => `${variant} × ${replicas} of ${stage} (${decimals(cores, 2)} cores)`,
  );
  return [`Standing by: ${each.join(", ")}.`];
}

function promise(report: PlanReport): string {
  const { latency_s, sla_s, cost_cores, accuracy, objective, accuracy_metric, objective_accuracy } = report;
  const latency =
    latency_s === null
      ? `overloaded, so no latency can be promised`
      : `latency ${decimals(latency_s, 3)} s of ${sla_s} s by the ${report.queueing} model`;
  return (
    `${decimals(cost_cores, 2)} cores, accuracy ${decimals(accuracy, 4)} ` +
    `(${accuracy_metric} ${decimals(objective_accuracy, 4)}), ${latency}, objective ${decimals(objective, 4)}`
  );
}

function reasons(report: PlanReport): readonly string[] {
  const { status, binding, relaxations, shortfalls } = report;
  if (status === "unknown" || status === "feasible") return [];
  if (status !== "infeasible") {
    return [
      binding.length > 0
        ? `A better plan is kept away by the limit on: ${binding.map(limitName).join(", ")}.`
        : "No limit on latency, cores or accuracy keeps a better plan away.",
      ...pinsInWords(report),
    ];
  }
  const helps = relaxations.flatMap((one) => (one.value === null ? [] : [`  ${relaxed(one)}`]));
  const needs =
    binding.length > 0
      ? [
          `Any plan needs one of these limits to give way: ${binding.map(limitName).join(", ")}.`,
          ...pinsInWords(report),
        ]
      : [];
  const why = [...needs, ...shortfalls.map((one) => shortfallText(one, report))];
  const share = Math.min(1, ...report.stages.map(({ utilisation }) => 1 / utilisation));
  return [
    ...(share < 1 - 1e-9
      ? [`The nearest plan carries ${decimals(100 * share, 0)} % of the load; no plan carries more.`]
      : []),
    ...(why.length > 0 ? why : ["No one limit alone is in the way: several are together."]),
    ...(helps.length > 0 ? ["A plan exists with any one of:", ...helps] : []),
  ];
}

const LIMIT_NAMES: Readonly<Record<string, string>> = {
  sla: "latency (the SLA)",
  accuracy_floor: "accuracy (the floor)",
  movement: "how far one decision may move (adaptation.movement, and what is ready)",
  pins: "what may run",
};

function limitName(row: string): string {
  return LIMIT_NAMES[row] ?? row;
}

function pinsInWords({ pins }: PlanReport): readonly string[] {
  const lines = pins.map((pin) => `  ${bindingPinText(pin)}`);
  if (lines.length < 2) return lines;
  const together = pins.some(({ alone }) => !alone);
  return [together ? "What may run, all of this together:" : "What may run, each of this by itself:", ...lines];
}

function shortfallText(
  { stage, replicas, by, needs }: ShortfallReport,
  { planned_load_rps, policy }: PlanReport,
): string {
  if (needs === null) return `Stage ${stage}: its pins and limits leave it no variant and batch.`;
  const limit = {
    limits: "limits.replicas",
    policy: `policies.${policy}.${stage}.replicas`,
    stage: "its pin.replicas",
    variant: `maxReplicas of ${needs.variant}`,
    cluster: leaverText("cluster"),
    setback: leaverText("setback"),
  }[by];
  return (
    `Stage ${stage} cannot carry ${rate(planned_load_rps)} rps with ${replicas} ` +
    `${replicas === 1 ? "replica" : "replicas"} (${limit}): it needs at least ${needs.replicas}, ` +
    `of ${needs.variant} with batches of ${needs.batch}.`
  );
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
