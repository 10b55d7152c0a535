import { availableParallelism } from "node:os";
import { join, parse } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { Command, InvalidArgumentError } from "commander";
import { inShard, parseShard, type Shard } from "../core/shard.ts";
import type { SweepRow } from "../core/sweep-row.ts";
import type { SweepTable } from "../formats/sweep-table.ts";
import type { Sweep } from "../study/sweep.ts";
import { numberIn } from "./arguments.ts";
import type { KeyedRun } from "./run-keys.ts";

interface OutputFlags {
  readonly out?: string;
  readonly plot?: string;
  readonly json?: true;
}

interface SweepFlags extends OutputFlags {
  readonly workers: number;
  readonly shard?: Shard;
  readonly dryRun?: true;
}

/** `ipa sweep`: all combinations of what a sweep file lists, a row each. */
export function sweepCommand(): Command {
  const sweep = new Command("sweep")
    .description("Simulate all combinations of pipelines, traces, policies, weights, SLAs, … that a sweep file lists")
    .argument("<sweep>", "sweep file (YAML)")
    .option("--out <file>", "a row per run (Arrow); by default out/<name of the sweep file>.arrow")
    .option("--plot <file>", "accuracy against cost (SVG); by default beside the rows")
    .option("--workers <n>", "threads", numberIn(1, 1024, true), availableParallelism())
    .option("--shard <i/n>", "do only the i-th of n parts, to be put together by `ipa sweep merge`", shardOf)
    .option("--dry-run", "say how many runs there are, and how many are done, and do none")
    .option("--json", "print the rows as JSON (docs/cli.md)")
    .addHelpText(
      "after",
      `
A sweep that was stopped, however hard, goes on where it was when the same command is given again.
Examples:
  ipa sweep sweeps/video.yaml
  ipa sweep sweeps/video.yaml --shard 1/2 --out first.arrow`,
    )
    .action(sweepAction);
  return sweep.addCommand(mergeCommand());
}

function mergeCommand(): Command {
  return new Command("merge")
    .description("Put the shards of a sweep together: the file that the whole sweep would have given")
    .argument("<shards...>", "the Arrow files of all shards, in any order")
    .requiredOption("--out <file>", "a row per run (Arrow)")
    .option("--plot <file>", "accuracy against cost (SVG); by default beside the rows")
    .option("--json", "print the rows as JSON (docs/cli.md)")
    .addHelpText("after", "\nExample:\n  ipa sweep merge first.arrow second.arrow --out video.arrow")
    .action(async (paths: readonly string[], flags: OutputFlags & { readonly out: string }) => {
      const { loadSweepTable, refuseOverwriting } = await import("../formats/files.ts");
      const { mergeShards } = await import("../formats/sweep-table.ts");
      const parts = [];
      for (const path of paths) parts.push({ path, table: await loadSweepTable(path) });
      const table = mergeShards(parts);
      const plot = flags.plot ?? beside(flags.out);
      await refuseOverwriting([flags.out, plot]);
      await print(table, await write(table, flags.out, plot), flags);
    });
}

/** What is to be done, and where it goes. */
interface Job {
  readonly identity: Omit<SweepTable, "rows">;
  readonly sweep: Sweep;
  /** Those of the shard, if there is one. */
  readonly runs: readonly KeyedRun[];
  readonly out: string;
  readonly plot: string | undefined;
  /** The journal of what is done already. */
  readonly journal: string;
}

async function sweepAction(path: string, flags: SweepFlags): Promise<void> {
  const { findJournal, findSweepTable, removeFile } = await import("../formats/files.ts");
  const job = await jobOf(path, flags);
  const { identity, runs, out, plot } = job;
  const before = await findSweepTable(out);
  const same = before?.digest === identity.digest && isDeepStrictEqual(before.shard, identity.shard);
  const finished = same ? before : null;
  if (flags.dryRun) {
    const kept = await findJournal(job.journal);
    const done = finished === null ? runs.filter(({ key }) => kept.has(key)).length : runs.length;
    const counts = { runs: runs.length, done, to_do: runs.length - done };
    if (flags.json) console.log(JSON.stringify(counts, null, 2));
    else console.log(`${identity.sweep}: ${counts.runs} runs, ${done} done, ${counts.to_do} to do`);
    return;
  }
  if (finished !== null) console.error(`${out} holds this sweep already: nothing is run. Remove it to run all again.`);
  const table = finished ?? { ...identity, rows: await rowsOf(job, flags.workers) };
  const written = await write(table, out, plot);
  // Not before the rows are where they belong.
  await removeFile(job.journal);
  await print(table, written, flags);
}

async function jobOf(path: string, flags: SweepFlags): Promise<Job> {
  const { loadSweep, programDigest, refuseOverwriting } = await import("../formats/files.ts");
  const { runsOf } = await import("../study/sweep.ts");
  const { sweepDigest, withKeys } = await import("./run-keys.ts");
  const { name, sweep } = await loadSweep(path);
  const { shard } = flags;
  const part = shard === undefined ? "" : `-${shard.index}of${shard.count}`;
  const out = flags.out ?? join("out", `${parse(path).name}${part}.arrow`);
  const plot = flags.plot ?? (shard === undefined ? beside(out) : undefined);
  const journal = `${out}.partial`;
  await refuseOverwriting([out, journal, ...(plot === undefined ? [] : [plot])]);
  const all = withKeys(runsOf(sweep), await programDigest());
  const identity = { sweep: name, digest: sweepDigest(name, all), runs: all.length };
  return {
    identity: shard === undefined ? identity : { ...identity, shard },
    sweep,
    runs: shard === undefined ? all : all.filter(({ coordinates }) => inShard(coordinates.run, shard)),
    out,
    plot,
    journal,
  };
}

/** The rows of all runs: those that the journal holds, and those that are still to be done. */
async function rowsOf({ sweep, runs, journal: path }: Job, workers: number): Promise<readonly SweepRow[]> {
  const { openJournal } = await import("../formats/files.ts");
  const { carryOut } = await import("./sweep-workers.ts");
  const { Progress } = await import("./progress.ts");
  const journal = await openJournal(path);
  const open = runs.filter(({ key }) => !journal.done.has(key));
  let done = runs.length - open.length;
  if (done > 0) console.error(`${done} of ${runs.length} runs were done before, ${open.length} are to do.`);
  const progress = new Progress(done / runs.length);
  const underWay = new Map<KeyedRun, number>();
  const show = (): void => {
    const begun = [...underWay.values()].reduce((sum, share) => sum + share, 0);
    progress.update((done + begun) / runs.length, `${done} of ${runs.length} runs,`);
  };
  try {
    await carryOut(sweep, open, workers, {
      onShare: (run, share) => {
        underWay.set(run, share);
        show();
      },
      onDone: (run, figures) => {
        journal.add(run.key, figures);
        underWay.delete(run);
        done++;
        show();
      },
    });
  } finally {
    progress.done();
    journal.close();
  }
  return runs.flatMap(({ key, coordinates }): SweepRow[] => {
    const figures = journal.done.get(key);
    return figures === undefined ? [] : [{ ...coordinates, ...figures }];
  });
}

/** Writes rows, and their picture if it has a place; returns the paths. */
async function write(table: SweepTable, out: string, plot: string | undefined): Promise<readonly string[]> {
  const { writeWhole } = await import("../formats/files.ts");
  const { formatSweepTable } = await import("../formats/sweep-table.ts");
  await writeWhole(out, formatSweepTable(table));
  if (plot === undefined) return [out];
  const { sweepChart } = await import("../report/charts.ts");
  const { pictureOf } = await import("../report/picture.ts");
  await writeWhole(plot, pictureOf(sweepChart(table.sweep, table.rows, 720)));
  return [out, plot];
}

async function print(table: SweepTable, written: readonly string[], { json }: OutputFlags): Promise<void> {
  const { sweepText } = await import("../report/sweep.ts");
  if (json) console.log(JSON.stringify(table.rows, null, 2));
  else console.log(`${sweepText(table.sweep, table.rows)}\n\nWritten: ${written.join(", ")}`);
}

/** Where the picture of these rows goes. */
function beside(out: string): string {
  const { dir, name } = parse(out);
  return join(dir, `${name}.svg`);
}

function shardOf(text: string): Shard {
  const shard = parseShard(text);
  if (shard === null) throw new InvalidArgumentError("Give the part and how many there are, as in 1/4.");
  return shard;
}
