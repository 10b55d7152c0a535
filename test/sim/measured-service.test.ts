import assert from "node:assert/strict";
import { test } from "node:test";
import { simulate } from "../../src/sim/simulator.ts";
import { draws, pipelineOf, plan, scenarioOf, script, variant } from "../fixtures.ts";

test("S18: decisions see the batches that ended lately, of the variant that served last; without it nothing", () => {
  const plain = pipelineOf([[variant("a", { 1: 1, 4: 2.5 }), variant("b", { 1: 0.5 })]]);
  const adaptation = { ...plain.adaptation, interval: 4, history: 8 };
  const of = { ...plain, adaptation };
  const scenario = scenarioOf(of, plan(["a", 1, 4, 0]), 24, { measuresService: true });
  const { control, observations } = script(plan(["a", 1, 4, 0]), plan(["b", 1]), plan(["b", 1]), plan(["b", 1]));
  const arrivals = draws([0, 0.5, 0.6, 3.5, 9, 10, 17]);
  simulate(scenario, control, arrivals);
  const [a, b] = ["a", "b"].map((name) => ({ stage: "s0", variant: name, batch: name === "a" ? 4 : 1 }));
  const two = 1 + (2.5 - 1) / 3;
  assert.deepEqual(
    observations.map(({ served = [] }) =>
      served.map((one) => ({ ...one, seconds: Math.round(1e9 * one.seconds) / 1e9 })),
    ),
    [
      // One alone; then two that had waited for it, together. The one of 3.5 is not over.
      [{ ...a, batches: 2, seconds: 1 + two, requests: 3 }],
      [{ ...a, batches: 3, seconds: 2 + two, requests: 4 }],
      // From 8 on b; what a did is over, for this.
      [{ ...b, batches: 2, seconds: 1, requests: 2 }],
      [{ ...b, batches: 2, seconds: 1, requests: 2 }],
      // Those before 12 are no longer of the last 8 s.
      [{ ...b, batches: 1, seconds: 0.5, requests: 1 }],
    ],
  );
  const unseen = script(plan(["a", 1, 4, 0]));
  simulate({ ...scenario, measuresService: false }, unseen.control, arrivals);
  assert.ok(unseen.observations.every((seen) => !("served" in seen)));
});
