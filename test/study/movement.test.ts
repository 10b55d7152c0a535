import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { LoopState } from "../../src/core/cluster.ts";
import type { Planner } from "../../src/core/decide.ts";
import { tick } from "../../src/core/loop.ts";
import { defaults, type Movement, type Pipeline } from "../../src/core/pipeline.ts";
import { samePlan, type Plan } from "../../src/core/plan.ts";
import type { Run } from "../../src/core/run-log.ts";
import { loadPipeline } from "../../src/formats/files.ts";
import { replay } from "../../src/study/replay.ts";
import { remembering } from "../../src/study/remember.ts";
import { assemble } from "../../src/study/setup.ts";
import { arrivalsOf } from "../../src/workload/arrivals.ts";
import { pipelineOf, variant } from "../fixtures.ts";

const INTERVAL = 10;
const DAY = 86_400;

async function plannerOf(movement: Partial<Movement> = {}): Promise<Planner> {
  const video = await loadPipeline("pipelines/video.yaml");
  const adaptation = { ...video.adaptation, movement: { ...defaults.adaptation.movement, ...movement } };
  const pipeline: Pipeline = { ...video, adaptation };
  return assemble({ pipeline, policy: "ipa", predictor: "max", queueing: "tail", engine: "exact" });
}

/** A plan that came in force at an instant, seconds. */
interface Change {
  readonly at: number;
  readonly plan: Plan;
}

/** The plans that the loop puts in force one after the other, where each second brings so many requests. */
function plansOf(planner: Planner, rates: Float64Array): readonly Change[] {
  const make = remembering(planner);
  const changes: Change[] = [];
  let state: LoopState | null = null;
  let running: Plan = [];
  for (let now = INTERVAL; now < rates.length; now += INTERVAL) {
    const load = { end: now, step: 1, rates: Array.from(rates.subarray(Math.max(0, now - 120), now)) };
    const decision = tick(planner, { now, load, running, replicas: [], stages: [], state }, make);
    if (!samePlan(running, decision.plan)) changes.push({ at: now, plan: decision.plan });
    ({ plan: running, state } = decision);
  }
  return changes;
}

/** Requests in each second of a day, at random at a rate. */
function dayAt(rate: number, seed: number): Float64Array {
  const counts = new Float64Array(DAY);
  const trace = { kind: "rates", name: "constant", rates: new Float64Array(DAY).fill(rate) } as const;
  for (const at of arrivalsOf(trace, "poisson", seed)) {
    const second = Math.floor(at);
    counts[second] = (counts[second] ?? 0) + 1;
  }
  return counts;
}

/** The most changes in any hour that begins with one. */
function mostInAnHour(changes: readonly Change[]): number {
  return Math.max(0, ...changes.map(({ at }) => changes.filter((one) => one.at >= at && one.at < at + 3600).length));
}

function comesBack(changes: readonly Change[], within: number): boolean {
  return changes.some(({ plan }, k) => {
    const left = changes[k + 1]?.at ?? Infinity;
    return changes.slice(k + 2).some((later) => later.at - left < within && samePlan(later.plan, plan));
  });
}

describe("a day of a constant load", () => {
  // One per cent apart, so that several of them hover around where the best plan changes.
  for (const middle of [10, 30]) {
    test(`around ${middle} rps the plan settles`, async () => {
      const planner = await plannerOf();
      for (let k = 0; k < 20; k++) {
        const settled = plansOf(planner, dayAt(middle * (0.9 + 0.01 * k), k)).filter(({ at }) => at > 3600);
        assert.ok(mostInAnHour(settled) <= 2, `load ${k}: ${mostInAnHour(settled)} changes in an hour`);
        assert.ok(!comesBack(settled, defaults.adaptation.movement.stabilization), `load ${k} comes back`);
      }
    });
  }

  test("without stabilisation it does not", async () => {
    const planner = await plannerOf({ stabilization: 0, tolerance: 0 });
    assert.ok(plansOf(planner, dayAt(30, 1)).length > 5 * 24);
  });
});

describe("a hostile load", () => {
  /** An hour of nothing, ten times the usual load, nothing, …, each for so many seconds. */
  const square = (seconds: number) =>
    Float64Array.from({ length: 3600 }, (_, t) => (Math.floor(t / seconds) % 2 === 0 ? 0 : 100));
  const replicasOf = (plan: Plan) => plan.map(({ replicas }) => replicas);

  test("stabilisation lets the plan fall once in its time at most", async () => {
    const planner = await plannerOf();
    for (const seconds of [10, 30, 60, 300]) {
      const changes = plansOf(planner, square(seconds));
      assert.ok(changes.length <= 2 + 3600 / 300, `${changes.length} changes with ${seconds} s`);
    }
  });

  test("no stage moves by more than the limits, and none switches too soon", async () => {
    const step = { replicas: 2, share: 0.25 };
    const limits = { stabilization: 0, tolerance: 0, scaleUp: step, scaleDown: step, switchInterval: 600 };
    const planner = await plannerOf(limits);
    for (const seconds of [10, 60, 300]) {
      const changes = plansOf(planner, square(seconds)).slice(1);
      assert.ok(changes.length > 0);
      planner.pipeline.stages.forEach((_, s) => {
        const switches = changes.filter(
          ({ plan }, k) => k > 0 && plan[s]?.variant !== changes[k - 1]?.plan[s]?.variant,
        );
        switches.slice(1).forEach(({ at }, k) => assert.ok(at - (switches[k]?.at ?? 0) >= 600));
        changes.slice(1).forEach(({ plan }, k) => {
          const [from = 0, to = 0] = [changes[k]?.plan, plan].map((of) => replicasOf(of ?? [])[s]);
          if (changes[k]?.plan[s]?.variant === plan[s]?.variant) {
            assert.ok(Math.abs(to - from) <= Math.max(2, Math.ceil(from / 4)), `${from} to ${to}`);
          }
        });
      });
    }
  });
});

describe("a step in the load where replicas take 100 s to start", () => {
  const STEP = 300;
  const rates = Float64Array.from({ length: 1200 }, (_, t) => (t < STEP ? 8 : 24));
  const slow = { startUp: { mean: 100 } };

  /** An accurate variant that serves 5 rps, and a small one that serves 20, of which some may stand by. */
  async function runWith(standby: number) {
    const small = variant("small", { 1: 0.05 }, { accuracy: 0.6, ...slow, standby });
    const large = variant("large", { 1: 0.2 }, { accuracy: 0.9, ...slow });
    const objective = { kind: "weighted", accuracy: "pas", alpha: 100, beta: 1, delta: 0 } as const;
    const plain = pipelineOf([[small, large]], { objective });
    const pipeline = { ...plain, adaptation: { ...defaults.adaptation, loadWindow: 5 } };
    const setup = { pipeline, policy: "ipa", predictor: "max", queueing: "tail", engine: "exact" };
    return replay(await assemble(setup), { kind: "rates", name: "step", rates }, 1);
  }
  const missed = (run: Run) => run.requests.late + run.requests.dropped;

  test("standby replicas absorb it within an interval of its being seen, and cost what they reserve", async () => {
    const [without, wide] = [await runWith(0), await runWith(2)];
    assert.ok(missed(without) > 0.1 * without.requests.offered, `${missed(without)} missed without standby`);
    assert.ok(missed(wide) < 0.01 * wide.requests.offered, `${missed(wide)} missed with standby`);
    for (const { from, late, dropped } of wide.intervals) {
      if (from >= STEP + 2 * INTERVAL) assert.equal(late + dropped, 0, `missed in the interval from ${from}`);
    }
    assert.ok(wide.intervals.some(({ reason }) => reason === "standby"));
    // The accurate variant is back once it has started.
    assert.equal(wide.intervals.at(-1)?.plan[0]?.variant, "large");
    const more = wide.costCores - without.costCores;
    assert.ok(more > 0 && more < 2 + 1, `${more} cores more`);
  });
});
