// How long do other solvers take for the problems that the exact engine solves?
//
//   node bench/solver-peers.ts [--quick] [--python PATH] [--out FOLDER]
//
// HiGHS, SCIP, Gurobi and, where they are few enough, all plans one by one; on a sample of the instances of
// bench/solver.ts (class ipa, `paper` rows), with the options that IPA offers and with the dominated ones left
// out. All use one thread. HiGHS is our engine `highs`, which solves until nothing better is left than 1e-9; SCIP and Gurobi
// read the same model, and that is timed apart. They need a Python with bench/requirements.txt; what is missing is left
// out. Takes 10 minutes (--quick: 6), prints a table and writes solver-peers.json.
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Progress } from "../src/commands/progress.ts";
import type { Outcome, Problem, Solver } from "../src/core/problem.ts";
import { writeWhole } from "../src/formats/files.ts";
import { decimals } from "../src/report/numbers.ts";
import { textTable } from "../src/report/text-table.ts";
import { engines } from "../src/solver/engines.ts";
import { exact } from "../src/solver/exact.ts";
import { instance } from "./instances.ts";
import { askPeers, filtered, type Question } from "./peers.ts";
import { milliseconds, quantiles, timed } from "./timing.ts";

/** Gurobi's free licence takes no more. */
const SIZES = [
  [2, 5],
  [3, 6],
  [5, 10],
  [9, 9],
  [10, 10],
] as const;
const SAMPLE = 25;
const WARM_UP = 100;
/** Products of five stages and more take SCIP and HiGHS several seconds each: as many tell enough. */
const SLOW_SAMPLE = 3;
/** Seconds after which a solver is stopped. */
const LIMIT = 60;
/** Plans that are tried one by one, at most. */
const ENUMERABLE = 3e7;

const { values: flags } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    python: { type: "string", default: process.env["IPA_PYTHON"] ?? "python3" },
    out: { type: "string", default: "out/bench" },
  },
});
const progress = new Progress();

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
  const { result, ms } = timed(() => solver(problem, () => performance.now() - start > 1000 * LIMIT));
  return { build: null, solve: ms, value: valueFound(result, problem) };
}

async function comparePeers() {
  const highs = await engines.highs.load();
  const exhaustive = await engines.exhaustive.load();
  highs(instance("ipa", 2, 5, "sum", 1).problem);
  const sample = flags.quick ? 3 : SAMPLE;
  const comparisons: Comparison[] = [];
  let done = 0;
  let versions: Readonly<Record<string, string>> = {};
  let missing: Readonly<Record<string, string>> = {};
  for (const combine of ["sum", "product"] as const) {
    for (const [stages, variants] of SIZES) {
      progress.update(
        done++ / (2 * SIZES.length),
        `${stages}×${variants} ${combine}: HiGHS, SCIP, Gurobi, enumeration`,
      );
      const problems = Array.from(
        { length: sample },
        (_, i) => instance("ipa", stages, variants, combine, i + 1).problem,
      );
      const small = problems.map(filtered);
      const slowSample = combine === "product" && stages >= 5 ? SLOW_SAMPLE : sample;
      // Warm, as in a running planner.
      for (let seed = 1; seed <= WARM_UP; seed++) exact(instance("ipa", stages, variants, combine, 1e6 + seed).problem);
      for (const problem of problems) exact(problem);
      const ours = problems.map((problem) => inProcess(exact, problem));
      const questions = ["raw", "filtered"].flatMap((options) =>
        (options === "raw" ? problems : small).map((problem, i): Question => ({
          id: `${options} ${i}`,
          problem,
          solvers: i < slowSample ? ["gurobi", "scip"] : ["gurobi"],
        })),
      );
      const peers = askPeers(flags.python, questions, LIMIT);
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
          exact: quantiles(ours.slice(0, trials.length).map(({ solve }) => solve)).p50,
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
        add(
          "highs",
          options,
          given.slice(0, slowSample).map((problem) => inProcess(highs, problem)),
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

const { versions, missing, comparisons } = await comparePeers();
console.log(
  "Medians; × is how many times as long as the exact engine's, off the greatest relative difference of objectives:\n",
);
console.log(
  textTable(
    ["size", "accuracy", "solver", "options", "solved", "build (ms)", "solve (ms)", "exact (ms)", "×", "off"].map(
      (title, c) => ({ title, align: c < 4 ? "left" : "right" }),
    ),
    comparisons.map((c) => [
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
for (const version of Object.values(versions)) console.log(version);
for (const [name, why] of Object.entries(missing)) console.log(`left out: ${name} (${why})`);
const path = join(flags.out, "solver-peers.json");
await writeWhole(path, `${JSON.stringify({ node: process.version, versions, missing, comparisons }, null, 2)}\n`);
console.log(`Written: ${path}`);
