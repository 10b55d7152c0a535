import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { IntervalRow } from "../../src/core/run-log.ts";
import { replay, scenarioOf } from "../../src/study/replay.ts";
import { assemble } from "../../src/study/setup.ts";
import type { Trace } from "../../src/workload/trace.ts";
import { pipelineOf, variant } from "../fixtures.ts";

// "large" serves 4 rps with a core, "small" 10.
const startUp = { mean: 5 };
const pipeline = pipelineOf(
  [
    [
      variant("large", { 1: 0.25 }, { accuracy: 0.9, startUp }),
      variant("small", { 1: 0.1 }, { accuracy: 0.5, startUp }),
    ],
  ],
  { objective: { kind: "weighted", accuracy: "pas", alpha: 30, beta: 1, delta: 0 } },
);

/** Calm for five minutes, three times the load for five, calm for a quarter of an hour. */
const step: Trace = {
  kind: "rates",
  name: "step",
  rates: Float64Array.from({ length: 1500 }, (_, second) => (second >= 300 && second < 600 ? 12 : 4)),
};

const plannerOf = (policy: string) =>
  assemble({ pipeline, policy, predictor: "max", queueing: "tail", engine: "exact" });

/** The intervals of a run that begin in [from, to). */
async function intervalsOf(policy: string): Promise<(from: number, to: number) => readonly IntervalRow[]> {
  const { intervals } = replay(await plannerOf(policy), step, 7);
  return (from, to) => intervals.filter((row) => row.from >= from && row.from < to);
}

const settings = (rows: readonly IntervalRow[]) => [
  ...new Set(rows.map(({ plan: [stage] }) => `${stage?.variant}/${stage?.replicas}`)),
];

describe("on a step in the load", () => {
  test("hpa adds replicas every 15 s, and takes them away 300 s after it ends", async () => {
    const between = await intervalsOf("hpa");
    assert.deepEqual([...new Set(between(0, 1485).map(({ from, to }) => to - from))], [15]);
    const most = (from: number, to: number) => Math.max(...between(from, to).map(({ ready: [count = 0] }) => count));
    const least = (from: number, to: number) => Math.min(...between(from, to).map(({ ready: [count = 0] }) => count));
    const calm = most(0, 300);
    assert.ok(least(480, 600) > calm, "it should have scaled up");
    assert.ok(least(615, 885) > calm, "it should not scale down within the stabilisation window");
    assert.ok(most(1000, 1500) < least(480, 600), "it should have scaled down");
    assert.equal(new Set(between(0, 1500).map(({ plan: [stage] }) => stage?.variant)).size, 1);
  });

  test("switcher goes over to the faster variant within its cores, and comes back", async () => {
    const between = await intervalsOf("switcher");
    const first = between(0, 10)[0];
    assert.deepEqual(settings(between(0, 10)), settings(between(290, 300)));
    assert.equal(first?.plan[0]?.variant, "large");
    assert.ok(between(300, 600).some(({ plan: [stage] }) => stage?.variant === "small"));
    assert.equal(between(700, 1500).at(-1)?.plan[0]?.variant, "large");
    for (const { plannedCores } of between(0, 1500)) assert.ok(plannedCores <= (first?.plannedCores ?? 0));
  });

  test("static never changes", async () => {
    const between = await intervalsOf("static");
    assert.equal(settings(between(0, 1500)).length, 1);
    assert.deepEqual([...new Set(between(10, 1500).map(({ reason }) => reason))], ["unchanged"]);
  });

  test("the same seed gives the same run, to the last byte", async () => {
    const bytesOf = async (policy: string): Promise<string> => JSON.stringify(replay(await plannerOf(policy), step, 3));
    for (const policy of ["hpa", "switcher", "static"]) {
      assert.equal(await bytesOf(policy), await bytesOf(policy), policy);
    }
  });
});

test("the plan at time 0 is made for the load that the policy says", async () => {
  // Of the first ten seconds, of all 1500, and the greatest.
  for (const [policy, load] of [
    ["ipa", 4],
    ["hpa", 4],
    ["switcher", (1200 * 4 + 300 * 12) / 1500],
    ["static", 12],
  ] as const) {
    const planner = await plannerOf(policy);
    const { startPlan } = scenarioOf(planner, step, 1);
    assert.deepEqual(startPlan, scenarioOf(planner, step, 1, { startLoad: load }).startPlan, policy);
    assert.deepEqual(scenarioOf(planner, step, 1, { startPlan: [...startPlan] }).startPlan, startPlan);
  }
});

test("only a policy that says so has an interval of its own", async () => {
  const intervals = ["ipa", "hpa", "switcher", "static"].map(
    async (policy) => (await plannerOf(policy)).pipeline.adaptation.interval,
  );
  assert.deepEqual(await Promise.all(intervals), [10, 15, 10, 10]);
});
