import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { accuracyOf } from "../../src/core/accuracy.ts";
import { decide, type Planner } from "../../src/core/decide.ts";
import { tick } from "../../src/core/loop.ts";
import type { Pipeline, Variant } from "../../src/core/pipeline.ts";
import { planCores, type Plan } from "../../src/core/plan.ts";
import { policyOf } from "../../src/core/policies.ts";
import { reactive } from "../../src/core/predictors/simple.ts";
import { paper } from "../../src/core/queueing/paper.ts";
import { restrict, type Restriction } from "../../src/core/restrict.ts";
import { exhaustive } from "../../src/solver/exhaustive.ts";
import { pipelineOf, plan, variant } from "../fixtures.ts";

// One stage: "small" serves 10 rps with a core, accuracy 0.5; "large" 5 rps, accuracy 0.9, which is worth it.
const small = (rest: Partial<Variant> = {}) => variant("small", { 1: 0.1, 2: 0.2 }, { accuracy: 0.5, ...rest });
const large = (rest: Partial<Variant> = {}) => variant("large", { 1: 0.2, 2: 0.4 }, { accuracy: 0.9, ...rest });
const objective = { kind: "weighted", accuracy: "pas", alpha: 100, beta: 1, delta: 0 } as const;
const of = (rest: Partial<Pipeline> = {}, variants = [small(), large()]): Pipeline =>
  pipelineOf([variants], { objective, ...rest });

const plannerOf = (pipeline: Pipeline): Planner => ({
  pipeline,
  policy: policyOf(pipeline, "ipa"),
  predictor: reactive,
  queueing: paper,
  solver: exhaustive,
});
const chosen = (it: Plan) => it.map(({ variant: name, batch, replicas }) => `${name}/${batch}/${replicas}`).join(" ");

/** What is decided for a load within what a world leaves of the stage. */
function left(pipeline: Pipeline, load: number, ...restrictions: readonly Omit<Restriction, "stage">[]): string {
  const those = restrictions.map((one) => ({ stage: "s0", ...one }));
  const decided = decide(plannerOf(restrict(pipeline, those)), load, plan(["small", 7]));
  return decided.outcome?.status === "optimal" ? chosen(decided.plan) : decided.reason;
}

describe("restrictions", () => {
  test("none is the same pipeline", () => {
    const pipeline = of();
    assert.equal(restrict(pipeline, []), pipeline);
  });

  test("variants, batches and counts", () => {
    assert.equal(left(of(), 20), "large/1/4");
    assert.equal(left(of(), 20, { variants: ["small"] }), "small/1/2");
    assert.equal(left(of(), 20, { variants: ["small", "large"], batches: [2] }), "large/2/4");
    assert.equal(left(of(), 20, { replicas: { large: { most: 3 } } }), "small/1/2");
    assert.equal(left(of(), 20, { replicas: { large: { fewest: 6 } } }), "large/1/6");
    assert.equal(left(of(), 20, { replicas: { large: { fewest: 5, most: 5 } } }), "large/1/5");
    // Together.
    assert.equal(
      left(of(), 20, { replicas: { large: { most: 3 } } }, { replicas: { small: { fewest: 3 } } }),
      "small/1/3",
    );
  });

  test("what is fixed at none is not offered", () => {
    assert.equal(left(of(), 20, { replicas: { large: { fewest: 0, most: 0 } } }), "small/1/2");
    assert.equal(left(of(), 20, { replicas: { large: { most: 0 } } }), "small/1/2");
  });

  test("a fixed count stands above the bounds of the file, the others keep them", () => {
    const narrow = of({ limits: { replicas: 4, batch: 64 } }, [small(), large({ minReplicas: 3, maxReplicas: 4 })]);
    assert.equal(left(narrow, 20, { replicas: { large: { fewest: 9, most: 9 } } }), "large/1/9");
    assert.equal(left(narrow, 5, { replicas: { large: { fewest: 1, most: 1 } } }), "large/1/1");
    const held = { variants: ["small"], replicas: { large: { fewest: 9, most: 9 } } };
    assert.equal(left(narrow, 40, held), "small/1/4");
    assert.equal(left(narrow, 41, held), "best-effort");
    // A number that the stage pins is for those that are not fixed.
    const [stage] = of().stages;
    assert.ok(stage !== undefined);
    const pinned = of({ stages: [{ ...stage, pin: { replicas: 6 } }] });
    assert.equal(left(pinned, 20, { replicas: { large: { fewest: 5, most: 5 } } }), "large/1/5");
    assert.equal(left(pinned, 20, { variants: ["small"], replicas: { large: { fewest: 5, most: 5 } } }), "small/1/6");
  });

  test("a bound that is not fixed is within those of the file", () => {
    const narrow = of({}, [small(), large({ minReplicas: 3, maxReplicas: 4 })]);
    assert.equal(left(narrow, 20, { replicas: { large: { fewest: 2, most: 9 } } }), "large/1/4");
    assert.equal(left(narrow, 10, { replicas: { large: { fewest: 2, most: 9 } } }), "large/1/3");
  });

  test("forbids and pins of the file stay", () => {
    const [stage] = of().stages;
    assert.ok(stage !== undefined);
    const strict = of({ stages: [{ ...stage, pin: { batches: [1] }, forbid: { variants: ["large"] } }] });
    assert.equal(left(strict, 20, { variants: ["small", "large"], batches: [1, 2] }), "small/1/2");
    assert.equal(left(strict, 20, { variants: ["large"] }), "held-infeasible");
    assert.equal(left(strict, 20, { batches: [2] }), "held-infeasible");
  });

  test("where nothing is left what runs is held, also by the loop", () => {
    assert.equal(left(of(), 20, { variants: ["gone"] }), "held-infeasible");
    const running = plan(["small", 7]);
    const seen = { now: 10, load: { end: 10, step: 1, rates: [20] }, running, replicas: [], stages: [], state: null };
    const at = (restrictions: readonly Restriction[]) => tick(plannerOf(of()), { ...seen, restrictions });
    assert.equal(chosen(at([]).plan), "large/1/4");
    const held = at([{ stage: "s0", variants: [] }]);
    assert.deepEqual([held.plan, held.reason], [running, "held-infeasible"]);
    assert.equal(chosen(at([{ stage: "s0", variants: ["small"], batches: [2] }]).plan), "small/2/2");
    // Of a stage that there is not: nothing.
    assert.equal(chosen(at([{ stage: "gone", variants: [] }]).plan), "large/1/4");
  });

  test("what is fixed holds its cores also where another variant serves, and costs nothing more where it serves", () => {
    const cores = (variantName: string, replicas: number): number =>
      planCores(
        restrict(of(), [{ stage: "s0", replicas: { small: { fewest: 3, most: 3 } } }]),
        plan([variantName, replicas]),
      );
    const { stages } = of();
    const ofOne = (name: string): number =>
      stages[0]?.variants.find((one) => one.name === name)?.coresPerReplica ?? NaN;
    assert.equal(cores("small", 3), 3 * ofOne("small"));
    assert.equal(cores("large", 2), 3 * ofOne("small") + 2 * ofOne("large"));
  });

  test("accuracies keep the ranks of the whole file", () => {
    const three = of({ objective: { ...objective, accuracy: "rank-sum" } }, [
      small(),
      variant("mid", { 1: 0.1 }),
      large(),
    ]);
    const restricted = restrict(three, [{ stage: "s0", variants: ["mid", "large"] }]);
    const accuracy = ({ stages }: Pipeline) => stages[0]?.variants.map((one) => accuracyOf("rank-sum", stages, [one]));
    assert.deepEqual(accuracy(restricted), accuracy(three));
  });
});
