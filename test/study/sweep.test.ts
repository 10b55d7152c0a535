import assert from "node:assert/strict";
import { test } from "node:test";
import { replay } from "../../src/study/replay.ts";
import { assemble } from "../../src/study/setup.ts";
import { runner, runsOf } from "../../src/study/sweep.ts";
import { constantRate, pipelineOf, variant } from "../fixtures.ts";

const weighted = pipelineOf([[variant("small", { 1: 0.1 }), variant("large", { 1: 0.2 }, { accuracy: 0.9 })]]);
const cheap = pipelineOf([[variant("small", { 1: 0.1 })]], {
  name: "cheap",
  objective: { kind: "minCost", accuracy: "pas", accuracyFloor: 0.1 },
});
const trace = constantRate(5, 40);

test("absent lists leave what the pipeline says: one run", () => {
  const [run, ...rest] = runsOf({ pipelines: [weighted], traces: [trace] });
  assert.deepEqual(rest, []);
  assert.deepEqual(run?.setup, {
    pipeline: weighted,
    policy: "ipa",
    predictor: "reactive",
    queueing: "tail",
    engine: "auto",
  });
  assert.deepEqual(run?.coordinates, {
    run: 0,
    pipeline: "hand-made",
    trace: "constant",
    policy: "ipa",
    predictor: "reactive",
    queueing: "tail",
    sla_s: 2,
    alpha: 10,
    beta: 1,
    seed: 1,
    accuracy_metric: "pas",
  });
});

test("each combination is a run, the seed changing fastest; weights only where the objective has them", () => {
  const sweep = {
    pipelines: [weighted, cheap],
    traces: [trace],
    policies: ["ipa", "fa2-low"],
    predictors: ["max", "reactive"],
    queueing: ["paper", "tail"],
    slas: [1, 3],
    alphas: [1, 2, 3],
    betas: [0, 0.5],
    seeds: [7, 9],
  };
  const runs = runsOf(sweep);
  assert.equal(runs.length, 2 ** 4 * 6 * 2 + 2 ** 4 * 2);
  assert.deepEqual(
    runs.map(({ coordinates }) => coordinates.run),
    runs.map((_, i) => i),
  );
  assert.equal(new Set(runs.map(({ coordinates }) => JSON.stringify({ ...coordinates, run: 0 }))).size, runs.length);
  assert.deepEqual(
    runs.slice(0, 6).map(({ coordinates: { alpha, beta, seed } }) => [alpha, beta, seed]),
    [
      [1, 0, 7],
      [1, 0, 9],
      [1, 0.5, 7],
      [1, 0.5, 9],
      [2, 0, 7],
      [2, 0, 9],
    ],
  );
  const last = runs.at(-1);
  assert.deepEqual(last?.setup.pipeline, { ...cheap, sla: { seconds: 3, quantile: 0.99 } });
  assert.deepEqual([last.coordinates.alpha, last.coordinates.beta], [null, null]);
});

test("a run is the replay of its setup, whatever the runner did before", async () => {
  const runs = runsOf({ pipelines: [weighted], traces: [trace], alphas: [0.1, 10], seeds: [1, 2] });
  const carryOut = runner(async () => ({}));
  for (const run of [...runs, ...runs.toReversed()]) {
    const alone = replay(await assemble(run.setup, { future: () => 0 }), trace, run.seed);
    assert.deepEqual(await carryOut(run), alone);
  }
});
