// How fast is the exact engine, by kind and size of problem, and beside other solvers?
//
//   node bench/solver.ts [--quick] [--peers] [--python PATH] [--out FOLDER]
//
// Random pipelines (bench/instances.ts); each is solved once, in a warm process. Problem → outcome is timed,
// and load → plan beside it. --peers also gives a sample of them to HiGHS, SCIP and Gurobi, as IPA
// offers the options and with the dominated ones left out, and tries all plans of those. Prints tables and writes solver.json.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Progress } from "../src/commands/progress.ts";
import { planOf, type Outcome, type Problem, type Solver } from "../src/core/problem.ts";
import { writeWhole } from "../src/formats/files.ts";
import { decimals } from "../src/report/numbers.ts";
import { textTable } from "../src/report/text-table.ts";
import { engines } from "../src/solver/engines.ts";
import { exact, exactWithin } from "../src/solver/exact.ts";
import { instance, instanceClasses, type Instance, type InstanceClassName } from "./instances.ts";
import { askPeers, filtered, type Question } from "./peers.ts";
import { quantiles, type Quantiles } from "./quantiles.ts";

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
const PEER_SAMPLE = 11;
/** Seconds after which a peer is stopped. */
const PEER_LIMIT = 60;
/** Plans that are tried one by one, at most. */
const ENUMERABLE = 3e7;

const { values: flags } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    peers: { type: "boolean", default: false },
    python: { type: "string", default: "python3" },
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
  /** Milliseconds. */
  readonly solve: Quantiles;
  readonly plan: Quantiles;
}

function timed<T>(call: () => T): { readonly result: T; readonly ms: number } {
  const start = performance.now();
  const result = call();
  return { result, ms: performance.now() - start };
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
  for (let seed = 1; seed <= count; seed++) {
    const one = instance(name, stages, variants, combine, seed);
    const { result, ms } = timed(() => exact(one.problem));
    if (result.status !== "optimal") throw new Error(`${name} ${stages}×${variants} seed ${seed}: ${result.status}`);
    solve.push(ms);
    plan.push(timed(() => planFor(one)).ms);
  }
  return { class: name, stages, variants, combine, instances: count, solve: quantiles(solve), plan: quantiles(plan) };
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

const milliseconds = (ms: number): string => (ms < 0.1 ? decimals(ms, 3) : ms < 10 ? decimals(ms, 2) : decimals(ms, 0));
console.log("exact, problem → outcome (load → plan is median only), milliseconds:\n");
console.log(
  textTable(
    ["size", "accuracy", "class", "instances", "p50", "p99", "max", "load → plan"].map((title, c) => ({
      title,
      align: c < 3 ? "left" : "right",
    })),
    cells.map((c) => [
      `${c.stages}×${c.variants}`,
      c.combine,
      c.class,
      String(c.instances),
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

/** One solver on one size, on the same instances as the exact engine. */
interface Comparison {
  readonly size: string;
  readonly combine: string;
  readonly solver: string;
  readonly options: "raw" | "filtered";
  readonly solved: number;
  readonly instances: number;
  /** Medians, milliseconds. */
  readonly build: number | null;
  readonly solve: number;
  readonly exact: number;
  /** Greatest relative difference of the objective from the exact engine's. */
  readonly off: number;
}

interface Trial {
  readonly build: number | null;
  readonly solve: number;
  /** What the solver maximises; null: not solved in time. */
  readonly value: number | null;
}

function valueFound(outcome: Outcome, problem: Problem): number | null {
  if (outcome.status !== "optimal") return null;
  const { alpha, tieAlpha } = problem;
  // The objective of the model that peers get has the tie terms in it.
  const ties = outcome.options.reduce((sum, { tie }) => sum + tie, 0);
  return outcome.objective * (1 + (alpha === 0 ? 0 : tieAlpha / alpha)) - ties;
}

function inProcess(solver: Solver, problem: Problem): Trial {
  const start = performance.now();
  const { result, ms } = timed(() => solver(problem, () => performance.now() - start > 1000 * PEER_LIMIT));
  return { build: null, solve: ms, value: valueFound(result, problem) };
}

async function comparePeers() {
  const highs = await engines.highs.load();
  const exhaustive = await engines.exhaustive.load();
  highs(instance("ipa", 2, 5, "sum", 1).problem);
  const sample = flags.quick ? 3 : PEER_SAMPLE;
  const comparisons: Comparison[] = [];
  let versions: Readonly<Record<string, string>> = {};
  let missing: Readonly<Record<string, string>> = {};
  for (const combine of ["sum", "product"] as const) {
    for (const [stages, variants] of SIZES.filter(([s]) => s <= 10)) {
      progress.update(
        comparisons.length / (2 * 5 * 7),
        `${stages}×${variants} ${combine}: HiGHS, SCIP, Gurobi, enumeration`,
      );
      const problems = Array.from(
        { length: sample },
        (_, i) => instance("ipa", stages, variants, combine, i + 1).problem,
      );
      const small = problems.map(filtered);
      for (const problem of problems) exact(problem);
      const ours = problems.map((problem) => inProcess(exact, problem));
      const questions = ["raw", "filtered"].flatMap((options) =>
        (options === "raw" ? problems : small).map((problem, i): Question => ({
          id: `${options} ${i}`,
          problem,
          solvers: ["gurobi", "scip"],
        })),
      );
      const peers = askPeers(flags.python, questions, PEER_LIMIT);
      ({ versions, missing } = peers);
      const add = (solver: string, options: "raw" | "filtered", trials: readonly Trial[]): void => {
        if (trials.length === 0) return;
        const off = trials.map(({ value }, i) => {
          const best = ours[i]?.value ?? NaN;
          return value === null ? 0 : Math.abs(value - best) / Math.max(1, Math.abs(best));
        });
        comparisons.push({
          size: `${stages}×${variants}`,
          combine,
          solver,
          options,
          solved: trials.filter(({ value }) => value !== null).length,
          instances: trials.length,
          build: trials[0]?.build === null ? null : quantiles(trials.map(({ build }) => build ?? 0)).p50,
          solve: quantiles(trials.map(({ solve }) => solve)).p50,
          exact: quantiles(ours.map(({ solve }) => solve)).p50,
          off: Math.max(...off),
        });
      };
      for (const options of ["raw", "filtered"] as const) {
        const given = options === "raw" ? problems : small;
        for (const solver of ["gurobi", "scip"]) {
          const answers = peers.answers.filter((a) => a.solver === solver && a.id.startsWith(options));
          add(
            solver,
            options,
            answers.map((a) => ({ build: 1000 * a.build_s, solve: 1000 * a.solve_s, value: a.objective })),
          );
        }
        // HiGHS takes half a minute for one raw product of ten stages: a few tell enough.
        const few = combine === "product" && stages >= 9 ? given.slice(0, 3) : given;
        add(
          "highs",
          options,
          few.map((problem) => inProcess(highs, problem)),
        );
      }
      const plans = small.map(({ options }) => options.reduce((product, ofStage) => product * ofStage.length, 1));
      if (Math.max(...plans) < ENUMERABLE) {
        add(
          "enumeration",
          "filtered",
          small.map((problem) => inProcess(exhaustive, problem)),
        );
      }
    }
  }
  progress.done();
  return { versions, missing, comparisons };
}

const peers = flags.peers ? await comparePeers() : null;
if (peers !== null) {
  console.log(
    "\nPeers on the same problems (class ipa), medians; × is how many times as long as the exact engine's:\n",
  );
  console.log(
    textTable(
      ["size", "accuracy", "solver", "options", "solved", "build (ms)", "solve (ms)", "exact (ms)", "×", "off"].map(
        (title, c) => ({ title, align: c < 4 ? "left" : "right" }),
      ),
      peers.comparisons.map((c) => [
        c.size,
        c.combine,
        c.solver,
        c.options,
        `${c.solved}/${c.instances}`,
        c.build === null ? "–" : milliseconds(c.build),
        milliseconds(c.solve),
        milliseconds(c.exact),
        decimals(c.solve / c.exact, 0),
        c.off.toExponential(0),
      ]),
    ),
  );
  for (const version of Object.values(peers.versions)) console.log(version);
  for (const [name, why] of Object.entries(peers.missing)) console.log(`left out: ${name} (${why})`);
}

const memory = process.resourceUsage().maxRSS / 1024;
console.log(`\nGreatest memory of this process: ${decimals(memory, 0)} MiB.`);
const path = join(flags.out, "solver.json");
await writeWhole(
  path,
  `${JSON.stringify({ node: process.version, cells, stopped, cold, peers, memory_mib: memory }, null, 2)}\n`,
);
console.log(`Written: ${path}`);
