import { test } from "node:test";
import fc from "fast-check";
import { drawsOf } from "../../src/workload/draws.ts";
import { both } from "./both.ts";
import { randomCase, randomGraphCase } from "./random-scenarios.ts";

test("S15: the simulator gives the bytes of the reference on 1,000 random scenarios", () => {
  fc.assert(
    fc.property(randomCase, ({ scenario, control }) => {
      both(scenario, drawsOf(scenario, scenario.pipeline.stages), control);
    }),
    { numRuns: 1000, seed: 20_240_101 },
  );
});

test("S14, S15: and on 600 random graphs with fan-out and joins", () => {
  fc.assert(
    fc.property(randomGraphCase, ({ scenario, control }) => {
      both(scenario, drawsOf(scenario, scenario.pipeline.stages), control);
    }),
    { numRuns: 600, seed: 20_240_102 },
  );
});
