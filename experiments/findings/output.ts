// The files of an experiment, what its script prints, and where it all came from.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Progress } from "../../src/commands/progress.ts";
import type { ColumnKind } from "../../src/core/sweep-row.ts";
import { rowsToArrow } from "../../src/formats/arrow.ts";
import { writeWhole } from "../../src/formats/files.ts";
import { decimals } from "../../src/report/numbers.ts";
import { pictureOf } from "../../src/report/picture.ts";
import { textTable } from "../../src/report/text-table.ts";
import type { Cell, Comparison, Context, Experiment, Findings, Table } from "./experiment.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** The whole of a script: runs the experiment by its command line, prints what it finds, writes its files. */
export async function script(experiment: Experiment): Promise<void> {
  const { quick, out, seeds } = flagsOf();
  const progress = new Progress();
  const context: Context = { quick, seeds, onProgress: (share, what) => progress.update(share, what) };
  const findings = await experiment.run(context);
  progress.done();
  console.log(textOf(findings));
  const written = await writeFindings(out, findings);
  const manifest = join(out, `${experiment.name}.manifest.json`);
  await writeWhole(manifest, await manifestOf(context));
  console.log(`\nWritten to ${out}: ${written.length} files, and ${experiment.name}.manifest.json.`);
}

export function flagsOf(otherwise = "out/reproduce"): {
  readonly quick: boolean;
  readonly out: string;
  readonly seeds: readonly number[];
} {
  const { values } = parseArgs({
    options: { quick: { type: "boolean", default: false }, out: { type: "string", default: otherwise } },
  });
  return { ...values, seeds: Array.from({ length: values.quick ? 2 : 20 }, (_, i) => i + 1) };
}

/** Writes tables as CSV and Arrow, and figures as SVG; returns their paths. */
export async function writeFindings(out: string, { tables = [], figures = [] }: Findings): Promise<readonly string[]> {
  const files: (readonly [string, string | Uint8Array])[] = [
    ...tables.flatMap((table) => [
      [`${table.name}.csv`, csvOf(table)] as const,
      [`${table.name}.arrow`, arrowOf(table)] as const,
    ]),
    ...figures.map(({ name, svg }) => [`${name}.svg`, pictureOf(svg)] as const),
  ];
  for (const [name, content] of files) await writeWhole(join(out, name), content);
  return files.map(([name]) => join(out, name));
}

function csvOf({ columns, rows }: Table): string {
  const cell = (value: Cell): string => {
    if (typeof value === "number") return Number.isFinite(value) ? String(value) : "";
    const text = value === null ? "" : String(value);
    return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return `${[columns, ...rows].map((row) => row.map(cell).join(",")).join("\n")}\n`;
}

function arrowOf({ columns, rows }: Table): Uint8Array {
  const kinds = columns.map((name, c): readonly [string, ColumnKind] => [
    name,
    rows.some((row) => typeof row[c] === "number") ? "number" : "text",
  ]);
  const records = rows.map((row) =>
    Object.fromEntries(
      columns.map((name, c) => {
        const value = row[c] ?? null;
        return [name, typeof value === "boolean" ? String(value) : value];
      }),
    ),
  );
  return rowsToArrow(Object.fromEntries(kinds), records, {});
}

export function textOf({ summary, comparisons = [], verdicts = [], notes = [] }: Findings): string {
  const parts = [summary];
  if (comparisons.length > 0) {
    const titles = ["", "published", "ours", "difference"];
    parts.push(
      textTable(
        titles.map((title, c) => ({ title, align: c === 0 ? "left" : "right" })),
        comparisons.map(comparisonCells),
      ),
    );
  }
  for (const { claim, verdict, because } of verdicts) parts.push(`${verdict.toUpperCase()}: ${claim}\n  ${because}`);
  return [...parts, ...notes].join("\n\n");
}

/** What is compared, the published number, ours, and the difference. */
export function comparisonCells({ what, published, ours, half, digits }: Comparison): readonly string[] {
  const difference = ours === null ? null : ours - published;
  const relative = difference === null || published === 0 ? "" : ` (${signed((100 * difference) / published, 1)} %)`;
  const interval = half === undefined || half === null ? "" : ` ±${decimals(half, digits)}`;
  return [
    what,
    decimals(published, digits),
    `${decimals(ours, digits)}${interval}`,
    difference === null ? decimals(null, digits) : `${signed(difference, digits)}${relative}`,
  ];
}

function signed(value: number, digits: number): string {
  const text = decimals(value, digits);
  return value > 0 && Number(text) !== 0 ? `+${text}` : text;
}

/** Folders and files on which all results depend. */
const INPUTS = ["package-lock.json", "pipelines", "profiles", "traces", "weights", "experiments/published"];

/** sha256 of each file of the inputs. */
async function digestsOf(): Promise<Readonly<Record<string, string>>> {
  const paths: string[] = [];
  for (const input of INPUTS) {
    const inside = await readdir(join(root, input)).catch(() => null);
    if (inside === null) paths.push(input);
    else paths.push(...inside.map((name) => `${input}/${name}`));
  }
  const digests: [string, string][] = [];
  for (const path of paths.toSorted()) {
    digests.push([
      path,
      createHash("sha256")
        .update(await readFile(join(root, path)))
        .digest("hex"),
    ]);
  }
  return Object.fromEntries(digests);
}

/** What is needed to make the same results again: commit, seeds, versions, digests of inputs. */
export async function manifestOf({ quick, seeds }: Pick<Context, "quick" | "seeds">): Promise<string> {
  const { version }: { version: string } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
  const manifest = {
    commit: git("rev-parse", "HEAD"),
    changed: git("status", "--porcelain") !== "",
    quick,
    seeds,
    versions: { ipa: version, node: process.version },
    sha256: await digestsOf(),
  };
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

/** Null outside of a repository. */
function git(...words: readonly string[]): string | null {
  try {
    return execFileSync("git", words, { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  } catch {
    return null;
  }
}
