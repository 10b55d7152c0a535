// How fast is the exact engine, by kind and size of problem, and beside other solvers?
//
//   node bench/solver.ts [--quick] [--out FOLDER]
//
// Random pipelines (bench/instances.ts); each is solved once, in a warm process. Problem → outcome is timed,
// and load → plan beside it. Takes 5 minutes (--quick: 20 s), prints tables and writes solver.json.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Progress } from "../src/commands/progress.ts";
import { planOf, type Problem } from "../src/core/problem.ts";
import { writeWhole } from "../src/formats/files.ts";
import { decimals } from "../src/report/numbers.ts";
import { textTable } from "../src/report/text-table.ts";
import { exact, exactWithin } from "../src/solver/exact.ts";
import { instance, instanceClasses, type Instance, type InstanceClassName } from "./instances.ts";
import { milliseconds, quantiles, timed, type Quantiles } from "./timing.ts";

const SIZES = [
  [2, 5],
  [3, 6],
  [5, 10],
  [9, 9],
  [10, 10],
  [20, 20],
  [50, 50],
] as const;
const WARM_UP = 100;

const { values: flags } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    out: { type: "string", default: "out/bench" },
  },
});
const progress = new Progress();
const classes = Object.keys(instanceClasses) as InstanceClassName[];

/** One class of instances at one size. */
interface Cell {
  readonly class: InstanceClassName;
  readonly stages: number;
  readonly variants: number;
  readonly combine: Problem["combine"];
  readonly instances: number;
  /** The engine's limit on its work came first. */
  readonly unproved: number;
  /** Milliseconds. */
  readonly solve: Quantiles;
  readonly plan: Quantiles;
}

/** Instances of a class. With the tail model a stage has about five times as many options: fewer at 20×20, none at 50×50, which takes minutes. */
function instancesOf(name: InstanceClassName, stages: number): number {
  const tail = instanceClasses[name].model === "tail";
  const count = stages <= 10 ? 1000 : stages <= 20 ? (tail ? 40 : 200) : tail ? 0 : 60;
  return flags.quick ? Math.ceil(count / 20) : count;
}

function measure(name: InstanceClassName, stages: number, variants: number, combine: Problem["combine"]): Cell {
  const count = instancesOf(name, stages);
  for (let seed = 1; seed <= Math.min(WARM_UP, count); seed++) {
    exact(instance(name, stages, variants, combine, 1e6 + seed).problem);
  }
  const solve: number[] = [];
  const plan: number[] = [];
  let unproved = 0;
  for (let seed = 1; seed <= count; seed++) {
    const one = instance(name, stages, variants, combine, seed);
    const { result, ms } = timed(() => exact(one.problem));
    if (result.status !== "optimal") unproved++;
    solve.push(ms);
    plan.push(timed(() => planFor(one)).ms);
  }
  return {
    class: name,
    stages,
    variants,
    combine,
    instances: count,
    unproved,
    solve: quantiles(solve),
    plan: quantiles(plan),
  };
}

function planFor(one: Instance) {
  const outcome = exact(one.formulate());
  return "options" in outcome ? planOf(outcome.options) : null;
}

const cells: Cell[] = [];
for (const combine of ["sum", "product"] as const) {
  for (const [stages, variants] of SIZES) {
    for (const name of classes) {
      progress.update(cells.length / (2 * SIZES.length * classes.length), `${stages}×${variants} ${combine}, ${name}`);
      if (instancesOf(name, stages) > 0) cells.push(measure(name, stages, variants, combine));
    }
  }
}
progress.done();

console.log("exact, problem → outcome (load → plan is median only), milliseconds:\n");
console.log(
  textTable(
    ["size", "accuracy", "class", "instances", "unproved", "p50", "p99", "max", "load → plan"].map((title, c) => ({
      title,
      align: c < 3 ? "left" : "right",
    })),
    cells.map((c) => [
      `${c.stages}×${c.variants}`,
      c.combine,
      c.class,
      String(c.instances),
      String(c.unproved),
      ...[c.solve.p50, c.solve.p99, c.solve.max, c.plan.p50].map(milliseconds),
    ]),
  ),
);

/** How far from the best, at most, is what the engine has after a number of labels? */
function anytime() {
  return [5_000, 20_000, 80_000].map((labels) => {
    const within = exactWithin(labels);
    const gaps: number[] = [];
    const times: number[] = [];
    for (let seed = 1; seed <= instancesOf("ipa", 50); seed++) {
      const { problem } = instance("ipa", 50, 50, "product", seed);
      const { result, ms } = timed(() => within(problem));
      times.push(ms);
      gaps.push("objective" in result ? (result.bound - result.objective) / Math.abs(result.objective) : Infinity);
    }
    return { labels, ms: quantiles(times), gap: quantiles(gaps) };
  });
}

const stopped = anytime();
console.log("\nexact, stopped early on 50×50 product: gap between plan and bound, relative:\n");
console.log(
  textTable(
    ["labels", "ms p50", "ms max", "gap p50 (%)", "gap max (%)"].map((title) => ({ title, align: "right" })),
    stopped.map(({ labels, ms, gap }) => [
      String(labels),
      milliseconds(ms.p50),
      milliseconds(ms.max),
      decimals(100 * gap.p50, 3),
      decimals(100 * gap.max, 3),
    ]),
  ),
);

const cold = ["exact", "highs"].map((engine) => {
  const script = fileURLToPath(new URL("cold.ts", import.meta.url));
  const runs = Array.from({ length: flags.quick ? 2 : 9 }, () => {
    const { stdout } = spawnSync(process.execPath, [script, engine], { encoding: "utf8" });
    const { load_ms: load, first_call_ms: call }: { load_ms: number; first_call_ms: number } = JSON.parse(stdout);
    return { load, call };
  });
  const median = (times: readonly number[]): number => quantiles(times).p50;
  return { engine, load_ms: median(runs.map(({ load }) => load)), first_call_ms: median(runs.map(({ call }) => call)) };
});
console.log("\nThe first call of a new process (2×5 product):");
for (const { engine, load_ms, first_call_ms } of cold) {
  console.log(`  ${engine}: ${milliseconds(first_call_ms)} ms, after ${milliseconds(load_ms)} ms to load the engine`);
}

const memory = process.resourceUsage().maxRSS / 1024;
console.log(`\nGreatest memory of this process: ${decimals(memory, 0)} MiB.`);
const path = join(flags.out, "solver.json");
await writeWhole(
  path,
  `${JSON.stringify({ node: process.version, cells, stopped, cold, memory_mib: memory }, null, 2)}\n`,
);
console.log(`Written: ${path}`);
