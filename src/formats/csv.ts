import { CsvError, parse } from "csv-parse/sync";
import { InputError } from "../core/errors.ts";
import type { Complaints } from "./complaints.ts";
import { parseNumber } from "./quantity.ts";

/** A row of a CSV file, by column, with the line that it ends on. */
export interface CsvRow {
  readonly line: number;
  readonly cell: (column: string) => string;
}

/**
 * Reads a CSV file with a header. Throws an InputError if the header lacks a column, has one twice or
 * one that is not known, or if a row has more or fewer cells.
 */
export function readCsv(
  text: string,
  path: string,
  required: readonly string[],
  optional: readonly string[] = [],
): readonly CsvRow[] {
  const known = [...required, ...optional];
  try {
    const records: { record: Record<string, string>; info: { lines: number } }[] = parse(text, {
      bom: true,
      info: true,
      skip_empty_lines: true,
      trim: true,
      columns: (header: string[]) => checkHeader(header, path, required, known),
    });
    return records.map(({ record, info }) => ({ line: info.lines, cell: (column) => record[column] ?? "" }));
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const line: unknown = error["lines"];
    throw new InputError(
      "bad_syntax",
      error.code === "CSV_RECORD_INCONSISTENT_COLUMNS" || error.code === "CSV_RECORD_INCONSISTENT_FIELDS_LENGTH"
        ? `${path}:${String(line)}: the row has more or fewer cells than the header. Give it one cell for each column.`
        : `${path}:${String(line)}: a quote is open or misplaced. Quote a cell as a whole, or not at all.`,
    );
  }
}

function checkHeader(
  header: readonly string[],
  path: string,
  required: readonly string[],
  known: readonly string[],
): string[] {
  const quoted = (names: readonly string[]): string => names.map((name) => `"${name}"`).join(", ");
  if (header.some((cell) => !Number.isNaN(parseNumber(cell)))) {
    throw new InputError(
      "wrong_kind",
      `${path}:1: the file has no header: its first row holds numbers. Put the columns' names above it: ${known.join(", ")}.`,
    );
  }
  const missing = required.filter((column) => !header.includes(column));
  const unknown = header.filter((column) => !known.includes(column));
  const twice = header.filter((column, i) => header.indexOf(column) !== i);
  const wrong = [
    ...(missing.length > 0 ? [`lacks ${quoted(missing)}`] : []),
    ...(twice.length > 0 ? [`has ${quoted(twice)} twice`] : []),
    ...(unknown.length > 0 ? [`has the unknown ${quoted(unknown)}`] : []),
  ];
  if (wrong.length > 0) {
    throw new InputError(
      missing.length === required.length ? "wrong_kind" : "bad_value",
      `${path}:1: the header ${wrong.join("; ")}. Columns of this kind of file are ${known.join(", ")}. Correct the header.`,
    );
  }
  return [...header];
}

/** A cell as a number in a range; complains and gives NaN otherwise. */
export function numberCell(
  row: CsvRow,
  column: string,
  complaints: Complaints,
  least: { readonly above?: number; readonly atLeast?: number },
): number {
  const text = row.cell(column);
  const value = parseNumber(text);
  const bound = least.above === undefined ? `at least ${least.atLeast ?? 0}` : `above ${least.above}`;
  const good =
    Number.isFinite(value) && (least.above === undefined ? value >= (least.atLeast ?? 0) : value > least.above);
  if (!good) complaints.add({ line: row.line }, column, `"${text}" is not a number ${bound}. Correct the cell.`);
  return good ? value : NaN;
}
