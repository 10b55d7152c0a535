import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { batchOf, withBatches } from "../../../src/controller/see/batches.ts";
import { capacityOf } from "../../../src/core/capacity.ts";
import { allowedOf } from "../../../src/core/pins.ts";
import type { Pipeline, Stage } from "../../../src/core/pipeline.ts";
import { pipelineOf, stagePlan, variant } from "../../fixtures.ts";

function changed(profile: Readonly<Record<number, number>>, rest: Partial<Stage>): readonly [Pipeline, Stage] {
  const pipeline = pipelineOf([[variant("a", profile), variant("b", profile)]]);
  const [first] = pipeline.stages;
  assert.ok(first !== undefined);
  const stage = { ...first, ...rest };
  return [{ ...pipeline, stages: [stage] }, stage];
}

test("a batch is kept while the pipeline offers it; else it is the least that it does, whichever variant is to run", () => {
  const of = (rest: Partial<Stage>, profile: Readonly<Record<number, number>> = { 1: 0.1, 2: 0.12, 4: 0.2 }) =>
    batchOf(...changed(profile, rest), "a", { batch: 2, batchTimeout: 3 });
  assert.deepEqual(of({}), { batch: 2, batchTimeout: 3 });
  assert.deepEqual(of({ pin: { batches: [4] } }), { batch: 4, batchTimeout: 0 });
  assert.equal(of({ forbid: { batches: [2] } }).batch, 1);
  assert.equal(of({}, { 1: 0.1 }).batch, 1);
  assert.equal(of({}, { 4: 0.1 }).batch, 4);
  assert.equal(of({ pin: { variants: ["b"], batches: [2] } }).batch, 2);
  assert.equal(of({ pin: { variants: ["b"], batches: [4] } }).batch, 4);
  assert.equal(of({ pin: { replicas: 3, batches: [4] }, forbid: { variants: ["a"] } }).batch, 4);
  assert.equal(batchOf(...changed({ 2: 0.1, 4: 0.2 }, {}), "a", null).batch, 2);
});

test("property: whatever became of the pipeline, the batch leaves a choice where there is any, and the profile knows it", () => {
  const sizes = fc.uniqueArray(fc.constantFrom(1, 2, 4, 8), { minLength: 1 });
  const at = fc.record({
    profiled: sizes,
    pinned: fc.option(sizes),
    forbidden: fc.option(sizes),
    known: fc.option(sizes),
  });
  fc.assert(
    fc.property(at, ({ profiled, pinned, forbidden, known }) => {
      const [pipeline, stage] = changed(Object.fromEntries(profiled.map((size) => [size, size / 10])), {
        ...(pinned === null ? {} : { pin: { batches: pinned } }),
        ...(forbidden === null ? {} : { forbid: { batches: forbidden } }),
      });
      const { batch } = batchOf(
        pipeline,
        stage,
        "a",
        known === null ? null : { batch: known[0] ?? 1, batchTimeout: 0 },
      );
      const allowed = allowedOf(pipeline.limits, stage, undefined).map((one) => one.batch);
      assert.ok(allowed.length === 0 || allowed.includes(batch));
      const [a] = stage.variants;
      assert.ok(a !== undefined && capacityOf(pipeline, a, batch).rate > 0);
    }),
  );
});

test("so it is of what a switch comes from", () => {
  const switching = { from: { ...stagePlan("s0", "a", 3), batch: 4 }, phase: "Preparing", since: 7 } as const;
  const state = { rollouts: { s0: { switching, setbacks: [] }, former: { switching, setbacks: [] } } };
  const [pipeline] = changed({ 1: 0.1, 2: 0.2 }, {});
  const { rollouts } = withBatches(pipeline, state);
  assert.deepEqual(rollouts?.["s0"]?.switching, { ...switching, from: { ...switching.from, batch: 1 } });
  assert.deepEqual(rollouts?.["former"], state.rollouts.former);
  assert.deepEqual(withBatches(changed({ 1: 0.1, 4: 0.2 }, {})[0], state), state);
  assert.deepEqual(withBatches(pipeline, {}), {});
});
