import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import type { Observation } from "../../src/core/cluster.ts";
import type { Planner } from "../../src/core/decide.ts";
import { InputError } from "../../src/core/errors.ts";
import { tick } from "../../src/core/loop.ts";
import type { Pipeline, Variant } from "../../src/core/pipeline.ts";
import type { Run } from "../../src/core/run-log.ts";
import { simulate } from "../../src/sim/simulator.ts";
import { futureOf, replay, scenarioOf } from "../../src/study/replay.ts";
import { assemble } from "../../src/study/setup.ts";
import type { Trace } from "../../src/workload/trace.ts";
import { pipelineOf, variant } from "../fixtures.ts";

const small = variant("small", { 1: 0.2, 2: 0.3, 4: 0.5 }, { accuracy: 0.6, startUp: { mean: 3 } });
const large = variant("large", { 1: 0.5, 2: 0.9 }, { accuracy: 0.9, coresPerReplica: 2, startUp: { mean: 5 } });
const withNoise = (of: Variant): Variant => ({ ...of, profile: of.profile.map((p) => ({ ...p, p99: 1.5 * p.mean })) });
const two = pipelineOf(
  [
    [withNoise(small), withNoise(large)],
    [withNoise(small), withNoise(large)],
  ],
  { sla: { seconds: 3, quantile: 0.99 }, limits: { replicas: 8, batch: 4 } },
);

const rates = (...values: readonly number[]): Trace => ({
  kind: "rates",
  name: "hand-made",
  rates: Float64Array.from(values),
});

/** Calm for 25 s, busy for 20, calm again. */
const step = rates(...Array.from({ length: 60 }, (_, second) => (second >= 25 && second < 45 ? 9 : 2)));

async function plannerOf(
  of: Pipeline,
  trace: Trace,
  given: { readonly policy?: string; readonly predictor?: string } = {},
): Promise<Planner> {
  const { policy = "ipa", predictor = "reactive" } = given;
  return assemble(
    { pipeline: of, policy, predictor, queueing: "paper", engine: "exhaustive" },
    { future: futureOf(trace, of.adaptation.loadWindow) },
  );
}

const records = { keepRequests: true, keepVisits: true };

describe("replay", () => {
  test("the same seed gives the same run, to the last record; another seed another", async () => {
    const made = async (seed: number): Promise<Run> => replay(await plannerOf(two, step), step, seed, records);
    assert.deepEqual(await made(1), await made(1));
    assert.notDeepEqual((await made(1)).requestRecords, (await made(2)).requestRecords);
  });

  test("all policies and predictors see the same requests at the same instants", async () => {
    const runs = await Promise.all(
      [{ policy: "ipa" }, { policy: "fa2-low" }, { policy: "fa2-high" }, { predictor: "oracle" }].map(async (given) =>
        replay(await plannerOf(two, step, given), step, 5, records),
      ),
    );
    for (const run of runs) assert.deepEqual(run.requestRecords?.arrival, runs[0]?.requestRecords?.arrival);
    // They do not all do the same with them.
    assert.ok(new Set(runs.map((run) => run.plannedCores)).size > 1);
  });

  test("the oracle plans for the greatest load of the horizon, before it is there", async () => {
    const oracle = replay(await plannerOf(two, step, { predictor: "oracle" }), step, 1);
    // Ticks at 10, …, 50 see 20 s ahead: of [10, 30) the busy load begins at 25; [40, 60) still has it; [50, 60) not.
    assert.deepEqual(
      oracle.intervals.map((row) => row.predicted),
      [null, 9, 9, 9, 9, 2],
    );
    const reactive = replay(await plannerOf(two, step), step, 1, { arrivals: "uniform" });
    // The second before each tick: 9, 19, 29, 39, 49.
    assert.deepEqual(
      reactive.intervals.map((row) => row.predicted),
      [null, 2, 2, 9, 9, 2],
    );
    // From 20 on: two small ones carry 2·5 ≥ 9 per second; one large one 1/0.5 = 2.
    const second = (run: Run) => run.intervals[2]?.plan.map((stage) => [stage.variant, stage.replicas]);
    assert.deepEqual(second(oracle)?.[0], ["small", 2]);
    assert.deepEqual(second(reactive)?.[0], ["large", 1]);
  });

  test("the load to come is the greatest mean over the window, and the last load after the end", () => {
    const trace = rates(1, 2, 6, 4, 3);
    assert.deepEqual([futureOf(trace, 1)(0, 5), futureOf(trace, 1)(3, 5), futureOf(trace, 1)(7, 9)], [6, 4, 3]);
    // Two-second means, counted back from the end: (4 + 3)/2 and (2 + 6)/2; the first second is left over.
    assert.equal(futureOf(trace, 2)(0, 5), 4);
    // A trace knows no less than seconds.
    assert.equal(futureOf(trace, 0.5)(0, 5), 6);
  });

  test("the start plan is that of the first ten seconds' mean load, or of the load given", async () => {
    const planner = await plannerOf(two, step);
    // Nine seconds of 2 and one of 12: 3 on average.
    const uneven = rates(...Array<number>(9).fill(2), 12, ...Array<number>(10).fill(50));
    assert.deepEqual(
      scenarioOf(planner, uneven, 1).startPlan,
      scenarioOf(planner, uneven, 1, { startLoad: 3 }).startPlan,
    );
    assert.notDeepEqual(
      scenarioOf(planner, uneven, 1).startPlan,
      scenarioOf(planner, uneven, 1, { startLoad: 9 }).startPlan,
    );
  });

  test("a start load with not even a nearest plan is an error that says so", async () => {
    // Two stages need two cores at least.
    const poor = { ...two, limits: { ...two.limits, cores: 1 } };
    const planner = await plannerOf(poor, step);
    assert.throws(
      () => replay(planner, step, 1),
      (error) =>
        error instanceof InputError &&
        error.code === "bad_value" &&
        /policy ipa: no plan can start at 2 rps\. Ask `ipa plan PIPELINE --load 2 --policy ipa`/.test(error.message),
    );
  });

  test("data that are not fit to act on hold the plan in force", async () => {
    // Counts are per second: nothing is known of half-seconds.
    const blind = { ...two, adaptation: { ...two.adaptation, loadWindow: 0.5 } };
    const made = replay(await plannerOf(blind, step), step, 1);
    assert.equal(made.decisions, 5);
    for (const row of made.intervals.slice(1)) {
      assert.deepEqual([row.predicted, row.planned, row.reason], [null, null, "held-no-data"]);
      assert.deepEqual(row.plan, made.intervals[0]?.plan);
    }
    assert.equal(made.infeasibleDecisions, 0);
    assert.equal(made.replicasStarted, 0);
  });
});

const randomVariant = fc.record({
  accuracy: fc.integer({ min: 1, max: 20 }).map((n) => n / 20),
  cores: fc.constantFrom(1, 2),
  mean: fc.integer({ min: 2, max: 40 }).map((n) => n / 100),
  startUp: fc.constantFrom(0, 3, 14),
});
const randomPipeline: fc.Arbitrary<Pipeline> = fc
  .record({
    stages: fc.array(fc.array(randomVariant, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 2 }),
    seconds: fc.constantFrom(1, 2, 4),
    cores: fc.constantFrom(6, 12, 40),
    onInfeasible: fc.constantFrom<Pipeline["onInfeasible"][]>("best-effort", "hold"),
    window: fc.constantFrom(1, 5),
    margin: fc.constantFrom(0, 0.05),
  })
  .map(({ stages, seconds, cores, onInfeasible, window, margin }) => {
    const variants = stages.map((stage) =>
      stage.map(({ accuracy, cores: coresPerReplica, mean, startUp }, v) =>
        withNoise(
          variant(
            `v${v}`,
            { 1: mean, 2: 1.6 * mean, 4: 2.5 * mean },
            { accuracy, coresPerReplica, startUp: { mean: startUp } },
          ),
        ),
      ),
    );
    const plain = pipelineOf(variants, { sla: { seconds, quantile: 0.99 }, limits: { replicas: 6, batch: 4, cores } });
    return {
      ...plain,
      margins: { ...plain.margins, load: margin },
      adaptation: { ...plain.adaptation, loadWindow: window },
      onInfeasible,
    };
  });

test("what a run decides is what `tick` decides on what was seen, whenever it is asked", async () => {
  const seen = { changed: 0, infeasible: 0, held: 0 };
  await fc.assert(
    fc.asyncProperty(
      randomPipeline,
      fc.array(fc.constantFrom(0, 1, 3, 8, 20), { minLength: 3, maxLength: 7 }),
      fc.constantFrom("ipa", "fa2-low", "fa2-high"),
      fc.constantFrom("reactive", "max", "average", "oracle"),
      async (of, levels, policy, predictor) => {
        const trace = rates(...levels.flatMap((level) => Array<number>(10).fill(level)));
        const planner = await plannerOf(of, trace, { policy, predictor });
        const observations: string[] = [];
        const recorded = (): Run =>
          simulate(scenarioOf(planner, trace, 1, { ...records, startLoad: 1 }), (observation) => {
            observations.push(JSON.stringify(observation));
            return tick(planner, observation);
          });
        let run: Run;
        try {
          run = recorded();
        } catch (error) {
          assert.ok(error instanceof InputError, String(error));
          return;
        }
        assert.deepEqual(replay(planner, trace, 1, { ...records, startLoad: 1 }), run);
        assert.equal(observations.length, run.decisions);
        // Another planner of the same names, the last observation first: there is no memory.
        const fresh = await plannerOf(of, trace, { policy, predictor });
        for (let k = observations.length - 1; k >= 0; k--) {
          const observation: Observation = JSON.parse(observations[k] ?? "");
          const { at, load, planned, plan, reason, outcome } = tick(fresh, observation);
          const row = run.intervals[k + 1];
          assert.deepEqual(
            [row?.from, row?.predicted, row?.planned, row?.plan, row?.reason, row?.feasible],
            [at, load, planned, plan, reason, outcome?.status !== "infeasible"],
          );
          assert.deepEqual(observation.running, run.intervals[k]?.plan);
          if (reason === "load-rose" || reason === "load-fell") seen.changed++;
          if (outcome?.status === "infeasible") seen.infeasible++;
          if (reason === "held-infeasible") seen.held++;
        }
      },
    ),
    { numRuns: 100, seed: 7 },
  );
  for (const [what, count] of Object.entries(seen)) assert.ok(count >= 10, `${what} ${count} times`);
});
