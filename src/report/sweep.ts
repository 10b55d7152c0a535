import type { Coordinates, Figures, SweepRow } from "../core/sweep-row.ts";
import { meanOf } from "./confidence.ts";
import { decimals, percent, seconds } from "./numbers.ts";
import type { Summary } from "./summary.ts";
import { textTable } from "./text-table.ts";

/** The summary of one run as a sweep's row holds it. */
export function figuresOf(summary: Summary): Figures {
  const { requests, latency_s: latency } = summary;
  return {
    duration_s: summary.duration_s,
    offered: requests.offered,
    served: requests.served,
    dropped: requests.dropped,
    in_flight: requests.in_flight,
    late: requests.late,
    accuracy: summary.accuracy,
    objective: summary.objective,
    objective_accuracy: summary.objective_accuracy,
    accuracy_on_time: summary.accuracy_on_time,
    goodput_rps: summary.goodput_rps,
    cost_cores: summary.cost_cores,
    planned_cores: summary.planned_cores,
    sla_attainment: summary.sla_attainment,
    latency_mean_s: latency.mean,
    latency_p50_s: latency.p50,
    latency_p95_s: latency.p95,
    latency_p99_s: latency.p99,
    latency_max_s: latency.max,
    decisions: summary.decisions,
    infeasible_decisions: summary.infeasible_decisions,
    plan_changes: summary.plan_changes,
    replicas_started: summary.replicas_started,
    switches: summary.switches,
    blocked: summary.blocked,
  };
}

/** A setting of a sweep: the means over its seeds. */
export interface Setting {
  readonly at: Coordinates;
  readonly cost: number | null;
  readonly accuracy: number | null;
  readonly attainment: number | null;
  readonly p99: number | null;
  readonly objective: number | null;
}

/** The settings in the order of the rows, and what tells them apart. */
export interface Settings {
  readonly settings: readonly Setting[];
  readonly varied: readonly Axis[];
  readonly seeds: number;
}

const axes = ["pipeline", "trace", "policy", "predictor", "queueing", "sla_s", "alpha", "beta"] as const;
export type Axis = (typeof axes)[number];

export function settingsOf(rows: readonly SweepRow[]): Settings {
  const groups = Map.groupBy(rows, (row) => JSON.stringify(axes.map((axis) => row[axis])));
  const settings = [...groups.values()].flatMap((group): Setting[] => {
    const [at] = group;
    const mean = (of: (row: SweepRow) => number | null): number | null => meanOf(group.map(of));
    if (at === undefined) return [];
    return [
      {
        at,
        cost: mean((row) => row.cost_cores),
        accuracy: mean((row) => row.accuracy),
        attainment: mean((row) => row.sla_attainment),
        p99: mean((row) => row.latency_p99_s),
        objective: mean((row) => row.objective),
      },
    ];
  });
  return {
    settings,
    varied: axes.filter((axis) => new Set(rows.map((row) => row[axis])).size > 1),
    seeds: new Set(rows.map(({ seed }) => seed)).size,
  };
}

/** More rows than this nobody reads in a terminal. */
const MOST_SHOWN = 40;

/** What a terminal shows of a sweep: a row per setting, only what varies of its coordinates. */
export function sweepText(sweep: string, rows: readonly SweepRow[]): string {
  const { settings, varied, seeds } = settingsOf(rows);
  const titles: readonly string[] = [
    ...varied.map((axis) => (axis === "sla_s" ? "SLA (s)" : axis)),
    "cost (cores)",
    "accuracy",
    "in SLA (%)",
    "p99 (s)",
    "objective",
  ];
  const texts = varied.filter((axis) => typeof rows[0]?.[axis] === "string").length;
  const table = textTable(
    titles.map((title, c) => ({ title, align: c < texts ? "left" : "right" })),
    settings
      .slice(0, MOST_SHOWN)
      .map(({ at, cost, accuracy, attainment, p99, objective }) => [
        ...varied.map((axis) => String(at[axis] ?? "")),
        decimals(cost, 2),
        decimals(accuracy, 3),
        percent(attainment, 2),
        seconds(p99),
        decimals(objective, 3),
      ]),
  );
  const more = settings.length - MOST_SHOWN;
  return [
    `${sweep}: ${counted(rows.length, "run")}, ${counted(settings.length, "setting")}`,
    "",
    table,
    ...(more > 0 ? [`… and ${counted(more, "setting")} more in the file`] : []),
    ...(seeds > 1 ? ["", `Means over ${seeds} seeds.`] : []),
  ].join("\n");
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

/** A point of a curve, and what chose it. */
export interface CurvePoint {
  readonly x: number;
  readonly y: number;
  readonly label: string;
}

/** Settings that belong together, in the order in which accuracy gains weight, or the SLA grows. */
export interface Curve {
  readonly policy: string;
  /** What tells it from other curves of its policy; empty if nothing does. */
  readonly rest: string;
  readonly points: readonly CurvePoint[];
}

/**
 * The curves of accuracy against cost: along each the weights change, or, where they do not, the SLA; all
 * else that varies makes another curve.
 */
export function curvesOf({ settings, varied }: Settings): readonly Curve[] {
  const weights = varied.filter((axis) => axis === "alpha" || axis === "beta");
  const along: readonly Axis[] = weights.length > 0 ? weights : varied.filter((axis) => axis === "sla_s");
  const apart = varied.filter((axis) => !along.includes(axis) && axis !== "policy");
  const named = (of: readonly Axis[], { at }: Setting): string => of.map((axis) => labelOf(axis, at)).join(", ");
  const groups = Map.groupBy(settings, (setting) => JSON.stringify([setting.at.policy, named(apart, setting)]));
  return [...groups.values()].flatMap((group): readonly Curve[] => {
    const [first] = group;
    if (first === undefined) return [];
    const points = group
      .toSorted(byWeight)
      .flatMap((setting): readonly CurvePoint[] =>
        setting.cost === null || setting.accuracy === null
          ? []
          : [{ x: setting.cost, y: setting.accuracy, label: named(along, setting) }],
      );
    return [{ policy: first.at.policy, rest: named(apart, first), points }];
  });
}

/** By α/β, which may be without end, then by the SLA. */
function byWeight({ at: a }: Setting, { at: b }: Setting): number {
  return (a.alpha ?? 0) * (b.beta ?? 0) - (b.alpha ?? 0) * (a.beta ?? 0) || (a.sla_s ?? 0) - (b.sla_s ?? 0);
}

const labels: Readonly<Partial<Record<Axis, (at: Coordinates) => string>>> = {
  sla_s: ({ sla_s }) => `SLA ${sla_s} s`,
  alpha: ({ alpha }) => `α ${alpha ?? "none"}`,
  beta: ({ beta }) => `β ${beta ?? "none"}`,
};

function labelOf(axis: Axis, at: Coordinates): string {
  return labels[axis]?.(at) ?? String(at[axis]);
}
