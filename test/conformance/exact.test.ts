import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { holds, tieWidth, type Problem } from "../../src/core/problem.ts";
import { exact, exactWithin } from "../../src/solver/exact.ts";
import { frontier } from "../../src/solver/frontier.ts";
import { runs } from "./length.ts";
import { largeProblem } from "./large-problems.ts";
import { randomProblem } from "./random-problems.ts";

/** With a limit on its work the engine claims no more than the whole search confirms; whether it had to give up. */
function limited(problem: Problem, labels: number): boolean {
  const whole = exact(problem);
  const cut = exactWithin(labels)(problem);
  const best = whole.status === "optimal" ? whole.objective : -Infinity;
  const tie = Number.isFinite(best) ? tieWidth(best) : 0;
  if (cut.status === "infeasible") assert.equal(whole.status, "infeasible");
  if (cut.status === "optimal") assert.ok(Math.abs(cut.objective - best) <= tie);
  if (cut.status === "feasible") {
    assert.ok(holds(problem, cut.options) && cut.objective <= best + tie && cut.bound >= cut.objective);
  }
  if (cut.status !== "infeasible") assert.ok(cut.bound >= best - tie, `bound ${cut.bound}, best ${best}`);
  return cut.status === "feasible" || cut.status === "unknown";
}

test("with a limit on its work: a plan that holds, and a bound that no plan exceeds", () => {
  let gaveUp = 0;
  fc.assert(
    fc.property(randomProblem, fc.constantFrom(0, 1, 5, 30, 200), (problem, labels) => {
      if (limited(problem, labels)) gaveUp++;
    }),
    { numRuns: runs(2000), seed: 11, endOnFailure: true },
  );
  for (let seed = 1; seed <= 10; seed++) {
    for (const combine of ["sum", "product"] as const) {
      for (const labels of [0, 50, 500]) if (limited(largeProblem(10, combine, seed), labels)) gaveUp++;
    }
  }
  assert.ok(gaveUp > 100, `${gaveUp}`);
});

test("large sums and products come to an end", () => {
  for (const size of [20, 50]) {
    for (let seed = 11; seed <= 20; seed++) {
      for (const combine of ["sum", "product"] as const) {
        assert.equal(
          exactWithin(1_000_000)(largeProblem(size, combine, seed)).status,
          "optimal",
          `${size} ${combine} ${seed}`,
        );
      }
    }
  }
});

test("the frontier of a large problem: rising in accuracy as in cores, each point with a plan of its own", () => {
  const problem = largeProblem(10, "product", 3);
  const options = problem.options.map((ofStage) =>
    ofStage.map((option) => ({ ...option, penalty: 0, uses: [option.cores] })),
  );
  const points = frontier({ ...problem, alpha: 1, options, rows: [{ name: "cores", limit: Infinity }] }, exact);
  assert.ok(points.length > 10);
  points.forEach(({ accuracy, cores, options: plan }, p) => {
    const before = points[p - 1];
    assert.ok(before === undefined || (accuracy > before.accuracy && cores > before.cores));
    assert.equal(plan.length, 10);
    assert.ok(Math.abs(plan.reduce((product, option) => product * option.score, 1) - accuracy) <= 1e-12);
    assert.equal(
      plan.reduce((sum, option) => sum + option.cores, 0),
      cores,
    );
  });
});
