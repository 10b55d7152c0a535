import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { assess } from "../../src/core/assess.ts";
import { formulate } from "../../src/core/formulate.ts";
import { plannedLoad } from "../../src/core/load.ts";
import { tieWidth, type Option, type Outcome } from "../../src/core/problem.ts";
import { queueingModels } from "../../src/core/queueing/models.ts";
import { engines } from "../../src/solver/engines.ts";
import { exact } from "../../src/solver/exact.ts";
import { exhaustive } from "../../src/solver/exhaustive.ts";
import { runs } from "./length.ts";
import { movingChainCase, movingGraphCase, randomPolicy, type MovingCase } from "./random-pipelines.ts";

// Plans that run, and what a decision may make of them: costs of a change, bounds on steps, held variants, standby.

const highs = await engines.highs.load();

/** What the way from the running plan costs, counted replica by replica. */
function costOfWay({ pipeline, running }: MovingCase, plan: readonly Option[]): number {
  const { start, switch: turn } = pipeline.adaptation.movement.cost;
  let cost = 0;
  plan.forEach((to, s) => {
    const from = running[s];
    const variant = pipeline.stages[s]?.variants.find(({ name }) => name === to.variant);
    if (from?.variant !== to.variant) cost += turn;
    for (let n = 1; n <= to.replicas; n++) {
      const up =
        n <= (variant?.standby ?? 0) || (from !== undefined && from.variant === to.variant && n <= from.replicas);
      if (!up) cost += start;
    }
  });
  return cost;
}

/** Cores while both are up, where a stage goes over to another variant, counted replica by replica. */
function coresOfWay({ pipeline, running }: MovingCase, plan: readonly Option[]): number {
  let cores = 0;
  for (const [s, { variants }] of pipeline.stages.entries()) {
    for (const { name, standby = 0, coresPerReplica } of variants) {
      const up = [plan[s], running[s]].map((one) => (one?.variant === name ? one.replicas : 0));
      cores += coresPerReplica * Math.max(standby, plan[s]?.variant === name ? (up[0] ?? 0) : (up[1] ?? 0));
    }
  }
  return cores;
}

/** The plan of an outcome keeps all limits and stays within the leeway, and its objective is what it is worth less the way there. */
function check(one: MovingCase, planned: number, outcome: Outcome): void {
  assert.ok(outcome.status === "optimal", outcome.engine);
  const from = { pipeline: one.pipeline, policy: randomPolicy(one.pipeline), queueing: queueingModels[one.model] };
  const { objective, violations } = assess(from, planned, outcome.options);
  assert.deepEqual(violations, []);
  const net = objective - costOfWay(one, outcome.options);
  assert.ok(Math.abs(net - outcome.objective) <= tieWidth(net), `${outcome.engine}: ${outcome.objective}, not ${net}`);
  assert.ok(coresOfWay(one, outcome.options) <= (one.pipeline.limits.cores ?? Infinity) + 1e-9, "both do not fit");
  for (const [s, { variant, replicas }] of outcome.options.entries()) {
    if (one.leeway.length === 0) continue;
    const bounds = one.leeway[s]?.[variant];
    assert.ok(bounds !== undefined && replicas >= bounds.fewest && replicas <= bounds.most, `${variant} × ${replicas}`);
  }
}

/** All engines agree on where to go from what runs; how many cases were of which kind. */
function agree(cases: fc.Arbitrary<MovingCase>, numRuns: number) {
  const seen = { optimal: 0, infeasible: 0, limited: 0, held: 0, stayed: 0, paid: 0, standby: 0 };
  fc.assert(
    fc.property(cases, (one) => {
      const { pipeline, load, running, leeway } = one;
      const from = { pipeline, policy: randomPolicy(pipeline), queueing: queueingModels[one.model] };
      const planned = plannedLoad(pipeline, load);
      const problem = formulate({ ...from, leeway }, planned, running);
      const [best, ...others] = [exhaustive, exact, highs].map((engine) => engine(problem));
      assert.ok(best !== undefined);
      for (const other of others) {
        assert.equal(other.status, best.status, other.engine);
        if (best.status !== "optimal" || other.status !== "optimal") continue;
        const off = Math.abs(best.objective - other.objective);
        assert.ok(off <= tieWidth(best.objective), `${other.engine}: ${other.objective}, not ${best.objective}`);
        check(one, planned, other);
      }
      if (best.status !== "optimal") return void seen.infeasible++;
      check(one, planned, best);
      seen.optimal++;
      const free = exhaustive(formulate(from, planned, running));
      assert.ok(free.status === "optimal" && free.objective >= best.objective - tieWidth(best.objective));
      if (free.objective > best.objective + tieWidth(best.objective)) seen.limited++;
      const same = best.options.every(({ variant, replicas }, s) => {
        return variant === running[s]?.variant && replicas === running[s].replicas;
      });
      if (same) seen.stayed++;
      if (costOfWay(one, best.options) > 0) seen.paid++;
      if (leeway.some((stage, s) => Object.keys(stage).length < (pipeline.stages[s]?.variants.length ?? 0)))
        seen.held++;
      if (
        best.options.some(({ variant }, s) =>
          pipeline.stages[s]?.variants.some((v) => v.name === variant && (v.standby ?? 0) > 0),
        )
      )
        seen.standby++;
    }),
    { numRuns, seed: 20240607, endOnFailure: true },
  );
  return seen;
}

for (const model of ["paper", "tail"] as const) {
  for (const [kind, cases] of [
    ["chains", movingChainCase(model)],
    ["graphs", movingGraphCase(model)],
  ] as const) {
    test(`random moves on ${kind}, ${model} model: exact, highs and every choice agree`, () => {
      const seen = agree(cases, runs(320));
      assert.ok(seen.optimal >= 230 && seen.infeasible > 20, JSON.stringify(seen));
      assert.ok(seen.limited > 20 && seen.held > 80 && seen.stayed > 5, JSON.stringify(seen));
      assert.ok(seen.paid > 40 && seen.standby > 150, JSON.stringify(seen));
    });
  }
}
