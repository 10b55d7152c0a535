import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { assess } from "../../src/core/assess.ts";
import { bestEffort } from "../../src/core/best-effort.ts";
import { formulate, type Formulation } from "../../src/core/formulate.ts";
import { plannedLoad } from "../../src/core/load.ts";
import type { Pins, Pipeline } from "../../src/core/pipeline.ts";
import type { Plan, StagePlan } from "../../src/core/plan.ts";
import { tieWidth, type Outcome } from "../../src/core/problem.ts";
import { queueingModels } from "../../src/core/queueing/models.ts";
import { relaxations, type Relaxation } from "../../src/core/relax.ts";
import { engines } from "../../src/solver/engines.ts";
import { exact } from "../../src/solver/exact.ts";
import { runs } from "./length.ts";
import {
  fittedGraphCase,
  fittedPinnedGraphCase,
  isChain,
  randomCase,
  randomPinnedCase,
  randomPinnedGraphCase,
  randomPolicy,
} from "./random-pipelines.ts";

const exhaustive = await engines.exhaustive.load();
const highs = await engines.highs.load();

function formulation(pipeline: Pipeline): Formulation {
  return { pipeline, policy: randomPolicy(pipeline), queueing: queueingModels.paper };
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
  if (found === null && plannedLoad(pipeline, least) < asked) {
    assert.ok(!feasible(pipeline, plannedLoad(pipeline, least)), "the least load has a plan");
  }
  const from = found === null ? least : plannedLoad(pipeline, found);
  for (let i = 1; i < 40; i++) {
    const between = plannedLoad(pipeline, (from + ((asked - from) * i) / 40) / (1 + pipeline.margins.load));
    if (between <= from + 1e-6 || between >= asked) continue;
    assert.ok(!feasible(pipeline, between), `load found ${found}, but ${between} of ${asked} has a plan`);
  }
}

/** Share of the load, latency and cores of a plan: what the nearest plan is chosen by, in this order. */
function rankOf(from: Formulation, planned: number, plan: Plan): readonly [number, number, number] {
  const { stages, cores, latency } = assess(from, planned, plan);
  return [Math.min(1, ...stages.map(({ capacity, load }) => capacity / load)), latency, cores];
}

/** All plans within caps, pins, forbids and bounds of replicas, whatever they carry and cost, by plain loops. */
function allPlans({ pipeline, policy }: Formulation): readonly Plan[] {
  const ofStage = pipeline.stages.map((stage) => {
    const plans = stage.variants.flatMap(({ name, profile, minReplicas = 1, maxReplicas = Infinity }) =>
      profile.flatMap(({ batch }) =>
        Array.from({ length: pipeline.limits.replicas }, (_, n) => n + 1)
          .filter((replicas) => replicas >= minReplicas && replicas <= maxReplicas)
          .map((replicas) => ({ stage: stage.name, variant: name, batch, batchTimeout: 0, replicas })),
      ),
    );
    const kept = (pins: Pins | undefined) => (one: StagePlan) =>
      (pins?.variants === undefined || pins.variants.includes(one.variant)) &&
      (pins?.batches === undefined || pins.batches.includes(one.batch)) &&
      (pins?.replicas === undefined || pins.replicas === one.replicas);
    return plans
      .filter(({ batch }) => batch <= pipeline.limits.batch)
      .filter(kept(policy.pins[stage.name]))
      .filter(kept(stage.pin))
      .filter((one) => !stage.forbid?.variants?.includes(one.variant) && !stage.forbid?.batches?.includes(one.batch));
  });
  return ofStage.reduce<Plan[]>((all, next) => all.flatMap((plan) => next.map((one) => [...plan, one])), [[]]);
}

/** The best rank among all of them; null if the budget allows none. */
function bestRank(from: Formulation, planned: number): readonly [number, number, number] | null {
  const { pipeline } = from;
  let best: readonly [number, number, number] | null = null;
  for (const plan of allPlans(from)) {
    const rank = rankOf(from, planned, plan);
    if (rank[2] > (pipeline.limits.cores ?? Infinity) + 1e-9) continue;
    if (best === null || worse(best, rank)) best = rank;
  }
  return best;
}

/** Whether the first rank comes after the second: less of the load, then slower, then dearer, by more than rounding. */
function worse(one: readonly [number, number, number], other: readonly [number, number, number]): boolean {
  if (Math.abs(one[0] - other[0]) > 1e-9) return one[0] < other[0];
  if (Math.abs(one[1] - other[1]) > 1e-9) return one[1] > other[1];
  return one[2] > other[2] + 1e-9;
}

/** Few enough plans for plain loops over all of them. */
const small = (cases: typeof randomCase): typeof randomCase =>
  cases
    .filter(({ pipeline }) => pipeline.stages.length < 3 && pipeline.stages.every((stage) => stage.variants.length < 3))
    .map(({ pipeline, load }) => ({
      pipeline: { ...pipeline, limits: { ...pipeline.limits, replicas: Math.min(5, pipeline.limits.replicas) } },
      load,
    }));

for (const [kind, few] of [
  ["pipelines", small(randomCase)],
  ["pinned pipelines", small(randomPinnedCase)],
] as const) {
  test(`random ${kind}: no plan is nearer than the best effort`, () => {
    const seen = { none: 0, whole: 0, part: 0 };
    fc.assert(
      fc.property(few, ({ pipeline, load }) => {
        const from = formulation(pipeline);
        // Heavy enough that many a plan carries only a part of it.
        const planned = plannedLoad(pipeline, 20 * load);
        const plan = bestEffort(from, planned, [], exhaustive);
        const best = bestRank(from, planned);
        if (plan === null || best === null) {
          assert.equal(plan, best);
          seen.none++;
          return;
        }
        const rank = rankOf(from, planned, plan);
        assert.ok(!worse(rank, best), `${rank.join()} is not ${best.join()}`);
        assert.ok(
          plan.every(
            (stage) => stage.batch === 1 || Math.abs(stage.batchTimeout - (stage.batch - 1) / planned) < 1e-12,
          ),
        );
        seen[rank[0] < 1 ? "part" : "whole"]++;
        // Overloaded stages have no latency by the tail model; the engines must agree nevertheless.
        for (const queueing of [queueingModels.paper, queueingModels.tail]) {
          const [ours, theirs] = [exact, exhaustive].map((engine) =>
            bestEffort({ ...from, queueing }, planned, [], engine),
          );
          assert.ok(ours && theirs);
          const [own, other] = [rankOf(from, planned, ours), rankOf(from, planned, theirs)];
          assert.ok(Math.abs(own[0] - other[0]) <= 1e-9, `${own.join()} is not ${other.join()}`);
        }
      }),
      { numRuns: runs(600), seed: 20240607, endOnFailure: true },
    );
    assert.ok(seen.none > 5 && seen.whole > 100 && seen.part > 20, JSON.stringify(seen));
  });
}

test("random pinned graphs: no plan within the budget carries a greater share than the best effort", () => {
  const seen = { none: 0, some: 0 };
  fc.assert(
    fc.property(small(randomPinnedGraphCase), ({ pipeline, load }) => {
      const from = formulation(pipeline);
      const planned = plannedLoad(pipeline, 20 * load);
      const plan = bestEffort(from, planned, [], exact);
      const best = bestRank(from, planned);
      seen[plan === null ? "none" : "some"]++;
      if (plan === null || best === null) return assert.equal(plan, best);
      const [share, , cores] = rankOf(from, planned, plan);
      assert.ok(Math.abs(share - best[0]) <= 1e-9, `${share} is not ${best[0]}`);
      assert.ok(cores <= (pipeline.limits.cores ?? Infinity) + 1e-9);
      const broken = assess(from, planned, plan).violations.map(({ row }) => row.split(" ")[0] ?? row);
      for (const row of broken) assert.ok(["capacity", "sla", "accuracy_floor"].includes(row), row);
    }),
    { numRuns: runs(500), seed: 20240607, endOnFailure: true },
  );
  assert.ok(seen.none > 5 && seen.some > 100, JSON.stringify(seen));
});

test("random pinned pipelines: of all plans by plain loops none that keeps its promises is better than the best", () => {
  const seen = { optimal: 0, infeasible: 0 };
  fc.assert(
    fc.property(small(randomPinnedCase), fc.constantFrom("paper" as const, "tail" as const), (one, model) => {
      const from = { ...formulation(one.pipeline), queueing: queueingModels[model] };
      const planned = plannedLoad(one.pipeline, one.load);
      const kept = allPlans(from)
        .map((plan) => assess(from, planned, plan))
        .filter((of) => of.violations.length === 0);
      const outcome = exact(formulate(from, planned, []));
      seen[outcome.status === "optimal" ? "optimal" : "infeasible"]++;
      if (outcome.status !== "optimal") {
        assert.equal(outcome.status, "infeasible");
        // The tail model does not offer more replicas for less than a millisecond, which here may be what is missing.
        if (model === "paper") assert.equal(kept.length, 0);
        return;
      }
      checkPlan(from, planned, outcome);
      const best = Math.max(...kept.map(({ objective }) => objective));
      if (model === "paper")
        assert.ok(Math.abs(outcome.objective - best) <= tieWidth(best), `${outcome.objective} ${best}`);
      else assert.ok(outcome.objective <= best + tieWidth(best));
    }),
    { numRuns: runs(1000), seed: 20240607, endOnFailure: true },
  );
  assert.ok(seen.optimal > 150 && seen.infeasible > 50, JSON.stringify(seen));
});

/**
 * The best plan of a problem by looking at every choice, null if there is none: exact finds the same, and HiGHS, which takes
 * a hundred times as long, where it is asked. All their plans keep their promises.
 */
function agreed(from: Formulation, planned: number, highsToo: boolean): Optimum | null {
  const problem = formulate(from, planned, []);
  const one = exhaustive(problem);
  for (const other of [exact, ...(highsToo ? [highs] : [])].map((engine) => engine(problem))) {
    assert.equal(other.status, one.status, other.engine);
    if (one.status !== "optimal" || other.status !== "optimal") continue;
    const off = Math.abs(one.objective - other.objective);
    assert.ok(off <= tieWidth(one.objective), `${other.engine}: ${other.objective}, not ${one.objective}`);
    checkPlan(from, planned, other);
  }
  if (one.status === "infeasible") return null;
  assert.ok(one.status === "optimal");
  return { plan: checkPlan(from, planned, one), objective: one.objective };
}

interface Optimum {
  readonly plan: Plan;
  readonly objective: number;
}

/** How many were feasible, of these graphs that are no chain, and those that HiGHS solved too. */
class Seen {
  optimal = 0;
  infeasible = 0;
  relaxed = 0;
  graphs = 0;
  highs = 0;

  count(pipeline: Pipeline, feasible: boolean, highsToo: boolean): void {
    this[feasible ? "optimal" : "infeasible"]++;
    if (feasible && !isChain(pipeline)) this.graphs++;
    if (feasible && highsToo) this.highs++;
  }
}

/** Engines agree (HiGHS on one case in `highsEach`), plans keep their promises, relaxations are exact. */
function keepPromises(cases: typeof randomCase, numRuns: number, highsEach = 1): Seen {
  const seen = new Seen();
  let turn = 0;
  fc.assert(
    fc.property(cases, ({ pipeline, load }) => {
      const from = formulation(pipeline);
      const planned = plannedLoad(pipeline, load);
      const highsToo = turn++ % highsEach === 0;
      const best = agreed(from, planned, highsToo);
      seen.count(pipeline, best !== null, highsToo);
      if (best === null) {
        for (const relaxation of relaxations(from, load, [], exhaustive)) {
          if (relaxation.value !== null) seen.relaxed++;
          checkRelaxation(pipeline, load, relaxation);
        }
        return;
      }
      // With a running plan only ties are settled otherwise.
      const again = exhaustive(formulate(from, planned, best.plan));
      assert.ok(again.status === "optimal" && Math.abs(again.objective - best.objective) <= tieWidth(best.objective));
    }),
    { numRuns, seed: 20240607, endOnFailure: true },
  );
  return seen;
}

test("random pipelines: engines agree, plans keep their promises, relaxations are exact", () => {
  const seen = keepPromises(randomCase, runs(2000));
  assert.ok(seen.optimal > 500 && seen.infeasible > 500 && seen.relaxed > 500, JSON.stringify(seen));
});

test("random graphs: engines agree, plans keep their promises, relaxations are exact", () => {
  const seen = keepPromises(fittedGraphCase("paper"), runs(1300), 5);
  assert.ok(seen.graphs >= 1000 && seen.highs >= 200, JSON.stringify(seen));
  assert.ok(seen.infeasible > 100 && seen.relaxed > 150, JSON.stringify(seen));
});

test("random pinned graphs: engines agree, plans keep their promises, relaxations are exact", () => {
  const seen = keepPromises(fittedPinnedGraphCase("paper"), runs(1000), 5);
  assert.ok(seen.graphs >= 600 && seen.highs >= 120, JSON.stringify(seen));
  assert.ok(seen.infeasible > 200 && seen.relaxed > 100, JSON.stringify(seen));
});

/** Exact and every choice agree by the tail model, and HiGHS on one case in `highsEach`. */
function agreeOnTail(cases: typeof randomCase, numRuns: number, highsEach = 1): Seen {
  const seen = new Seen();
  let turn = 0;
  fc.assert(
    fc.property(cases, ({ pipeline, load }) => {
      const highsToo = turn++ % highsEach === 0;
      const from = { ...formulation(pipeline), queueing: queueingModels.tail };
      seen.count(pipeline, agreed(from, plannedLoad(pipeline, load), highsToo) !== null, highsToo);
    }),
    { numRuns, seed: 20240607, endOnFailure: true },
  );
  return seen;
}

test("random pipelines, tail model: exact, highs and every choice agree", () => {
  const seen = agreeOnTail(randomCase, runs(400));
  assert.ok(seen.optimal > 100 && seen.infeasible > 50, JSON.stringify(seen));
});

test("random graphs, tail model: exact, highs and every choice agree", () => {
  const seen = agreeOnTail(fittedGraphCase("tail"), runs(1200), 8);
  assert.ok(seen.graphs >= 1000 && seen.infeasible > 50 && seen.highs >= 100, JSON.stringify(seen));
});

test("random pinned graphs, tail model: exact, highs and every choice agree", () => {
  const seen = agreeOnTail(fittedPinnedGraphCase("tail"), runs(800), 10);
  assert.ok(seen.graphs >= 500 && seen.infeasible > 100 && seen.highs >= 50, JSON.stringify(seen));
});
