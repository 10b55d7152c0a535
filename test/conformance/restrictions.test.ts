import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { assess } from "../../src/core/assess.ts";
import { formulate } from "../../src/core/formulate.ts";
import { plannedLoad } from "../../src/core/load.ts";
import type { Pins, Pipeline } from "../../src/core/pipeline.ts";
import type { Plan, StagePlan } from "../../src/core/plan.ts";
import { tieWidth } from "../../src/core/problem.ts";
import { paper } from "../../src/core/queueing/paper.ts";
import { restrict, type Restriction } from "../../src/core/restrict.ts";
import { engines } from "../../src/solver/engines.ts";
import { exact } from "../../src/solver/exact.ts";
import { exhaustive } from "../../src/solver/exhaustive.ts";
import { runs } from "./length.ts";
import { randomCase, randomPinnedCase, randomPolicy } from "./random-pipelines.ts";

// What the world leaves to a decision, beside every plan that it leaves, found by plain loops over the file as it is.

const highs = await engines.highs.load();

const bounds = fc.oneof(
  fc.integer({ min: 0, max: 7 }).map((count) => ({ fewest: count, most: count })),
  fc.record({ fewest: fc.integer({ min: 0, max: 4 }) }),
  fc.constantFrom(0, 2, 4, 5).map((most) => ({ most })),
);

function restrictions({ stages }: Pipeline): fc.Arbitrary<readonly Restriction[]> {
  return fc
    .tuple(
      ...stages.map((stage) => {
        const names = stage.variants.map(({ name }) => name);
        return fc.record(
          {
            stage: fc.constant(stage.name),
            variants: fc.shuffledSubarray([...names, "gone"], { minLength: 1 }),
            batches: fc.shuffledSubarray([1, 2, 4, 8], { minLength: 3 }),
            replicas: fc.dictionary(fc.constantFrom(...names, "gone"), bounds, { minKeys: 1 }),
          },
          { requiredKeys: ["stage"] },
        );
      }),
    )
    .chain((all) => fc.subarray(all, { minLength: 1 }));
}

const cases = fc
  .oneof(randomCase, randomPinnedCase)
  .filter(({ pipeline }) => pipeline.stages.length < 3 && pipeline.stages.every(({ variants }) => variants.length < 4))
  .map(({ pipeline, load }) => ({
    load,
    pipeline: { ...pipeline, limits: { ...pipeline.limits, replicas: Math.min(5, pipeline.limits.replicas) } },
  }))
  .filter(({ pipeline, load }) => {
    const from = { pipeline, policy: randomPolicy(pipeline), queueing: paper };
    return exhaustive(formulate(from, plannedLoad(pipeline, load), [])).status === "optimal";
  })
  .chain((one) => restrictions(one.pipeline).map((left) => ({ ...one, left })));

/** Every plan that the file and the restrictions leave, whatever it carries and costs. */
function plansOf(pipeline: Pipeline, left: readonly Restriction[]): readonly Plan[] {
  const policy = randomPolicy(pipeline);
  const ofStages = pipeline.stages.map((stage): readonly StagePlan[] => {
    const restriction = left.find((one) => one.stage === stage.name);
    const keeps = (pins: Pins | undefined, { variant, batch, replicas }: StagePlan): boolean =>
      (pins?.variants?.includes(variant) ?? true) &&
      (pins?.batches?.includes(batch) ?? true) &&
      (pins?.replicas ?? replicas) === replicas;
    return stage.variants
      .flatMap(({ name, profile }) =>
        profile.flatMap(({ batch }) =>
          Array.from({ length: 7 }, (_, n): StagePlan => ({
            stage: stage.name,
            variant: name,
            batch,
            batchTimeout: 0,
            replicas: n + 1,
          })),
        ),
      )
      .filter((one) => {
        const { fewest = 0, most = Infinity } = restriction?.replicas?.[one.variant] ?? {};
        const { minReplicas = 1, maxReplicas = Infinity } =
          stage.variants.find(({ name }) => name === one.variant) ?? {};
        const fixed = fewest === most;
        const within = one.replicas >= minReplicas && one.replicas <= Math.min(pipeline.limits.replicas, maxReplicas);
        const { replicas: pinned, ...pin } = stage.pin ?? {};
        return (
          (restriction?.variants?.includes(one.variant) ?? true) &&
          (restriction?.batches?.includes(one.batch) ?? true) &&
          one.replicas >= fewest &&
          one.replicas <= most &&
          (fixed || (within && (pinned ?? one.replicas) === one.replicas)) &&
          one.batch <= pipeline.limits.batch &&
          keeps(pin, one) &&
          keeps(policy.pins[stage.name], one) &&
          !stage.forbid?.variants?.includes(one.variant) &&
          !stage.forbid?.batches?.includes(one.batch)
        );
      });
  });
  return ofStages.reduce<Plan[]>((all, next) => all.flatMap((plan) => next.map((one) => [...plan, one])), [[]]);
}

/** What is fixed runs and holds its cores, whether it serves or not. */
function standing(pipeline: Pipeline, left: readonly Restriction[]): Pipeline {
  const fixed = (stage: string, variant: string): number | undefined => {
    const { fewest, most } = left.find((one) => one.stage === stage)?.replicas?.[variant] ?? {};
    return fewest === most ? most : undefined;
  };
  return {
    ...pipeline,
    stages: pipeline.stages.map((stage) => ({
      ...stage,
      variants: stage.variants.map((one) => ({
        ...one,
        standby: fixed(stage.name, one.name) ?? one.standby ?? 0,
      })),
    })),
  };
}

test("random restrictions: every engine gives the best plan that they leave, or none where they leave none", () => {
  const seen = { optimal: 0, infeasible: 0, above: 0, changed: 0 };
  fc.assert(
    fc.property(cases, ({ pipeline, load, left }) => {
      const planned = plannedLoad(pipeline, load);
      const from = { pipeline, policy: randomPolicy(pipeline), queueing: paper };
      const rows = ["sla", "cores", "accuracy_floor", ...pipeline.stages.map(({ name }) => `capacity ${name}`)];
      const objectives = plansOf(pipeline, left).flatMap((plan) => {
        const { objective, violations } = assess({ ...from, pipeline: standing(pipeline, left) }, planned, plan);
        return violations.some(({ row }) => rows.includes(row)) ? [] : objective;
      });
      const best = Math.max(...objectives);
      const restricted = restrict(pipeline, left);
      for (const engine of [exhaustive, exact, highs]) {
        const outcome = engine(formulate({ ...from, pipeline: restricted }, planned, []));
        assert.equal(outcome.status, best === -Infinity ? "infeasible" : "optimal", outcome.engine);
        if (outcome.status !== "optimal") continue;
        const off = Math.abs(outcome.objective - best);
        assert.ok(off <= tieWidth(best), `${outcome.engine}: ${outcome.objective}, not ${best}`);
        // It keeps to what the file of the restricted pipeline says.
        assert.deepEqual(assess({ ...from, pipeline: restricted }, planned, outcome.options).violations, []);
        if (outcome.options.some(({ replicas }) => replicas > pipeline.limits.replicas)) seen.above++;
      }
      seen[best === -Infinity ? "infeasible" : "optimal"]++;
      const free = exhaustive(formulate(from, planned, []));
      if (free.status === "optimal" && free.objective > best + tieWidth(best)) seen.changed++;
    }),
    { numRuns: runs(400), seed: 20_240_611, endOnFailure: true },
  );
  assert.ok(seen.optimal > 120 && seen.infeasible > 80 && seen.changed > 25 && seen.above > 20, JSON.stringify(seen));
});
