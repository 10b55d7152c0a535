import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { assess } from "../../src/core/assess.ts";
import { formulate, type Formulation } from "../../src/core/formulate.ts";
import { plannedLoad } from "../../src/core/load.ts";
import type { Pipeline } from "../../src/core/pipeline.ts";
import type { Plan } from "../../src/core/plan.ts";
import { policyOf } from "../../src/core/policies.ts";
import { tieWidth, type Outcome } from "../../src/core/problem.ts";
import { queueingModels } from "../../src/core/queueing/models.ts";
import { relaxations, type Relaxation } from "../../src/core/relax.ts";
import { engines } from "../../src/solver/engines.ts";
import { randomCase } from "./random-pipelines.ts";

const exhaustive = await engines.exhaustive.load();
const highs = await engines.highs.load();

function formulation(pipeline: Pipeline): Formulation {
  return { pipeline, policy: policyOf(pipeline, "ipa"), queueing: queueingModels.paper };
}

function feasible(pipeline: Pipeline, planned: number): boolean {
  return exhaustive(formulate(formulation(pipeline), planned, [])).status === "optimal";
}

/** The plan of an outcome keeps everything that is promised, by the judge that knows no solver. */
function checkPlan(from: Formulation, planned: number, outcome: Outcome): Plan {
  assert.ok(outcome.status === "optimal");
  const assessed = assess(from, planned, outcome.options);
  assert.deepEqual(assessed.violations, []);
  const off = Math.abs(assessed.objective - outcome.objective);
  assert.ok(off <= tieWidth(outcome.objective), `assessed ${assessed.objective}, solved ${outcome.objective}`);
  return outcome.options;
}

/** At the relaxed value there is a plan, and a little short of it there is none. */
function checkRelaxation(pipeline: Pipeline, load: number, relaxation: Relaxation): void {
  const { row, value } = relaxation;
  const planned = plannedLoad(pipeline, load);
  const at = (changed: Pipeline): boolean => feasible(changed, planned);
  const { limits, objective, sla } = pipeline;
  const withRow = (limit: number): Pipeline => {
    switch (row) {
      case "sla":
        return { ...pipeline, sla: { ...sla, seconds: limit } };
      case "cores":
        return { ...pipeline, limits: { ...limits, cores: limit } };
      case "accuracy_floor":
        return { ...pipeline, objective: { ...objective, accuracyFloor: limit } };
      case "load":
        throw new Error("not a row");
    }
  };
  if (row === "load") {
    checkLoad(pipeline, load, value);
  } else if (value === null) {
    assert.ok(!at(withRow(row === "accuracy_floor" ? 1e-9 : 1e6)), `${row} alone would help`);
  } else {
    const short = row === "accuracy_floor" ? value + 1e-6 : value - 1e-6;
    assert.ok(at(withRow(value)), `${row} at ${value}`);
    assert.ok(!at(withRow(short)), `${row} at ${short}`);
  }
}

/** Loads on a fine grid between the one found and the asked one have no plan. */
function checkLoad(pipeline: Pipeline, load: number, found: number | null): void {
  const least = pipeline.adaptation.minLoad;
  const asked = plannedLoad(pipeline, load);
  if (found !== null) {
    assert.ok(feasible(pipeline, plannedLoad(pipeline, found)), `load ${found}`);
    assert.ok(found >= least && found < load, `load ${found} of ${load}, least ${least}`);
  }
  const from = found === null ? least : plannedLoad(pipeline, found);
  for (let i = 1; i < 40; i++) {
    const between = plannedLoad(pipeline, (from + ((asked - from) * i) / 40) / (1 + pipeline.margins.load));
    if (between <= from + 1e-6 || between >= asked) continue;
    assert.ok(!feasible(pipeline, between), `load found ${found}, but ${between} of ${asked} has a plan`);
  }
}

test("random pipelines: engines agree, plans keep their promises, relaxations are exact", () => {
  const seen = { optimal: 0, infeasible: 0, relaxed: 0 };
  fc.assert(
    fc.property(randomCase, ({ pipeline, load }) => {
      const from = formulation(pipeline);
      const planned = plannedLoad(pipeline, load);
      const problem = formulate(from, planned, []);
      const [one, other] = [exhaustive(problem), highs(problem)];
      assert.equal(one.status, other.status);
      if (one.status !== "optimal" || other.status !== "optimal") {
        assert.equal(one.status, "infeasible");
        seen.infeasible++;
        for (const relaxation of relaxations(from, load, [], exhaustive)) {
          if (relaxation.value !== null) seen.relaxed++;
          checkRelaxation(pipeline, load, relaxation);
        }
        return;
      }
      seen.optimal++;
      assert.ok(
        Math.abs(one.objective - other.objective) <= tieWidth(one.objective),
        `${one.objective} ${other.objective}`,
      );
      const plan = checkPlan(from, planned, one);
      checkPlan(from, planned, other);
      // With a running plan only ties are settled otherwise.
      const again = exhaustive(formulate(from, planned, plan));
      assert.ok(again.status === "optimal" && Math.abs(again.objective - one.objective) <= tieWidth(one.objective));
    }),
    { numRuns: 2000, seed: 20240607, endOnFailure: true },
  );
  assert.ok(seen.optimal > 500 && seen.infeasible > 500 && seen.relaxed > 500, JSON.stringify(seen));
});
