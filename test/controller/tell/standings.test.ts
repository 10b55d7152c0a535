import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Answer } from "../../../src/controller/context.ts";
import { standingOfPlan } from "../../../src/controller/tell/standings.ts";
import { tick } from "../../../src/core/loop.ts";
import { defaults } from "../../../src/core/pipeline.ts";
import { assemble } from "../../../src/study/setup.ts";
import { pipelineOf, variant } from "../../fixtures.ts";

const NOW = 1_800_000_000;
const pipeline = pipelineOf([[variant("v", { 1: 0.1 })]], {
  adaptation: { ...defaults.adaptation, loadWindow: 5, history: 120 },
});
const planner = await assemble({ pipeline, policy: "ipa", predictor: "max", queueing: "tail", engine: "exact" }, {});

/** What the loop makes of a load that is known in part, and how that is told. */
function told(rates: readonly (number | null)[], isLoadKnown = true) {
  const load = { end: NOW, step: 5, rates };
  const seen = { now: NOW, load, running: [], replicas: [], stages: [], state: null };
  const decision = tick(planner, seen);
  const answer: Answer = { seen, decision, promised: null, seconds: 0 };
  return standingOfPlan(answer, pipeline, isLoadKnown);
}

const ofHistory = (known: number): readonly (number | null)[] =>
  Array.from({ length: 24 }, (_, i) => (i < 24 - known ? null : 8));

test("while too little is known it is said how much is, how much is needed, and when that is there", () => {
  const { status, reason, message } = told(ofHistory(6));
  assert.equal(`${status} ${reason}`, "Unknown NotDecided");
  assert.match(message, /^30 s of load were known at 08:00:00, and 60 s are needed: that is at about 08:00:30 UTC/);
  assert.match(told(ofHistory(0)).message, /^0 s of load were known at 08:00:00, .* at about 08:01:00 UTC/);
});

test("whatever is missing, what is told fits what the loop does", () => {
  const rates = fc.array(fc.constantFrom(null, 8, 9), { minLength: 24, maxLength: 24 });
  fc.assert(
    fc.property(rates, (all) => {
      const { status, message } = told(all);
      const known = 5 * all.filter((rate) => rate !== null).length;
      const says =
        all.at(-1) === null
          ? /newest 5 s of load are not known/
          : known < 60
            ? new RegExp(`^${known} s of load`)
            : /^$/;
      assert.match(message, says);
      assert.equal(status, message === "" ? "True" : "Unknown");
    }),
  );
});

test("of a load that is not measured it is said where that is told", () => {
  assert.match(told([null], false).message, /^MetricsAvailable has to hold first; meanwhile nothing is changed/);
});

test("where no plan keeps the limits it is said at what load, and what did not come up", () => {
  const load = { end: NOW, step: 5, rates: ofHistory(24).map(() => 25) };
  const counts = [{ stage: "s0", variant: "v", ready: 2, starting: 1, serving: 2 }];
  const running = [{ stage: "s0", variant: "v", batch: 1, batchTimeout: 0, replicas: 2 }];
  const messageAfter = (most: number): string | undefined => {
    const setback = { variant: "v", most: 2, until: NOW + 60, failures: 1 };
    const state = { rollouts: { s0: { setbacks: [setback] } } };
    const told = { rollouts: { s0: { setbacks: [{ ...setback, most }] } } };
    const seen = { now: NOW, load, running, replicas: counts, stages: [], state };
    const answer: Answer = {
      seen,
      decision: { ...tick(planner, seen), state: told },
      promised: { accuracy: 0.5, cores: 2, latency: Infinity, objective: 0 },
      seconds: 0,
    };
    const { status, reason, message } = standingOfPlan(answer, pipeline, true);
    assert.deepEqual([status, reason], ["False", "BestEffort"]);
    return message;
  };
  const nearest =
    "no plan keeps every limit at the 25 rps planned for; the nearest plan is in force, and its queues grow without end";
  const again = "tried again at 08:01:00 UTC";
  assert.equal(
    messageAfter(2),
    `${nearest}. No more than 2 replicas of s0/v came up: look at their Pods (more are ${again})`,
  );
  assert.equal(
    messageAfter(0),
    `${nearest}. s0/v did not come up or take over in time, or did not stay ready: look at its Pods (it is ${again})`,
  );
});
