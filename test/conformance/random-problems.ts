import fc from "fast-check";
import { chosenOption } from "./problems.ts";
import type { Option, Problem, Row } from "../../src/core/problem.ts";

/** Options of one stage: 1–4 variants, each with 1–3 batches. */
function stageOptions(stage: number, uses: readonly ("cores" | "floor")[], composed: boolean): fc.Arbitrary<Option[]> {
  const unit = fc.double({ min: 0, max: 1, noNaN: true });
  const variant = fc.record({
    // Few values, so that there are ties; never 0 where a logarithm is taken of it.
    score: fc.oneof(fc.constantFrom(0.25, 0.5, 1), fc.double({ min: 0.05, max: 1, noNaN: true })),
    cores: fc.integer({ min: 1, max: 4 }),
    batches: fc.array(
      fc.record({ replicas: fc.integer({ min: 1, max: 5 }), mean: unit, forming: unit, excess: unit, tie: unit }),
      { minLength: 1, maxLength: 3 },
    ),
  });
  return fc.array(variant, { minLength: 1, maxLength: 4 }).map((variants) =>
    variants.flatMap(({ score, cores, batches }, v) =>
      batches.map(({ replicas, mean, forming, excess, tie }, b): Option => {
        const all = replicas * cores;
        return chosenOption({
          stage: `s${stage}`,
          variant: `v${v}`,
          batch: 2 ** b,
          replicas,
          score,
          cores: all,
          penalty: all,
          tie: tie * 1e-10,
          latency: composed
            ? { mean, forming: 0.3 * forming, excessSquared: 0.1 * excess * excess }
            : { mean, forming: 0, excessSquared: 0 },
          uses: uses.map((use) => (use === "cores" ? all : score)),
        });
      }),
    ),
  );
}

/** Random small problems over one path: sum or product, with and without rows, tight and loose limits. */
const problemOfStages = (stagesFrom: number, stagesTo: number): fc.Arbitrary<Problem> =>
  fc
    .record({
      stages: fc.integer({ min: stagesFrom, max: stagesTo }),
      combine: fc.constantFrom("sum" as const, "product" as const),
      composed: fc.boolean(),
      cores: fc.option(fc.double({ min: 3, max: 40, noNaN: true }), { nil: undefined }),
      floor: fc.option(fc.double({ min: 0.01, max: 1, noNaN: true }), { nil: undefined }),
      alpha: fc.constantFrom(0, 0.3, 1, 10, 1000),
      beta: fc.constantFrom(0, 0.001, 0.1, 1),
      limit: fc.oneof(fc.double({ min: 0.1, max: 3, noNaN: true }), fc.constant(Infinity)),
    })
    .chain(({ stages, combine, composed, cores, floor, alpha, beta, limit }) => {
      const uses = [
        ...(cores === undefined ? [] : (["cores"] as const)),
        ...(floor === undefined ? [] : (["floor"] as const)),
      ];
      const asUse = (score: number): number => (combine === "sum" ? -score : -Math.log(score));
      const rows: readonly Row[] = [
        ...(cores === undefined ? [] : [{ name: "cores" as const, limit: cores }]),
        ...(floor === undefined
          ? []
          : [{ name: "accuracy_floor" as const, limit: asUse(combine === "sum" ? floor * stages : floor) }]),
      ];
      const path = Array.from({ length: stages }, (_, s) => s);
      return fc.tuple(...path.map((s) => stageOptions(s, uses, composed))).map((options): Problem => ({
        alpha,
        tieAlpha: 0,
        combine,
        options: options.map((ofStage) =>
          ofStage.map((option) => ({
            ...option,
            penalty: beta * option.penalty,
            uses: option.uses.map((use, r) => (uses[r] === "floor" ? asUse(use) : use)),
          })),
        ),
        latency: { limit, paths: [path] },
        rows,
      }));
    });

export const randomProblem = problemOfStages(2, 3);

/** The same with 3–4 stages and one to four paths; each stage is on one at least. */
export const randomGraphProblem: fc.Arbitrary<Problem> = fc
  .tuple(problemOfStages(3, 4), fc.array(fc.integer({ min: 1, max: 15 }), { minLength: 1, maxLength: 4 }))
  .map(([problem, masks]) => {
    const all = problem.options.map((_, s) => s);
    const paths = masks.map((mask) => all.filter((s) => ((mask >> s) & 1) === 1)).filter((path) => path.length > 0);
    const missed = all.filter((s) => !paths.some((path) => path.includes(s)));
    return { ...problem, latency: { ...problem.latency, paths: missed.length > 0 ? [...paths, missed] : paths } };
  });

/**
 * Products of 3–4 stages whose scores differ by 1e-9 to 1e-6, or are 0: where HiGHS's
 * presolve was seen to lose the best plan.
 */
export const nearlyEqualScores: fc.Arbitrary<Problem> = fc
  .record({
    stages: fc.integer({ min: 3, max: 4 }),
    step: fc.constantFrom(1e-6, 1e-7, 3e-8, 1e-8, 3e-9, 1e-9),
    alpha: fc.constantFrom(1, 100, 1000),
    beta: fc.constantFrom(0.001, 0.5, 1),
    limit: fc.double({ min: 0.3, max: 2.5, noNaN: true }),
  })
  .chain(({ stages, step, alpha, beta, limit }) => {
    const unit = fc.double({ min: 0, max: 1, noNaN: true });
    const variant = fc
      .record({
        score: fc.oneof(
          { weight: 4, arbitrary: fc.integer({ min: 0, max: 5 }).map((k) => 0.8 + step * k) },
          { weight: 2, arbitrary: unit.map((u) => 0.3 + 0.7 * u) },
          { weight: 1, arbitrary: fc.constant(0) },
        ),
        batches: fc.array(fc.record({ cores: fc.integer({ min: 1, max: 80 }), mean: unit }), {
          minLength: 1,
          maxLength: 3,
        }),
      })
      .map(({ score, batches }) =>
        batches.map(({ cores, mean }) =>
          chosenOption({ score, cores, penalty: beta * cores, latency: { mean, forming: 0, excessSquared: 0 } }),
        ),
      );
    const stage = fc.array(variant, { minLength: 1, maxLength: 4 }).map((variants) => variants.flat());
    return fc.array(stage, { minLength: stages, maxLength: stages }).map((options): Problem => ({
      alpha,
      tieAlpha: 0,
      combine: "product",
      options,
      latency: { limit, paths: [options.map((_, s) => s)] },
      rows: [],
    }));
  });
