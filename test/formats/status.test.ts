import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Planning } from "../../src/core/cluster.ts";
import type { StagePlan } from "../../src/core/plan.ts";
import { reasonNames } from "../../src/core/reason.ts";
import type { Slowdown, Slowdowns } from "../../src/core/slowdown.ts";
import type { StageRollout } from "../../src/core/rollout.ts";
import { switchPhases } from "../../src/core/switch.ts";
import {
  instantOf,
  instantText,
  loopStatus,
  numberText,
  planningOf,
  planOfStatus,
  planStages,
  rolloutsOf,
  rolloutsStatus,
  slowdownsOf,
  slowdownsStatus,
} from "../../src/formats/status.ts";
import { parseStatus, type PipelineStatus } from "../../src/formats/status-schema.ts";
import { invalid, openApiSchema } from "./open-api.ts";

/** Clocks of machines count milliseconds; others may be finer. */
const instant = fc.oneof(
  fc.integer({ min: 0, max: 4e12 }).map((ms) => ms / 1000),
  fc.double({ min: 1, max: 4e9, noNaN: true }),
);
const number = fc.double({ noNaN: true, noDefaultInfinity: true, min: 0 });
const name = fc.constantFrom("small", "large", "yolov5n", "__proto__x");
const replicas = fc.integer({ min: 1, max: 10_000 });
const stagePlan: fc.Arbitrary<StagePlan> = fc.record({
  stage: fc.constantFrom("detect", "read"),
  variant: name,
  batch: replicas,
  batchTimeout: number,
  replicas,
});
const rollout: fc.Arbitrary<StageRollout> = fc.record(
  {
    switching: fc.record(
      {
        from: stagePlan.map((of) => ({ ...of, stage: "detect" })),
        phase: fc.constantFrom(...switchPhases),
        since: instant,
        lost: fc.constant<true>(true),
      },
      { requiredKeys: ["from", "phase", "since"] },
    ),
    progress: fc.record({ variant: name, replicas, ready: fc.nat(100), since: instant }),
    setbacks: fc.uniqueArray(fc.record({ variant: name, most: fc.nat(100), until: instant, failures: fc.nat(100) }), {
      selector: ({ variant }) => variant,
      maxLength: 3,
    }),
  },
  { requiredKeys: ["setbacks"] },
);

/** Through the text that an API server keeps. */
const kept = <K extends keyof PipelineStatus>(key: K, part: PipelineStatus[K]): NonNullable<PipelineStatus[K]> => {
  const status = JSON.parse(JSON.stringify({ [key]: part })) as unknown;
  const schema = openApiSchema().properties?.["status"] ?? {};
  assert.deepEqual(invalid(schema, status), []);
  const found = parseStatus(status)[key];
  assert.ok(found !== undefined);
  return found;
};

const seed = 20_262;

test("numbers and instants come back to the bit", () => {
  fc.assert(
    fc.property(number, (value) => Object.is(Number(numberText(value)), value)),
    { seed },
  );
  fc.assert(
    fc.property(instant, (at) => Object.is(instantOf(instantText(at)), at)),
    { seed },
  );
  assert.equal(instantText(1_722_500_000), "2024-08-01T08:13:20Z");
  assert.equal(instantText(1_722_500_000.25), "2024-08-01T08:13:20.25Z");
  assert.equal(instantOf("2024-08-01T08:13:20Z"), 1_722_500_000);
  for (const value of [NaN, Infinity]) assert.throws(() => numberText(value), RangeError);
});

test("a plan and the switches under way come back as they were", () => {
  fc.assert(
    fc.property(fc.uniqueArray(stagePlan, { selector: ({ stage }) => stage }), (plan) => {
      const stages = planStages(plan);
      const whole = { decisionId: "1", madeAt: instantText(1), feasible: true, stages };
      assert.deepEqual(planOfStatus(kept("plan", whole)), structuredClone(plan));
    }),
    { seed },
  );
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom("detect"), rollout), (rollouts) => {
      assert.deepEqual(rolloutsOf(kept("rollouts", rolloutsStatus(rollouts))), structuredClone(rollouts));
    }),
    { seed },
  );
});

test("the loop goes on with the load that it last planned for, asked for until now", () => {
  const planning: Planning = { load: 1 / 3, asked: [{ at: 5, load: 7 }], switchedAt: { detect: 1_722_500_000.125 } };
  assert.deepEqual(planningOf(kept("loop", loopStatus(planning)), 99, true), {
    ...planning,
    asked: [{ at: 99, load: 1 / 3 }],
  });
  assert.deepEqual(loopStatus({ load: 2, asked: [], switchedAt: {} }), { loadRps: "2" });
  const nearest: Planning = { load: 2, asked: [{ at: 99, load: 2 }], switchedAt: {}, nearest: true };
  assert.deepEqual(planningOf(kept("loop", loopStatus(nearest)), 99, false), nearest);
});

test("what is slower than profiled comes back as it was, but for which way that goes", () => {
  const slowdown: fc.Arbitrary<Slowdown> = fc.record(
    {
      variant: name,
      factor: fc.double({ min: 1, max: 10, noNaN: true }),
      profiled: number,
      times: fc.nat(20),
      until: instant,
    },
    { requiredKeys: ["variant", "factor", "profiled", "times"] },
  );
  const all = fc.uniqueArray(slowdown, { selector: ({ variant }) => variant, minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom("detect", "read"), all, { minKeys: 1 }), (slowdowns) => {
      const told = Object.entries(slowdowns).filter(([, of]) => of.some(({ factor }) => factor > 1));
      const trend = { up: true, since: 1 };
      const withTrends = Object.entries(slowdowns).map(([stage, of]) => [stage, of.map((one) => ({ ...one, trend }))]);
      const status = slowdownsStatus(Object.fromEntries(withTrends) as Slowdowns);
      assert.deepEqual(slowdownsOf(kept("slowdowns", status)), structuredClone(Object.fromEntries(told)));
    }),
    { seed },
  );
});

test("each reason of a decision has its own name in the status", () => {
  const all = Object.values(reasonNames);
  assert.equal(new Set(all).size, all.length);
  for (const reason of all) {
    assert.match(reason, /^[A-Z][A-Za-z]+$/);
    kept("decision", { id: "1", reason });
  }
});

test("of a status what is not understood is left, and the rest is read", () => {
  const decision = { id: "7", reason: "First" };
  const rollouts = [{ stage: "a", switching: { phase: "Sideways" } }];
  const strange = { decision, load: { observedRps: 7 }, later: {}, rollouts };
  assert.deepEqual(parseStatus(strange), { decision });
  // What a later version adds takes nothing else with it.
  assert.deepEqual(parseStatus({ decision: { ...decision, mood: "good" } }), { decision });
  for (const nothing of [undefined, null, 7, "text", []]) assert.deepEqual(parseStatus(nothing), {});
});
