// The columns of a sweep: one row per run. This table makes the rows' type, the Arrow file's schema and the journal's check.

export type ColumnKind = "text" | "count" | "number";

/** Where in the sweep a run stands. Units: seconds. */
export const coordinateColumns = {
  /** Place in the sweep, from 0. */
  run: "count",
  pipeline: "text",
  trace: "text",
  policy: "text",
  predictor: "text",
  queueing: "text",
  sla_s: "number",
  /** Null where the objective is not weighted. */
  alpha: "number",
  beta: "number",
  seed: "count",
  accuracy_metric: "text",
} as const satisfies Record<string, ColumnKind>;

/** What came of a run, in the words of `ipa simulate --json`. */
export const figureColumns = {
  duration_s: "number",
  offered: "count",
  served: "count",
  dropped: "count",
  in_flight: "count",
  late: "count",
  accuracy: "number",
  objective: "number",
  objective_accuracy: "number",
  accuracy_on_time: "number",
  goodput_rps: "number",
  cost_cores: "number",
  planned_cores: "number",
  sla_attainment: "number",
  latency_mean_s: "number",
  latency_p50_s: "number",
  latency_p95_s: "number",
  latency_p99_s: "number",
  latency_max_s: "number",
  decisions: "count",
  infeasible_decisions: "count",
  plan_changes: "count",
  replicas_started: "count",
  switches: "count",
  blocked: "count",
} as const satisfies Record<string, ColumnKind>;

export const sweepColumns = { ...coordinateColumns, ...figureColumns } as const;

/** A count is always there; a number may not exist, like the latency of a run that served nothing. */
interface Cell {
  readonly text: string;
  readonly count: number;
  readonly number: number | null;
}

type Columns = Readonly<Record<string, ColumnKind>>;
type RowOf<T extends Columns> = { readonly [K in keyof T]: Cell[T[K]] };

export type Coordinates = RowOf<typeof coordinateColumns>;
export type Figures = RowOf<typeof figureColumns>;
export type SweepRow = Coordinates & Figures;

/** Whether a value read from somewhere has these columns, each of its kind. */
export function hasColumns<T extends Columns>(columns: T, row: unknown): row is RowOf<T> {
  if (typeof row !== "object" || row === null) return false;
  const cells = new Map<string, unknown>(Object.entries(row));
  return Object.entries(columns).every(([name, kind]) => {
    const cell = cells.get(name);
    if (kind === "text") return typeof cell === "string";
    if (kind === "count") return Number.isInteger(cell);
    return cell === null || typeof cell === "number";
  });
}
