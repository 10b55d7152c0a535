// Other solvers on the same problems. Those of Python run in a process of their own, see peers.py.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Option, Problem } from "../src/core/problem.ts";
import { columnsOf, pick } from "../src/solver/columns.ts";
import { undominated } from "../src/solver/dominance.ts";
import { lpText, milpOf } from "../src/solver/milp.ts";

/** A problem to be solved by these peers. */
export interface Question {
  readonly id: string;
  readonly problem: Problem;
  readonly solvers: readonly string[];
}

export interface Answer {
  readonly id: string;
  readonly solver: string;
  /** Reading the model, and solving it. */
  readonly build_s: number;
  readonly solve_s: number;
  /** Null if it was not solved in time. */
  readonly objective: number | null;
}

export interface Peers {
  readonly versions: Readonly<Record<string, string>>;
  readonly missing: Readonly<Record<string, string>>;
  readonly answers: readonly Answer[];
}

/** Asks Python's solvers; a Python that is not there is as if all of them were missing. */
export function askPeers(python: string, questions: readonly Question[], limitSeconds: number): Peers {
  const models = questions.map(({ id, problem, solvers }) => {
    const milp = milpOf(problem);
    return { id, solvers, lp: lpText(milp, milp.value) };
  });
  const { stdout, error, stderr, status } = spawnSync(python, [fileURLToPath(new URL("peers.py", import.meta.url))], {
    input: JSON.stringify({ models, limit_s: limitSeconds }),
    encoding: "utf8",
    maxBuffer: 2 ** 28,
  });
  if (error !== undefined) return { versions: {}, missing: { python: error.message }, answers: [] };
  if (status !== 0) throw new Error(`peers.py failed: ${stderr}`);
  const rows: Record<string, unknown>[] = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  const named = (key: string): Record<string, string> =>
    Object.fromEntries(rows.filter((row) => key in row).map((row) => [String(row["solver"]), String(row[key])]));
  return {
    versions: named("version"),
    missing: named("missing"),
    answers: rows.filter((row) => "solve_s" in row) as unknown as Answer[],
  };
}

/** The problem with its dominated options left out, as the exact engine leaves them out. */
export function filtered(problem: Problem): Problem {
  const columns = columnsOf(problem);
  const { first, score, loss, forming, excessSquared, uses } = columns;
  const costs = [forming, excessSquared, ...uses];
  const weight = problem.alpha + problem.tieAlpha;
  const kept =
    problem.combine === "sum"
      ? undominated(
          first,
          loss.map((lost, place) => weight * score[place]! - lost),
          costs,
        )
      : undominated(first, score, [loss, ...costs]);
  const { option } = pick(columns, kept);
  const options = problem.options.map((ofStage, s): readonly Option[] =>
    [...option.subarray(kept.first[s], kept.first[s + 1])].flatMap((o) => ofStage[o] ?? []),
  );
  return { ...problem, options };
}
