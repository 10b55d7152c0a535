import {
  Bool,
  type Data,
  type DataType,
  Dictionary,
  Field,
  Float64,
  Int16,
  Int32,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  Table,
  tableFromIPC,
  tableToIPC,
  Uint16,
  Uint32,
  Utf8,
  vectorFromArray,
} from "apache-arrow";
import type { ColumnKind } from "../core/sweep-row.ts";
import { outcomes, visitOutcomes, type IntervalRow, type RequestRecords, type VisitRecords } from "../core/run-log.ts";

/** What goes with a file beside its rows: pipeline, trace, policy, seed, version. */
export type Metadata = Readonly<Record<string, string>>;

/** A stage and the names behind the variant indices of its visits. */
export interface StageNames {
  readonly name: string;
  readonly variants: readonly { readonly name: string }[];
}

/**
 * The run log as an Arrow IPC file: one row per interval, seconds and requests per second, and per
 * stage the columns `<stage>.variant`, `.batch`, `.batch_timeout_s`, `.replicas` and `.ready`.
 */
export function runLogToArrow(
  stageNames: readonly string[],
  rows: readonly IntervalRow[],
  metadata: Metadata = {},
): Uint8Array {
  const number = (of: (row: IntervalRow) => number | null): Data =>
    floats(Float64Array.from(rows, (row) => of(row) ?? NaN));
  const count = (of: (row: IntervalRow) => number | null): Data => integers(rows.map(of));
  const stageColumns = stageNames.flatMap((stage, s): Column[] => [
    [`${stage}.variant`, texts(rows.map((row) => row.plan[s]?.variant ?? null))],
    [`${stage}.batch`, count((row) => row.plan[s]?.batch ?? null)],
    [`${stage}.batch_timeout_s`, number((row) => row.plan[s]?.batchTimeout ?? null)],
    [`${stage}.replicas`, count((row) => row.plan[s]?.replicas ?? null)],
    [`${stage}.ready`, count((row) => row.ready[s] ?? null)],
  ]);
  return fileOf(
    [
      ["from_s", number((row) => row.from)],
      ["to_s", number((row) => row.to)],
      ["predicted_rps", number((row) => row.predicted)],
      ["planned_rps", number((row) => row.planned)],
      ["reason", texts(rows.map((row) => row.reason))],
      ["change", number((row) => row.change)],
      ["feasible", booleans(rows.map((row) => row.feasible))],
      ["objective", number((row) => row.objective)],
      ["accuracy", number((row) => row.accuracy)],
      ["planned_cores", number((row) => row.plannedCores)],
      ["cost_cores", number((row) => row.costCores)],
      ["arrived", count((row) => row.arrived)],
      ["served", count((row) => row.served)],
      ["late", count((row) => row.late)],
      ["dropped", count((row) => row.dropped)],
      ["latency_p50_s", number((row) => row.latencyP50)],
      ["latency_p99_s", number((row) => row.latencyP99)],
      ...stageColumns,
    ],
    metadata,
  );
}

/** Requests as an Arrow IPC file: one row per request, in order of arrival; seconds. */
export function requestsToArrow(
  stageNames: readonly string[],
  records: RequestRecords,
  metadata: Metadata = {},
): Uint8Array {
  return fileOf(
    [
      ["request", makeData({ type: new Uint32(), data: Uint32Array.from(records.arrival, (_, id) => id) })],
      ["arrival_s", floats(records.arrival)],
      ["departure_s", floats(records.departure)],
      ["outcome", names(outcomes, Int16Array.from(records.outcome))],
      ["dropped_at", names(stageNames, records.droppedAt)],
    ],
    metadata,
  );
}

/**
 * Visits as an Arrow IPC file: one row per item and stage, by stage, then in queue order; seconds.
 * Of a visit that never started, variant, batch size, start and end are null.
 */
export function visitsToArrow(
  stages: readonly StageNames[],
  records: VisitRecords,
  metadata: Metadata = {},
): Uint8Array {
  // One dictionary for the variants of all stages; variants of two stages may share a name.
  const variantNames = [...new Set(stages.flatMap((stage) => stage.variants.map((variant) => variant.name)))];
  const codes = stages.map((stage) => Int16Array.from(stage.variants, (variant) => variantNames.indexOf(variant.name)));
  const variants = records.variant.map((variant, i) => codes[records.stage[i] ?? -1]?.[variant] ?? -1);
  return fileOf(
    [
      ["request", makeData({ type: new Uint32(), data: records.request })],
      ["item", makeData({ type: new Uint32(), data: records.item })],
      [
        "stage",
        names(
          stages.map((stage) => stage.name),
          Int16Array.from(records.stage),
        ),
      ],
      ["variant", names(variantNames, variants)],
      [
        "batch_size",
        makeData({ type: new Uint16(), data: records.batchSize, ...validity(records.batchSize, (size) => size > 0) }),
      ],
      ["arrival_s", floats(records.arrival)],
      ["start_s", floats(records.start)],
      ["end_s", floats(records.end)],
      ["outcome", names(visitOutcomes, Int16Array.from(records.outcome))],
    ],
    metadata,
  );
}

/** Rows of named cells as an Arrow IPC file: texts, 32-bit counts, and numbers, null where they do not exist. */
export function rowsToArrow<T extends Readonly<Record<string, ColumnKind>>>(
  columns: T,
  rows: readonly { readonly [K in keyof T]: string | number | null }[],
  metadata: Metadata,
): Uint8Array {
  const dataOf = (name: keyof T, kind: ColumnKind): Column[1] => {
    const cells = rows.map((row) => row[name]);
    if (kind === "text") return texts(cells.map((cell) => (typeof cell === "string" ? cell : null)));
    const values = cells.map((cell) => (typeof cell === "number" ? cell : null));
    return kind === "count" ? integers(values) : floats(Float64Array.from(values, (value) => value ?? NaN));
  };
  return fileOf(
    Object.entries(columns).map(([name, kind]): Column => [name, dataOf(name, kind)]),
    metadata,
  );
}

/** The rows and metadata of an Arrow IPC file; null if it is none. What the rows hold is not checked. */
export function rowsFromArrow(
  bytes: Uint8Array,
): { readonly rows: readonly unknown[]; readonly metadata: ReadonlyMap<string, string> } | null {
  try {
    const table = tableFromIPC(bytes);
    // A damaged count of rows; each takes some bytes.
    if (table.numRows > bytes.length) return null;
    const names = table.schema.fields.map(({ name }) => name);
    const columns = names.map((name) => table.getChild(name));
    const rows = Array.from({ length: table.numRows }, (_, r) =>
      Object.fromEntries(names.map((name, c): [string, unknown] => [name, columns[c]?.get(r)])),
    );
    return { rows, metadata: table.schema.metadata };
  } catch {
    // Whatever is wrong inside, it is no file that Arrow reads.
    return null;
  }
}

/** A column's data; of names, made with the dictionary id that the column gets in its file. */
type Column = readonly [name: string, data: Data | ((id: number) => Data)];

/** One record batch, in the file format, whose footer lets readers map it instead of reading it through. */
function fileOf(columns: readonly Column[], metadata: Metadata): Uint8Array {
  // Numbered by column, not by Arrow's counter of the process: the same run gives the same bytes.
  const children = columns.map(([, data], id) => (typeof data === "function" ? data(id) : data));
  const fields = children.map((data, c) => new Field(columns[c]?.[0] ?? "", data.type, true));
  const schema = new Schema(fields, new Map(Object.entries(metadata)));
  const length = children[0]?.length ?? 0;
  const data = makeData({ type: new Struct<Record<string, DataType>>(fields), length, nullCount: 0, children });
  return tableToIPC(new Table(schema, [new RecordBatch(schema, data)]), "file");
}

/** Null where the value is not a number. */
function floats(data: Float64Array): Data {
  return makeData({ type: new Float64(), data, ...validity(data, (value) => !Number.isNaN(value)) });
}

function integers(values: readonly (number | null)[]): Data {
  const known = Uint8Array.from(values, (value) => (value === null ? 0 : 1));
  const data = Int32Array.from(values, (value) => value ?? 0);
  return makeData({ type: new Int32(), data, ...validity(known, (flag) => flag === 1) });
}

function booleans(values: readonly boolean[]): Data {
  const { bits } = bitmap(
    Uint8Array.from(values, (value) => (value ? 1 : 0)),
    (flag) => flag === 1,
  );
  return makeData({ type: new Bool(), data: bits, length: values.length, nullCount: 0 });
}

function texts(values: readonly (string | null)[]): (id: number) => Data {
  const known = [...new Set(values.filter((value) => value !== null))];
  return names(
    known,
    Int16Array.from(values, (value) => (value === null ? -1 : known.indexOf(value))),
  );
}

/** Names by their index; null where it is negative. */
function names(dictionary: readonly string[], data: Int16Array): (id: number) => Data {
  return (id) =>
    makeData({
      type: new Dictionary(new Utf8(), new Int16(), id),
      data,
      dictionary: vectorFromArray(dictionary, new Utf8()),
      ...validity(data, (code) => code >= 0),
    });
}

/** Arrow's null bitmap: bit i is set where there is a value. None is written if there are no nulls. */
function validity<T extends ArrayLike<number>>(
  values: T,
  exists: (value: number) => boolean,
): { readonly nullCount: number; readonly nullBitmap: Uint8Array | null } {
  const { bits, set } = bitmap(values, exists);
  return { nullCount: values.length - set, nullBitmap: set === values.length ? null : bits };
}

function bitmap(values: ArrayLike<number>, isSet: (value: number) => boolean) {
  const bits = new Uint8Array(Math.ceil(values.length / 8));
  let set = 0;
  for (let i = 0; i < values.length; i++) {
    if (!isSet(values[i] ?? NaN)) continue;
    bits[i >> 3] = (bits[i >> 3] ?? 0) | (1 << (i & 7));
    set++;
  }
  return { bits, set };
}
