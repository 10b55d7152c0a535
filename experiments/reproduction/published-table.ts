// The tables of published/, as text by column.
import { readFile } from "node:fs/promises";
import { readCsv, type CsvRow } from "../../src/formats/csv.ts";

/** The rows of published/NAME.csv; the columns must be those of the file. */
export async function publishedTable(name: string, columns: readonly string[]): Promise<readonly CsvRow[]> {
  const url = new URL(`../published/${name}.csv`, import.meta.url);
  return readCsv(await readFile(url, "utf8"), `${name}.csv`, columns);
}

/** Null where the table leaves the cell empty. */
export function numberIn(row: CsvRow, column: string): number | null {
  const text = row.cell(column);
  return text === "" ? null : Number(text);
}
