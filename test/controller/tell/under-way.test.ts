import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Answer } from "../../../src/controller/context.ts";
import { standingOfLag, switchesText } from "../../../src/controller/tell/standings.ts";
import { underWay } from "../../../src/controller/tell/under-way.ts";
import type { Observation } from "../../../src/core/cluster.ts";
import type { StageRollout } from "../../../src/core/rollout.ts";
import { arrivalsOf } from "../../../src/workload/arrivals.ts";
import { pipelineOf, plan, variant } from "../../fixtures.ts";

/** A replica of `small` carries 10 items a second, one of `large` 20; the second stage gets 1.5 items of a request. */
const plain = pipelineOf([
  [variant("first", { 1: 0.001 })],
  [variant("small", { 1: 0.1 }), variant("large", { 1: 0.05 })],
]);
const pipeline = { ...plain, stages: plain.stages.map((stage, s) => (s === 1 ? { ...stage, fanOut: 1.5 } : stage)) };

/** Of the window that a load is the mean of. */
const SECONDS = 5;

interface Moment {
  readonly to: readonly [variant: string, replicas: number];
  /** Replicas of small and large that are ready. */
  readonly ready: readonly [small: number, large: number];
  readonly rollout?: StageRollout;
  readonly load?: number | null;
  /** Whether it lagged the last time. */
  readonly isTold?: boolean;
}

function told({ to: [wanted, replicas], ready: [small, large], rollout, load = 45, isTold = false }: Moment) {
  const count = { starting: 0, serving: 0 };
  const seen: Observation = {
    now: 100,
    load: { end: 100, step: 1, rates: [load] },
    running: [],
    replicas: [
      { ...count, stage: "s0", variant: "first", ready: 1 },
      { ...count, stage: "s1", variant: "small", ready: small },
      { ...count, stage: "s1", variant: "large", ready: large },
    ],
    stages: [],
    state: null,
  };
  const decision = {
    at: 100,
    load,
    planned: load,
    plan: plan(["first", 1], [wanted, replicas]),
    change: 0,
    outcome: null,
    reason: "load-rose",
    state: rollout === undefined ? null : { rollouts: { s1: rollout } },
  } as const;
  const answer: Answer = { seen, decision, promised: null, seconds: 0 };
  const all = underWay(pipeline, answer, load);
  return { lag: standingOfLag(all, load, SECONDS, isTold)?.message ?? null, switches: switchesText(all) };
}

const from = { stage: "s1", variant: "small", batch: 1, batchTimeout: 0, replicas: 1 };
const preparing: StageRollout = { switching: { from, phase: "Preparing", since: 90 }, setbacks: [] };

test("what serves while a switch is prepared, and that it carries less than comes", () => {
  assert.deepEqual(told({ to: ["large", 5], ready: [3, 1], rollout: preparing }), {
    lag: "stage s1: small x3 serves 20 of 45 rps until 2 of large x5 are ready (1 is)",
    switches: "stage s1: small serves until 2 of large x5 are ready (1 is)",
  });
});

test("one that carries what comes is a switch like any other", () => {
  const { lag, switches } = told({ to: ["large", 5], ready: [7, 0], rollout: preparing });
  assert.deepEqual([lag, switches], [null, "stage s1: small serves until 4 of large x5 are ready (0 are)"]);
});

test("more of what serves is on its way", () => {
  assert.deepEqual(told({ to: ["large", 4], ready: [0, 2] }), {
    lag: "stage s1: large x2 serves 26 of 45 rps until 4 of 4 are ready (2 are)",
    switches: "",
  });
});

test("what is all there is not under way, whatever comes; nor is a load that is not known too much", () => {
  assert.deepEqual(told({ to: ["large", 2], ready: [0, 2] }), { lag: null, switches: "" });
  assert.equal(told({ to: ["large", 5], ready: [1, 0], rollout: preparing, load: null }).lag, null);
});

test("a load that is just carried is no lag; one above it is, and is never told as if it were carried", () => {
  const moment: Moment = { to: ["large", 4], ready: [0, 3] };
  assert.equal(told({ ...moment, load: 40 }).lag, null);
  // Two standard deviations of what arrives at random in 5 s are 5.7 of 40 rps.
  assert.equal(told({ ...moment, load: 45 }).lag, null);
  assert.match(told({ ...moment, load: 46.2 }).lag ?? "", /serves 40 of 47 rps/);
});

test("of a load that comes at random, what is just carried is rarely told as a lag, and what is clearly more always", () => {
  const windows = 1000;
  const toldOf = (rate: number): number => {
    const rates = new Float64Array(windows * SECONDS).fill(rate);
    const arrived = Array.from({ length: windows }, () => 0);
    for (const at of arrivalsOf({ kind: "rates", name: "steady", rates }, "poisson", 1)) {
      const window = Math.floor(at / SECONDS);
      arrived[window] = (arrived[window] ?? 0) + 1;
    }
    const lags = arrived.map((requests) => told({ to: ["large", 4], ready: [0, 3], load: requests / SECONDS }).lag);
    return lags.filter((lag) => lag !== null).length;
  };
  // 40 rps are carried; beyond two standard deviations lie 2.3 % of the windows, and four standard deviations of that number are 19.
  assert.ok(toldOf(40) <= 23 + 19, `${toldOf(40)} of ${windows}`);
  assert.equal(toldOf(70), windows);
});

test("what is told goes on being told until the load itself is carried", () => {
  const moment: Moment = { to: ["large", 4], ready: [0, 3], isTold: true };
  assert.match(told({ ...moment, load: 40.2 }).lag ?? "", /serves 40 of 41 rps/);
  assert.equal(told({ ...moment, load: 40 }).lag, null);
});

test("it lags just where the ready replicas that serve carry less than comes", () => {
  const moments = fc.record({
    ready: fc.tuple(fc.nat(8), fc.nat(8)),
    wanted: fc.integer({ min: 1, max: 8 }),
    load: fc.double({ min: 0, max: 200, noNaN: true }),
    switches: fc.boolean(),
  });
  fc.assert(
    fc.property(moments, ({ ready, wanted, load, switches }) => {
      const moment = { to: ["large", wanted], ready, load, ...(switches ? { rollout: preparing } : {}) } as const;
      const carried = (switches ? 10 * ready[0] : 20 * ready[1]) / 1.5;
      const isUnderWay = switches || ready[1] < wanted;
      assert.equal(told(moment).lag !== null, isUnderWay && carried < load - 2 * Math.sqrt(load / SECONDS));
    }),
  );
});
