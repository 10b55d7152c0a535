// The numbers behind the page.
import type { Cell, Table } from "../findings/experiment.ts";
import type { Answer } from "../robustness-worker.ts";
import { arms } from "./arms.ts";
import { keeps, perCoreOf, WORKLOADS } from "./cells.ts";

/** The start-up and service at which the first table looks. */
export const NOMINAL = { service: 1, startUp: 30 };

/** The first pipeline, services as profiled: what each arm gives on each workload. */
export function nominalTable(answers: readonly Answer[]): Table {
  const pipeline = answers[0]?.pipeline ?? "";
  return {
    name: "robustness-nominal",
    title: `${pipeline}, services as profiled, start-ups of ${NOMINAL.startUp} s`,
    columns: [
      "workload",
      "policy",
      "on_time_percent",
      "accuracy_on_time",
      "cores",
      "accuracy_per_core",
      "changes_per_hour",
    ],
    rows: answers
      .filter((one) => one.pipeline === pipeline && one.service === NOMINAL.service && one.startUp === NOMINAL.startUp)
      .map((one): readonly Cell[] => [
        one.workload,
        one.arm,
        100 * one.onTime,
        one.accuracy,
        one.cores,
        keeps(one) ? perCoreOf(one) : null,
        one.changes,
      ]),
    shown: true,
  };
}

/** Over all pipelines, services and start-ups of a workload: how often an arm keeps 99 %, and at what cost. */
export function armsTable(answers: readonly Answer[]): Table {
  const rows = WORKLOADS.flatMap((workload) =>
    arms.map(({ name }): readonly Cell[] => {
      const own = answers.filter((one) => one.workload === workload && one.arm === name);
      const kept = own.filter(keeps);
      const mean = (of: (one: Answer) => number): number => own.reduce((sum, one) => sum + of(one), 0) / own.length;
      return [
        workload,
        name,
        (100 * kept.length) / own.length,
        100 * Math.min(...own.map(({ onTime }) => onTime)),
        mean(({ cores }) => cores),
        mean(({ changes }) => changes),
        mean(({ starts }) => starts),
      ];
    }),
  );
  return {
    name: "robustness-policies",
    title: "Over all pipelines, services and start-ups: in how many cells 99 % are on time",
    columns: [
      "workload",
      "policy",
      "cells_kept_percent",
      "worst_on_time_percent",
      "mean_cores",
      "changes_per_hour",
      "starts_per_hour",
    ],
    rows,
    shown: true,
  };
}

export function cellsTable(answers: readonly Answer[]): Table {
  return {
    name: "robustness",
    title: "Every cell",
    columns: [
      "pipeline",
      "workload",
      "service",
      "start_up_s",
      "policy",
      "sized_for_share_of_peak",
      "budget_share_of_peak",
      "predictor",
      "stabilization_s",
      "target_utilization",
      "seeds",
      "on_time",
      "accuracy_on_time",
      "cores",
      "changes_per_hour",
      "starts_per_hour",
    ],
    rows: answers.map((one): readonly Cell[] => [
      one.pipeline,
      one.workload,
      one.service,
      one.startUp,
      one.arm,
      one.size.share,
      one.size.budget,
      one.size.predictor,
      one.size.stabilization,
      one.size.utilization,
      one.seeds.length,
      one.onTime,
      one.accuracy,
      one.cores,
      one.changes,
      one.starts,
    ]),
  };
}
