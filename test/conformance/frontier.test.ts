import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { accuracyOf } from "../../src/core/accuracy.ts";
import type { Planner } from "../../src/core/decide.ts";
import { InputError } from "../../src/core/errors.ts";
import { formulate } from "../../src/core/formulate.ts";
import { plannedLoad } from "../../src/core/load.ts";
import type { Pipeline } from "../../src/core/pipeline.ts";
import { planCores, planVariants, type Plan } from "../../src/core/plan.ts";
import { holds, type Option } from "../../src/core/problem.ts";
import { reactive } from "../../src/core/predictors/simple.ts";
import { queueingModels } from "../../src/core/queueing/models.ts";
import { exact, exactWithin } from "../../src/solver/exact.ts";
import { exhaustive } from "../../src/solver/exhaustive.ts";
import { frontier, supports } from "../../src/solver/frontier.ts";
import { tradeOffs } from "../../src/study/frontier.ts";
import { largeProblem } from "./large-problems.ts";
import { runs } from "./length.ts";
import { randomCase, randomPinnedCase, randomPolicy } from "./random-pipelines.ts";

function plannerOf(pipeline: Pipeline, model: keyof typeof queueingModels): Planner {
  return {
    pipeline,
    policy: randomPolicy(pipeline),
    predictor: reactive,
    queueing: queueingModels[model],
    solver: exact,
  };
}

interface Point {
  readonly accuracy: number;
  readonly cores: number;
}

const same = (a: number, b: number): boolean => Math.abs(a - b) <= 1e-12 * Math.max(1, Math.abs(a));

/** Every feasible plan as a point, by plain loops; and those that no other improves upon, cheapest first. */
function bruteForce(
  planner: Planner,
  load: number,
): { readonly all: readonly Point[]; readonly best: readonly Point[] } {
  const { pipeline } = planner;
  const problem = formulate(planner, plannedLoad(pipeline, load), []);
  const plans = problem.options.reduce<(readonly Option[])[]>(
    (partial, ofStage) => partial.flatMap((plan) => ofStage.map((option) => [...plan, option])),
    [[]],
  );
  const all = plans
    .filter((plan) => holds(problem, plan))
    .map((plan) => ({
      accuracy: accuracyOf(pipeline.objective.accuracy, pipeline.stages, planVariants(pipeline, plan)),
      cores: planCores(pipeline, plan),
    }));
  const best: Point[] = [];
  for (const point of all.toSorted((a, b) => a.cores - b.cores || b.accuracy - a.accuracy)) {
    const last = best.at(-1);
    if (last === undefined || (point.accuracy > last.accuracy && !same(point.accuracy, last.accuracy)))
      best.push(point);
  }
  return { all, best };
}

/** Looser limits than other tests want, so that there is something to trade. */
const cases = fc
  .record({
    random: fc.oneof(randomCase, randomPinnedCase),
    model: fc.constantFrom("paper" as const, "tail" as const),
    loose: fc.boolean(),
  })
  .map(({ random: { pipeline, load }, model, loose }) => ({
    model,
    random: {
      load: 1 + load,
      pipeline: loose
        ? {
            ...pipeline,
            sla: { ...pipeline.sla, seconds: 2 + pipeline.sla.seconds },
            limits: { replicas: 40, batch: 8 },
          }
        : pipeline,
    },
  }));

test("random pipelines: the frontier is that of plain loops, with every plan of every point counted", () => {
  const seen = { none: 0, several: 0, unsupported: 0 };
  fc.assert(
    fc.property(cases, ({ random: { pipeline, load }, model }) => {
      const planner = plannerOf(pipeline, model);
      const { all, best } = bruteForce(planner, load);
      const found = tradeOffs(planner, load);
      assert.deepEqual(found.length, best.length);
      found.forEach(({ accuracy, cores, plan, others, optimal }, p) => {
        const expected = best[p];
        assert.ok(expected && same(accuracy, expected.accuracy) && same(cores, expected.cores));
        assert.equal(others, all.filter((one) => same(one.accuracy, accuracy) && same(one.cores, cores)).length - 1);
        assert.ok(same(planCores(pipeline, plan), cores));
        if (optimal === "never") seen.unsupported++;
      });
      seen[found.length === 0 ? "none" : "several"] += found.length === 1 ? 0 : 1;
    }),
    { numRuns: runs(3000), seed: 20240607, endOnFailure: true },
  );
  assert.ok(seen.none > 100 && seen.several > 200 && seen.unsupported > 30, JSON.stringify(seen));
});

function weighted(pipeline: Pipeline, alpha: number): Pipeline {
  const { accuracy, accuracyFloor } = pipeline.objective;
  const floor = accuracyFloor === undefined ? {} : { accuracyFloor };
  return { ...pipeline, objective: { kind: "weighted", accuracy, ...floor, alpha, beta: 1, delta: 0 } };
}

function solved(planner: Planner, load: number): Plan {
  const outcome = exhaustive(formulate(planner, plannedLoad(planner.pipeline, load), []));
  assert.ok(outcome.status === "optimal");
  return outcome.options;
}

test("within the interval of a point the weighted objective chooses it, and a sweep of weights nothing else", () => {
  let [middles, swept] = [0, 0];
  fc.assert(
    fc.property(cases, ({ random: { pipeline, load }, model }) => {
      const found = tradeOffs(plannerOf(pipeline, model), load);
      const at = (alpha: number): Point => {
        const plan = solved(plannerOf(weighted(pipeline, alpha), model), load);
        const accuracy = accuracyOf(pipeline.objective.accuracy, pipeline.stages, planVariants(pipeline, plan));
        return { accuracy, cores: planCores(pipeline, plan) };
      };
      for (const point of found) {
        if (point.optimal !== "always" || point.to - point.from < 1e-3) continue;
        const chosen = at(Number.isFinite(point.to) ? (point.from + point.to) / 2 : 2 * point.from + 1);
        assert.ok(same(chosen.accuracy, point.accuracy) && same(chosen.cores, point.cores));
        middles++;
      }
      if (found.length < 2) return;
      for (let i = 0; i < 10; i++) {
        const chosen = at(10 ** (i / 2 - 1.5));
        const listed = found.some(
          (point) =>
            point.optimal !== "never" && same(point.accuracy, chosen.accuracy) && same(point.cores, chosen.cores),
        );
        assert.ok(listed, JSON.stringify(chosen));
        swept++;
      }
    }),
    { numRuns: runs(1000), seed: 7, endOnFailure: true },
  );
  assert.ok(middles > 300 && swept > 1000, `${middles} ${swept}`);
});

test("support by hand: a corner, a point on an edge, a point below it", () => {
  const points = [
    { accuracy: 0.2, cores: 1 },
    { accuracy: 0.4, cores: 2 },
    { accuracy: 0.6, cores: 3 },
    { accuracy: 0.65, cores: 9 },
    { accuracy: 0.8, cores: 11 },
  ];
  const found = supports(points);
  assert.deepEqual(
    found.map(({ optimal }) => optimal),
    ["always", "tie", "always", "never", "always"],
  );
  assert.equal(found[0]?.from, 0);
  assert.ok(Math.abs((found[2]?.from ?? 0) - 5) < 1e-9 && Math.abs((found[2]?.to ?? 0) - 40) < 1e-9);
  assert.equal(found[4]?.to, Infinity);
});

test("a frontier that is too much work is refused, not cut short", () => {
  const problem = largeProblem(10, "product", 3);
  const options = problem.options.map((ofStage) =>
    ofStage.map((option) => ({ ...option, penalty: 0, uses: [option.cores] })),
  );
  const rows = [{ name: "cores", limit: Infinity }] as const;
  assert.throws(() => frontier({ ...problem, alpha: 1, options, rows }, exactWithin(3)), InputError);
});
