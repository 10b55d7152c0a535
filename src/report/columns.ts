import { percent, seconds, withHalfWidth } from "./numbers.ts";
import type { Summary } from "./summary.ts";

/** A column of the comparison, in the terminal as on the page. */
export interface SummaryColumn {
  readonly title: string;
  readonly definition: string;
  readonly cell: (summary: Summary) => string;
}

/** One row per policy; ± is the 95 % interval of the mean over the seeds, where there are several. */
export const summaryColumns: readonly SummaryColumn[] = [
  {
    title: "policy",
    definition: "What the planner may change: see the setup.",
    cell: (summary) => summary.policy,
  },
  {
    title: "cost (cores)",
    definition: "CPU cores held, averaged over time, those of starting and draining replicas included.",
    cell: ({ cost_cores, ci95 }) => withHalfWidth(cost_cores, ci95.cost_cores, 2),
  },
  {
    title: "accuracy",
    definition: "Product of the accuracies of the variants that served a request, averaged over the served requests.",
    cell: ({ accuracy, ci95 }) => withHalfWidth(accuracy, ci95.accuracy, 3),
  },
  {
    title: "in SLA (%)",
    definition: "Share of all requests, dropped ones included, that were answered within the SLA.",
    cell: ({ sla_attainment }) => percent(sla_attainment, 2),
  },
  {
    title: "p50 (s)",
    definition: "Half of the served requests were answered faster than this.",
    cell: ({ latency_s }) => seconds(latency_s.p50),
  },
  {
    title: "p99 (s)",
    definition: "99 % of the served requests were answered faster than this; dropped ones have no latency.",
    cell: ({ latency_s }) => seconds(latency_s.p99),
  },
  {
    title: "drops (%)",
    definition: "Share of all requests that were given up because they were too old to be worth serving.",
    cell: ({ requests }) => percent(requests.offered > 0 ? requests.dropped / requests.offered : null, 2),
  },
  {
    title: "no plan (%)",
    definition: "Share of the decisions for which no plan kept all limits, so that the nearest to one ran.",
    cell: ({ decisions, infeasible_decisions }) => percent(decisions > 0 ? infeasible_decisions / decisions : null, 1),
  },
  {
    title: "changes (%)",
    definition: "Share of the decisions that were for another plan than the one in force.",
    cell: ({ decisions, plan_changes }) => percent(decisions > 0 ? plan_changes / decisions : null, 1),
  },
  {
    title: "objective",
    definition: "What the planner maximised, of the plans in force, averaged over time; more is better.",
    cell: ({ objective, ci95 }) => withHalfWidth(objective, ci95.objective, 3),
  },
];
