import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { toExactJson, fromExactJson } from "../../src/core/exact-json.ts";
import { tick } from "../../src/core/loop.ts";
import type { Pipeline } from "../../src/core/pipeline.ts";
import type { Run } from "../../src/core/run-log.ts";
import { slowedBy } from "../../src/core/slowdown.ts";
import { loadPipeline, loadTrace } from "../../src/formats/files.ts";
import { simulate } from "../../src/sim/simulator.ts";
import { scenarioOf } from "../../src/study/replay.ts";
import { assemble } from "../../src/study/setup.ts";

const fileOf = (path: string): string => new URL(`../../${path}`, import.meta.url).pathname;

function slower(pipeline: Pipeline, factor: number): Pipeline {
  const stages = pipeline.stages.map((stage) => ({
    ...stage,
    variants: stage.variants.map((variant) => slowedBy(variant, factor)),
  }));
  return { ...pipeline, stages };
}

const pipeline = await loadPipeline(fileOf("pipelines/video.yaml"));
const trace = await loadTrace(fileOf("traces/fluctuating.csv"));
const planner = await assemble({ pipeline, policy: "ipa", predictor: "max", queueing: "tail", engine: "exact" });

/** Of all requests those answered within the SLA, with services so many times as slow as profiled. */
function onTime(factor: number, measuresService: boolean): { readonly share: number; readonly run: Run } {
  const scenario = scenarioOf(planner, trace, 1, { measuresService });
  const run = simulate({ ...scenario, pipeline: slower(pipeline, factor) }, (seen) => {
    const decision = tick(planner, seen);
    // What a journal keeps is enough.
    const again = tick(planner, fromExactJson(toExactJson(seen)) as typeof seen);
    assert.equal(toExactJson(again), toExactJson(decision));
    return decision;
  });
  const { served, late, offered } = run.requests;
  return { share: (served - late) / offered, run };
}

describe("services that are 1.5 times as slow as profiled", () => {
  const asProfiled = onTime(1, false);

  test("ruin a plan that does not see it, and not one that does", () => {
    const [blind, seeing] = [onTime(1.5, false), onTime(1.5, true)];
    assert.ok(asProfiled.share > 0.9);
    assert.ok(blind.share < 0.5, `${blind.share} without measurements`);
    assert.ok(seeing.share > asProfiled.share - 0.02, `${seeing.share}, and ${asProfiled.share} as profiled`);
    assert.ok(seeing.run.intervals.some(({ reason }) => reason === "service-slower"));
    // It does not go to and fro.
    assert.ok(seeing.run.planChanges <= asProfiled.run.planChanges + 6);
  });

  test("where they are as profiled, or faster, measuring changes nothing", () => {
    assert.deepEqual(onTime(1, true).run, asProfiled.run);
    assert.deepEqual(onTime(0.8, true).run, onTime(0.8, false).run);
  });
});
