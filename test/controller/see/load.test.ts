import assert from "node:assert/strict";
import { test } from "node:test";
import { firstDownFrom } from "../../../src/controller/see/load.ts";
import { defaults } from "../../../src/core/pipeline.ts";
import { pipelineOf } from "../../fixtures.ts";

const pipeline = pipelineOf([], { adaptation: defaults.adaptation });
const { stabilization } = defaults.adaptation.movement;

test("at first nothing goes down before the load has been known for the stabilisation, without a break", () => {
  const fromWhen = (rates: readonly (number | null)[], before: number | null, now: number): number | null =>
    firstDownFrom(pipeline, { end: now, step: 10, rates }, before, now);
  assert.equal(fromWhen([null], null, 1000), null);
  const from = fromWhen([null, 5, 5], null, 1000);
  assert.equal(from, 1000 + stabilization - 20);
  assert.equal(fromWhen([5, 5, 5], from, 1100), from);
  // Unknown again before that: it begins anew.
  assert.equal(fromWhen([5, 5, null], from, 1100), null);
  // Once it is over it is.
  assert.equal(fromWhen([null], from, 1000 + stabilization), from);
  assert.equal(
    fromWhen(
      Array.from({ length: 100 }, () => 5),
      null,
      1000,
    ),
    1000,
  );
});
