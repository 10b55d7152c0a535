import assert from "node:assert/strict";
import { test } from "node:test";
import type { Control } from "../../../src/core/control.ts";
import { measure } from "../../../src/controller/see/measure.ts";
import type { Budget, QuerySamples } from "../../../src/controller/see/prometheus.ts";
import type { Pipeline } from "../../../src/core/pipeline.ts";
import { parseResource } from "../../../src/formats/resource.ts";
import { pipelineObject, profilesObject } from "../../cluster/scene/objects.ts";

function built(): { readonly pipeline: Pipeline; readonly control: Control } {
  const profiles = new Map(
    Object.entries((profilesObject() as { readonly data: Readonly<Record<string, string>> }).data),
  );
  return parseResource(pipelineObject(), profiles, "p");
}

test("a pipeline of many stages asks for little at once, for the load first, and all answers share one budget", async () => {
  const { pipeline, control } = built();
  const [stage] = control.stages;
  assert.ok(stage !== undefined);
  const stages = Array.from({ length: 32 }, (_, i) => ({
    ...stage,
    serviceTime: { sum: `sum${i}`, count: `count${i}`, requests: `requests${i}`, variantLabel: null },
  }));
  const asked: string[] = [];
  const budgets = new Set<Budget | undefined>();
  let [now, most] = [0, 0];
  const query: QuerySamples = async (selector, _seconds, _at, _signal, budget) => {
    asked.push(selector);
    budgets.add(budget);
    now += 1;
    most = Math.max(most, now);
    await new Promise((resolve) => setImmediate(resolve));
    now -= 1;
    return [];
  };
  const turn = () => measure(query, pipeline, { ...control, stages }, 1e9, 100, new AbortController().signal);
  await turn();
  assert.equal(most, 4);
  assert.equal(asked.filter((one) => /^(?:sum|count|requests)\d+$/.test(one)).length, 96);
  assert.doesNotMatch(asked[0] ?? "", /^(?:sum|count|requests)\d/);
  assert.equal(budgets.size, 1);
  assert.ok([...budgets].every((budget) => budget !== undefined && Number.isFinite(budget.bytes)));
  // Each turn has its own.
  await turn();
  assert.equal(budgets.size, 2);
});
