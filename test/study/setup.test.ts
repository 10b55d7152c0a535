import assert from "node:assert/strict";
import { test } from "node:test";
import type { Objective, Pipeline, Stage } from "../../src/core/pipeline.ts";
import { assemble, engineOf } from "../../src/study/setup.ts";
import { pipelineOf, variant } from "../fixtures.ts";

const variants = [variant("only", { 1: 0.1 })];

/** One stage, then so many side by side, then one that joins them. */
function wide(branches: number, accuracy: Objective["accuracy"], cores?: number): Pipeline {
  const stage = (name: string, after: readonly string[]): Stage => ({ name, after, fanOut: 1, variants });
  const between = Array.from({ length: branches }, (_, i) => `b${i}`);
  const plain = pipelineOf([]);
  return {
    ...plain,
    stages: [stage("first", []), ...between.map((name) => stage(name, ["first"])), stage("last", between)],
    objective: { kind: "weighted", accuracy, alpha: 1, beta: 1, delta: 0 },
    limits: { ...plain.limits, ...(cores === undefined ? {} : { cores }) },
  };
}

const chosen = (pipeline: Pipeline, queueing = "tail", engine = "auto") => engineOf({ pipeline, queueing, engine });

test("auto: exact, but highs where eight stages side by side, a budget, added accuracies and tail latency come together", () => {
  assert.deepEqual(chosen(pipelineOf([variants, variants])), {
    engine: "exact",
    reason: "2 stages on one path, accuracies multiplied, no core budget",
  });
  assert.deepEqual(chosen(wide(8, "average", 50)), {
    engine: "highs",
    reason: "10 stages on 8 paths, up to 8 side by side, accuracies added, a core budget: exact may end without a plan",
  });
  assert.equal(chosen(wide(7, "average", 50)).engine, "exact");
  assert.equal(chosen(wide(8, "average")).engine, "exact");
  assert.equal(chosen(wide(8, "pas", 50)).engine, "exact");
  assert.equal(chosen(wide(8, "average", 50), "paper").engine, "exact");
});

test("an engine that is asked for is taken; the planner's is the one that was chosen", async () => {
  assert.deepEqual(chosen(wide(8, "average", 50), "tail", "exact"), { engine: "exact", reason: "as asked for" });
  assert.throws(() => chosen(wide(1, "pas"), "tail", "cplex"), /known are auto, exact, exhaustive, highs/);
  const setup = { pipeline: wide(8, "average", 50), policy: "ipa", predictor: "max", queueing: "tail", engine: "auto" };
  const { solver } = await assemble(setup);
  const none = {
    alpha: 1,
    tieAlpha: 0,
    combine: "sum",
    options: [[]],
    latency: { limit: 1, paths: [[0]] },
    rows: [],
  } as const;
  assert.equal(solver(none).engine, "highs");
});
