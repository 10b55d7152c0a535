import assert from "node:assert/strict";
import { test } from "node:test";
import { decide } from "../../src/core/decide.ts";
import { remembering } from "../../src/study/remember.ts";
import { assemble } from "../../src/study/setup.ts";
import { pipelineOf, variant } from "../fixtures.ts";

const base = pipelineOf([[variant("v", { 1: 0.2, 2: 0.3 })]], { limits: { replicas: 2, batch: 2 } });
const holding = { ...base, reproduction: { ...base.reproduction, infeasible: "hold" as const } };
const setup = { pipeline: holding, policy: "ipa", predictor: "max", queueing: "paper", engine: "exact" };
const running = [{ stage: base.stages[0]?.name ?? "", variant: "v", batch: 2, batchTimeout: 0.5, replicas: 2 }];

test("a plan that is held is the running one, with its own time-outs, each time", async () => {
  const planner = await assemble(setup);
  const make = remembering(planner);
  const tooMuch = 1000;
  const later = running.map((stage) => ({ ...stage, batchTimeout: 0.25 }));
  for (const plan of [running, later, running]) {
    const decision = make(planner, tooMuch, plan);
    assert.equal(decision.reason, "held-infeasible");
    assert.equal(decision.plan, plan);
  }
});

test("what is remembered is what would be decided, and only for its own planner", async () => {
  const planner = await assemble(setup);
  const make = remembering(planner);
  for (const load of [2, 5, 2, 5, 2]) assert.deepEqual(make(planner, load, running), decide(planner, load, running));
  const other = await assemble(setup);
  assert.throws(() => make(other, 2, running), RangeError);
});
