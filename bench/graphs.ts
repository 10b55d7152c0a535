// Which engine for which shape? exact and highs on chains and graphs, by latency model, budget and kind of accuracy.
//
//   node bench/graphs.ts [--quick] [--out FOLDER]
//
// Random pipelines (bench/instances.ts) of five variants a stage; both engines solve each in turn, highs for at most 20 s.
// Takes a quarter of an hour (--quick: a minute), prints a table and writes graphs.json.
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Progress } from "../src/commands/progress.ts";
import type { Outcome, Problem } from "../src/core/problem.ts";
import { writeWhole } from "../src/formats/files.ts";
import { textTable } from "../src/report/text-table.ts";
import { engines } from "../src/solver/engines.ts";
import { instance, type Graph, type InstanceClassName } from "./instances.ts";
import { milliseconds, quantiles, timed, type Quantiles } from "./timing.ts";

const VARIANTS = 5;
const SHAPES: readonly (readonly [Graph, number])[] = [
  ["chain", 10],
  ["diamonds", 4],
  ["diamonds", 7],
  ["diamonds", 10],
  ["wide", 6],
  ["wide", 8],
  ["wide", 10],
];
const CLASSES = ["ipa", "budget", "tail", "tail-budget"] as const satisfies readonly InstanceClassName[];

const { values: flags } = parseArgs({
  options: { quick: { type: "boolean", default: false }, out: { type: "string", default: "out/bench" } },
});
const shapes = flags.quick ? SHAPES.filter(([, stages]) => stages <= 6) : SHAPES;
const instances = flags.quick ? 1 : 3;
const patience = flags.quick ? 5 : 20;

/** What became of the instances of a cell with one engine. */
interface Result {
  /** Milliseconds; where the engine was stopped, until then. */
  readonly time: Quantiles;
  /** Plans that were not proved best; and none found. */
  readonly unproved: number;
  readonly unknown: number;
}

interface Cell {
  readonly graph: Graph;
  readonly stages: number;
  readonly paths: number;
  readonly class: InstanceClassName;
  readonly combine: Problem["combine"];
  readonly exact: Result;
  readonly highs: Result;
}

const exact = await engines.exact.load();
const highs = await engines.highs.load();

function resultOf(runs: readonly { readonly result: Outcome; readonly ms: number }[]): Result {
  const count = (status: Outcome["status"]): number => runs.filter(({ result }) => result.status === status).length;
  return { time: quantiles(runs.map(({ ms }) => ms)), unproved: count("feasible"), unknown: count("unknown") };
}

function measure(graph: Graph, stages: number, name: InstanceClassName, combine: Problem["combine"]): Cell {
  const problems = Array.from(
    { length: instances },
    (_, i) => instance(name, stages, VARIANTS, combine, i + 1, graph).problem,
  );
  const runs = problems.map((problem) => {
    const ours = timed(() => exact(problem));
    const end = performance.now() + 1000 * patience;
    return { ours, theirs: timed(() => highs(problem, () => performance.now() > end)) };
  });
  return {
    graph,
    stages,
    paths: problems[0]?.latency.paths.length ?? 0,
    class: name,
    combine,
    exact: resultOf(runs.map(({ ours }) => ours)),
    highs: resultOf(runs.map(({ theirs }) => theirs)),
  };
}

const progress = new Progress();
const cells: Cell[] = [];
for (const [graph, stages] of shapes) {
  for (const name of CLASSES) {
    for (const combine of ["sum", "product"] as const) {
      progress.update(cells.length / (shapes.length * CLASSES.length * 2), `${graph} of ${stages}, ${name} ${combine}`);
      cells.push(measure(graph, stages, name, combine));
    }
  }
}
progress.done();

console.log(`exact and highs, ${instances} instances each; milliseconds, median / most:\n`);
console.log(
  textTable(
    ["shape", "paths", "class", "accuracy", "exact", "unproved", "no plan", "highs", "unproved", "no plan"].map(
      (title, c) => ({ title, align: c === 0 || c === 2 || c === 3 ? "left" : "right" }),
    ),
    cells.map((cell) => [
      `${cell.graph} of ${cell.stages}`,
      String(cell.paths),
      cell.class,
      cell.combine,
      ...[cell.exact, cell.highs].flatMap(({ time, unproved, unknown }) => [
        `${milliseconds(time.p50)} / ${milliseconds(time.max)}`,
        String(unproved),
        String(unknown),
      ]),
    ]),
  ),
);
const path = join(flags.out, "graphs.json");
await writeWhole(path, `${JSON.stringify({ node: process.version, cells }, null, 2)}\n`);
console.log(`Written: ${path}`);
