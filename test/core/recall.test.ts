import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { LoopState } from "../../src/core/cluster.ts";
import { tick } from "../../src/core/loop.ts";
import { recalled } from "../../src/core/recall.ts";
import { assemble } from "../../src/study/setup.ts";
import { loadPipeline } from "../../src/formats/files.ts";

const pipeline = await loadPipeline("pipelines/traffic.yaml");
const planner = await assemble({ pipeline, policy: "ipa", predictor: "max", queueing: "tail", engine: "exact" });

test("a memory that was lost is made anew from the load that was measured", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 400, maxLength: 700 }), (rates) => {
      const { interval, history } = pipeline.adaptation;
      const load = (until: number, seconds: number) => ({
        end: until,
        step: 1,
        rates: rates.slice(Math.max(0, until - seconds), until),
      });
      // Whole windows of history have passed by the first decision.
      let state = null as LoopState | null;
      for (let now = history + interval; now < rates.length; now += interval) {
        const lost = recalled(planner, load(now, now), now);
        assert.deepEqual(lost, state?.planning?.asked ?? []);
        state = tick(planner, { now, load: load(now, history), running: [], replicas: [], stages: [], state }).state;
      }
    }),
    { numRuns: 5 },
  );
});
