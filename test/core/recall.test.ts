import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { LoadSeries, LoopState } from "../../src/core/cluster.ts";
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
        const lost = recalled(planner, load(now, now), now, 0);
        assert.deepEqual(lost, state?.planning?.asked ?? []);
        state = tick(planner, { now, load: load(now, history), running: [], replicas: [], stages: [], state }).state;
      }
    }),
    { numRuns: 5 },
  );
});

test("what cannot be told of the past is what is planned for: nothing falls sooner than the load is known for the stabilisation again", () => {
  const { interval, history, movement } = pipeline.adaptation;
  const [now, held] = [7200, 30];
  /** Whether the first decision plans for less, the load being known for so many seconds, after so many without it. */
  const fallsAt = (seconds: number, gap: number): boolean => {
    const rates = Array.from({ length: now }, (_, t) => (t < now - seconds && t >= now - seconds - gap ? null : 2));
    const measured: LoadSeries = { end: now, step: 1, rates };
    const planning = { load: held, asked: recalled(planner, measured, now, held), switchedAt: {} };
    const load = { ...measured, rates: rates.slice(-history) };
    const { state } = tick(planner, { now, load, running: [], replicas: [], stages: [], state: { planning } });
    return (state?.planning?.load ?? NaN) < held;
  };
  const { stabilization } = movement;
  for (const gap of [history, stabilization + history, now]) {
    assert.equal(fallsAt(stabilization, gap), false, `after a gap of ${gap} s`);
    assert.equal(fallsAt(history / 2 + stabilization + interval, gap), true, `after a gap of ${gap} s`);
  }
  // A window or two that are missing are no gap.
  assert.equal(fallsAt(100, interval), true);
});
