import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { holds, objectiveOf, tieWidth, type Option, type Outcome, type Problem } from "../../src/core/problem.ts";
import { engines } from "../../src/solver/engines.ts";
import { runs } from "./length.ts";
import { chosenOption, mean, planOf, problemOf } from "./problems.ts";
import { nearlyEqualScores, randomGraphProblem, randomProblem } from "./random-problems.ts";

const solvers = await Promise.all(
  Object.entries(engines).map(async ([name, { load }]) => ({ name, solve: await load() })),
);

/** Names of the chosen variants. */
function variants(outcome: Outcome): readonly string[] {
  return planOf(outcome).map((option) => option.variant);
}

const cheap = chosenOption({ variant: "cheap", score: 0.5, penalty: 1, uses: [1], latency: mean(0.1) });
const dear = chosenOption({ variant: "dear", score: 0.9, penalty: 2, uses: [3], latency: mean(0.3) });

for (const { name, solve } of solvers) {
  describe(`engine ${name}`, () => {
    test("one stage: the better of two", () => {
      const outcome = solve(problemOf({ alpha: 10, options: [[cheap, dear]] }));
      assert.equal(outcome.status, "optimal");
      assert.deepEqual(variants(outcome), ["dear"]);
      assert.ok("objective" in outcome && outcome.objective === 10 * 0.9 - 2 && outcome.bound === outcome.objective);
      assert.equal(outcome.engine, name);
      assert.deepEqual(variants(solve(problemOf({ alpha: 1, options: [[dear, cheap]] }))), ["cheap"]);
    });

    test("a tie goes by the tie penalty, and always the same way", () => {
      const tied = (variant: string, tie: number) => chosenOption({ variant, score: 0.5, tie });
      const stage = [tied("a", 3e-10), tied("b", 1e-10), tied("c", 2e-10)];
      const problem = problemOf({ options: [stage, stage] });
      assert.deepEqual(variants(solve(problem)), ["b", "b"]);
      const equals = problemOf({ options: [[tied("a", 0), tied("b", 0)], stage] });
      assert.deepEqual(solve(equals), solve(equals));
    });

    test("among ties the greater accuracy, if the problem asks for it", () => {
      const problem = problemOf({
        alpha: 0,
        tieAlpha: 1e-10,
        combine: "product",
        options: [[cheap, { ...cheap, variant: "better", score: 0.6 }, dear], [cheap]],
      });
      assert.deepEqual(variants(solve(problem)), ["better", "cheap"]);
    });

    test("a stage without options", () => {
      assert.equal(solve(problemOf({ options: [[cheap], []] })).status, "infeasible");
      assert.equal(solve(problemOf({ options: [[]], combine: "product" })).status, "infeasible");
    });

    test("no plan keeps the latency limit", () => {
      assert.equal(solve(problemOf({ options: [[cheap, dear], [cheap]] }, 0.15)).status, "infeasible");
      assert.deepEqual(variants(solve(problemOf({ alpha: 10, options: [[cheap, dear], [cheap]] }, 0.25))), [
        "cheap",
        "cheap",
      ]);
    });

    test("every path keeps the limit, and only paths do", () => {
      const options = [[cheap, dear], [cheap, dear], [cheap]];
      const latency = {
        limit: 0.4,
        paths: [
          [0, 2],
          [1, 2],
        ],
      };
      assert.deepEqual(variants(solve({ ...problemOf({ alpha: 10, options }), latency })), ["dear", "dear", "cheap"]);
      const short = { ...latency, limit: 0.3 };
      assert.deepEqual(variants(solve({ ...problemOf({ alpha: 10, options }), latency: short })), [
        "cheap",
        "cheap",
        "cheap",
      ]);
    });

    test("a row of cores", () => {
      const cores = (limit: number): Problem =>
        problemOf({ alpha: 10, options: [[cheap, dear], [dear]], rows: [{ name: "cores", limit }] });
      assert.equal(solve(cores(3.9)).status, "infeasible");
      assert.deepEqual(variants(solve(cores(4))), ["cheap", "dear"]);
      assert.deepEqual(variants(solve(cores(6))), ["dear", "dear"]);
      assert.deepEqual(variants(solve(cores(Infinity))), ["dear", "dear"]);
    });

    test("a floor under a product, as a row of logarithms", () => {
      const logged = [cheap, dear].map((option) => ({ ...option, uses: [-Math.log(option.score)] }));
      const floor = (least: number): Problem =>
        problemOf({
          alpha: 0,
          combine: "product",
          options: [logged, logged],
          rows: [{ name: "accuracy_floor", limit: -Math.log(least) }],
        });
      assert.deepEqual(variants(solve(floor(0.25))), ["cheap", "cheap"]);
      assert.equal([...variants(solve(floor(0.45)))].sort().join(), "cheap,dear");
      assert.deepEqual(variants(solve(floor(0.81))), ["dear", "dear"]);
      assert.equal(solve(floor(0.82)).status, "infeasible");
    });

    test("nothing to maximise: any plan that holds", () => {
      const free = { ...cheap, penalty: 0 };
      const outcome = solve(problemOf({ alpha: 0, options: [[free, { ...free, latency: mean(9) }], [free]] }, 1));
      assert.equal(outcome.status, "optimal");
      assert.ok("objective" in outcome && outcome.objective === 0);
    });

    test("scores of 0 in a product", () => {
      const zero = { ...cheap, variant: "zero", score: 0, penalty: 0 };
      const all = problemOf({ combine: "product", options: [[zero], [zero, cheap]] });
      assert.deepEqual(variants(solve(all)), ["zero", "zero"]);
      const some = problemOf({
        alpha: 10,
        combine: "product",
        options: [
          [zero, cheap],
          [zero, dear],
          [cheap, zero],
        ],
      });
      const outcome = solve(some);
      assert.ok("objective" in outcome && outcome.objective === 0);
      const worth = solve({ ...some, alpha: 100 });
      assert.deepEqual(variants(worth), ["cheap", "dear", "cheap"]);
    });

    test("large weights: a difference of 1e-8 of the objective still counts", () => {
      const near = (variant: string, score: number) => chosenOption({ variant, score, penalty: 5e5 });
      const stage = [near("a", 0.9), near("b", 0.9 + 2e-8), near("c", 0.9 + 1e-8)];
      for (const combine of ["sum", "product"] as const) {
        assert.deepEqual(variants(solve(problemOf({ alpha: 1e6, combine, options: [stage, stage] }))), ["b", "b"]);
      }
    });

    test("a product of nearly equal scores", () => {
      const scored = (variant: string, score: number, penalty = 0) => chosenOption({ variant, score, penalty });
      // Two scores 6e-10 apart, and a stage whose two options share one.
      const options = [
        [scored("only", 0.88)],
        [scored("good", 0.8000000006), scored("dear", 0.8, 7)],
        [scored("one", 0.8), scored("one", 0.8)],
        [scored("only", 0.8)],
      ];
      const weighed = solve(problemOf({ alpha: 100, combine: "product", options }));
      assert.deepEqual(variants(weighed), ["only", "good", "one", "only"]);

      const score = 0.43537576149683443;
      const same = [
        [scored("only", 0.8)],
        [scored("only", 0.8)],
        [scored("best", 0.80000005), scored("other", 0.8)],
        [scored("one", score), scored("one", score)],
      ];
      const plain = solve(problemOf({ combine: "product", options: same }));
      assert.deepEqual(variants(plain), ["only", "only", "best", "one"]);
    });

    test("a use of exactly the limit holds, 1e-6 more does not", () => {
      // 0.1 + 0.2 > 0.3 in floating point.
      const stages = [[{ ...cheap, latency: mean(0.1) }], [{ ...cheap, latency: mean(0.2) }]];
      assert.equal(solve(problemOf({ options: stages }, 0.3)).status, "optimal");
      assert.equal(solve(problemOf({ options: stages }, 0.3 - 1e-6)).status, "infeasible");
      const rows = (limit: number): Problem => problemOf({ options: stages, rows: [{ name: "cores", limit }] });
      assert.equal(solve(rows(2)).status, "optimal");
      assert.equal(solve(rows(2 - 1e-6)).status, "infeasible");
    });

    test("latency that composes as a root of squares", () => {
      // Together 0.2 + √(0.3² + 0.4² + 1.2²) = 1.5: less than the sum of the excesses, 0.2 + 1.9.
      const stage = (forming: number, excess: number) =>
        chosenOption({ variant: "long", score: 1, latency: { mean: 0.1, forming, excessSquared: excess * excess } });
      const short = chosenOption({ variant: "short", score: 0.5, latency: mean(0.1) });
      const options = [
        [stage(0.1, 0.4), short],
        [stage(0.2, 1.2), short],
      ];
      assert.deepEqual(variants(solve(problemOf({ options }, 1.5))), ["long", "long"]);
      assert.deepEqual(variants(solve(problemOf({ options }, 1.5 - 1e-6))).length, 2);
      assert.notDeepEqual(variants(solve(problemOf({ options }, 1.5 - 1e-6))), ["long", "long"]);
      const only = options.map((ofStage) => ofStage.slice(0, 1));
      assert.equal(solve(problemOf({ options: only }, 1.5 - 1e-6)).status, "infeasible");
    });

    test("stopped at once: at most a plan that came by itself, with a bound that is valid", () => {
      const problem = problemOf({ alpha: 10, combine: "product", options: [[cheap, dear], [dear]] });
      const outcome = solve(problem, () => true);
      const best = solve(problem);
      assert.ok(outcome.status !== "infeasible" && "objective" in best && outcome.bound >= best.objective);
      assert.ok(outcome.status === "unknown" || holds(problem, outcome.options));
    });

    test("stopped later: what was found, with a bound that is valid", () => {
      const stage = Array.from({ length: 12 }, (_, o) =>
        chosenOption({ variant: `${o}`, score: ((o * 7) % 12) / 12, latency: mean(((o * 5) % 12) / 12) }),
      );
      const problem = problemOf({ options: [stage, stage, stage] }, 1.4);
      const best = solve(problem);
      let asked = 0;
      const outcome = solve(problem, () => asked++ >= 2);
      // An engine that is done before it asks again may well be optimal.
      assert.ok("objective" in best && outcome.status !== "infeasible", outcome.status);
      assert.ok(outcome.bound >= best.objective);
      if (outcome.status !== "unknown") {
        assert.ok(holds(problem, outcome.options) && outcome.objective <= best.objective);
      }
    });
  });
}

/** The greatest objective by plain nested loops, or null: nothing shared with any engine. */
function bruteForce(problem: Problem): number | null {
  let plans: (readonly Option[])[] = [[]];
  for (const ofStage of problem.options) plans = plans.flatMap((plan) => ofStage.map((option) => [...plan, option]));
  let best: number | null = null;
  for (const plan of plans) {
    let accuracy = problem.combine === "sum" ? 0 : 1;
    let penalty = 0;
    for (const option of plan) {
      accuracy = problem.combine === "sum" ? accuracy + option.score : accuracy * option.score;
      penalty += option.penalty;
    }
    const late = problem.latency.paths.some((path) => {
      let [latency, forming, excess] = [0, 0, 0];
      for (const s of path) {
        const option = plan[s];
        latency += option?.latency.mean ?? NaN;
        forming += option?.latency.forming ?? NaN;
        excess += option?.latency.excessSquared ?? NaN;
      }
      return latency + Math.sqrt(forming ** 2 + excess) > problem.latency.limit + 1e-9;
    });
    if (late) continue;
    const broken = problem.rows.some((row, r) => {
      let use = 0;
      for (const option of plan) use += option.uses[r] ?? NaN;
      return use > row.limit + 1e-9;
    });
    if (!broken) best = Math.max(best ?? -Infinity, problem.alpha * accuracy - penalty);
  }
  return best;
}

/** Every engine agrees with plain loops on random problems; how many of each status there were. */
function agree(
  problems: fc.Arbitrary<Problem>,
  numRuns: number,
): { readonly optimal: number; readonly infeasible: number } {
  const seen = { optimal: 0, infeasible: 0 };
  fc.assert(
    fc.property(problems, (problem) => {
      const expected = bruteForce(problem);
      seen[expected === null ? "infeasible" : "optimal"]++;
      for (const { name, solve } of solvers) {
        const outcome = solve(problem);
        assert.equal(outcome.status, expected === null ? "infeasible" : "optimal", name);
        if (expected === null || outcome.status !== "optimal") continue;
        const off = Math.abs(outcome.objective - expected);
        assert.ok(off <= tieWidth(expected), `${name}: ${outcome.objective}, not ${expected}`);
        assert.ok(holds(problem, outcome.options), name);
        assert.equal(outcome.objective, objectiveOf(problem, outcome.options), name);
        assert.ok(outcome.bound >= outcome.objective, name);
      }
    }),
    { numRuns, seed: 20240607, endOnFailure: true },
  );
  return seen;
}

test("random problems: all engines and plain loops agree", () => {
  const seen = agree(randomProblem, runs(2000));
  assert.ok(seen.optimal > 500 && seen.infeasible > 300, JSON.stringify(seen));
});

test("random problems with several paths: all engines and plain loops agree", () => {
  const seen = agree(randomGraphProblem, runs(1000));
  assert.ok(seen.optimal > 300 && seen.infeasible > 150, JSON.stringify(seen));
});

test("products of nearly equal scores: all engines and plain loops agree", () => {
  const seen = agree(nearlyEqualScores, runs(1000));
  assert.ok(seen.optimal > 500, JSON.stringify(seen));
});
