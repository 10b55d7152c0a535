import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import type { LoopState, Observation } from "../../src/core/cluster.ts";
import { credible } from "../../src/core/credible.ts";
import type { Planner } from "../../src/core/decide.ts";
import { tick } from "../../src/core/loop.ts";
import { unrestrained, type Pipeline } from "../../src/core/pipeline.ts";
import { policyOf } from "../../src/core/policies.ts";
import { reactive } from "../../src/core/predictors/simple.ts";
import { paper } from "../../src/core/queueing/paper.ts";
import type { ServedBatches } from "../../src/core/service-time.ts";
import { learn, slowdownOf, slowed, type Slowdowns } from "../../src/core/slowdown.ts";
import { exhaustive } from "../../src/solver/exhaustive.ts";
import { pipelineOf, plan, variant } from "../fixtures.ts";

// a: 10 rps with a core; b: 5 rps, more accurate; c: 4 rps, more accurate still.
const a = variant("a", { 1: 0.1 }, { accuracy: 0.5 });
const b = variant("b", { 1: 0.2 }, { accuracy: 0.9 });
const c = variant("c", { 1: 0.25 }, { accuracy: 0.95 });
const STABILIZATION = 60;
const HOUR = 3600;

const pipeline = (rest: Partial<Pipeline> = {}): Pipeline => {
  const plain = pipelineOf([[a, b, c]], rest);
  const movement = { ...unrestrained, stabilization: STABILIZATION };
  return { ...plain, adaptation: { ...plain.adaptation, movement } };
};

/** Batches of one variant that took so many times as long as profiled. */
function served(name: string, ratio: number, batches = 10_000): readonly ServedBatches[] {
  const [mean = NaN] = [a, b, c].filter((one) => one.name === name).map(({ profile }) => profile[0]?.mean ?? NaN);
  return [{ stage: "s0", variant: name, batch: 1, batches, seconds: ratio * batches * mean }];
}

/** Looks every 10 s, from `from` on: so often at so much of a variant; null: nothing is measured. */
function looking(
  from: number,
  before: Slowdowns | undefined,
  ...looks: readonly (readonly [times: number, variant: string | null, ratio?: number, batches?: number])[]
): { readonly slowdowns: Slowdowns; readonly now: number; readonly factors: readonly string[] } {
  let [slowdowns, now] = [before, from];
  const factors: string[] = [];
  for (const [times, name, ratio = 1, batches] of looks) {
    for (let i = 0; i < times; i++) {
      slowdowns = learn(pipeline(), slowdowns, name === null ? [] : served(name, ratio, batches), now);
      factors.push(factorsOf(slowdowns, now));
      now += 10;
    }
  }
  return { slowdowns: slowdowns ?? {}, now, factors };
}

/** "1.5 1 1": of a, b and c. */
function factorsOf(slowdowns: Slowdowns, now: number): string {
  return ["a", "b", "c"].map((name) => slowdownOf(slowdowns, "s0", name, now)).join(" ");
}

describe("what is learnt of service times", () => {
  test("a slowdown counts from the third turn on, and a shorter one never", () => {
    assert.deepEqual(looking(0, undefined, [4, "a", 1.5]).factors, ["1 1 1", "1 1 1", "1.5 1.5 1.5", "1.5 1.5 1.5"]);
    const { slowdowns, factors } = looking(0, undefined, [2, "a", 1.5], [1, "a", 1], [2, "a", 1.5], [2, "a", 1]);
    assert.deepEqual(new Set(factors), new Set(["1 1 1"]));
    assert.deepEqual(slowdowns, {});
  });

  test("what is within a twentieth, faster, of too few batches, or beyond belief leaves the profile as it is", () => {
    for (const [ratio, batches] of [
      [1.04, 10_000],
      [0.5, 10_000],
      [3, 19],
      // One in a few hundred such samples of 100 has such a mean by chance.
      [1.08, 100],
      [1000, 10_000],
    ] as const) {
      assert.deepEqual(looking(0, undefined, [20, "a", ratio, batches]).slowdowns, {}, `${ratio} of ${batches}`);
    }
  });

  test("it rises to what is measured, in steps of a twentieth, upwards", () => {
    const { factors } = looking(0, undefined, [3, "a", 1.22], [3, "a", 1.5], [3, "a", 1.501]);
    assert.deepEqual(
      [2, 5, 8].map((i) => factors[i]?.split(" ")[0]),
      ["1.25", "1.5", "1.5"],
    );
  });

  test("times in which nothing is measured do not count", () => {
    const { slowdowns, now } = looking(0, undefined, [3, "a", 1.5]);
    const { factors } = looking(now, slowdowns, [1, "a", 1], [100, null], [6, "a", 1], [1, "a", 1]);
    assert.deepEqual(new Set(factors.slice(0, -1)), new Set(["1.5 1.5 1.5"]));
    assert.equal(factors.at(-1), "1 1 1");
  });

  test("it falls once it has been a tenth too high for as long as loads are remembered, and no earlier", () => {
    const { slowdowns, now } = looking(0, undefined, [3, "a", 1.5]);
    assert.deepEqual(new Set(looking(now, slowdowns, [100, "a", 1.4]).factors), new Set(["1.5 1.5 1.5"]));
    const fallen = looking(now, slowdowns, [7, "a", 1.2]).factors;
    assert.deepEqual(fallen, [...Array<string>(6).fill("1.5 1.5 1.5"), "1.2 1.2 1.2"]);
    const over = looking(now, slowdowns, [7, "a", 1.04]);
    assert.equal(over.factors.at(-1), "1 1 1");
    assert.deepEqual(over.slowdowns, {});
    // Too few to be sure.
    assert.equal(looking(now, slowdowns, [100, "a", 1.3, 25]).factors.at(-1), "1.5 1.5 1.5");
    assert.equal(looking(now, slowdowns, [100, "a", 1.3, 100]).factors.at(-1), "1.3 1.3 1.3");
    // Also where it was hardly slower.
    const little = looking(0, undefined, [3, "a", 1.08]);
    assert.equal(little.factors.at(-1), "1.1 1.1 1.1");
    assert.deepEqual(looking(little.now, little.slowdowns, [100, "a", 1.03]).factors.at(-1), "1.1 1.1 1.1");
    assert.deepEqual(looking(little.now, little.slowdowns, [7, "a", 1.01]).slowdowns, {});
    // Begun anew by each turn in which it is not too high.
    const broken = looking(now, slowdowns, [5, "a", 1], [1, "a", 1.5], [5, "a", 1]);
    assert.deepEqual(new Set(broken.factors), new Set(["1.5 1.5 1.5"]));
  });

  test("where nothing is measured, or too little, it stays as it is", () => {
    const { slowdowns, now } = looking(0, undefined, [3, "a", 1.5]);
    const later = looking(now, slowdowns, [1000, null], [5, "a", 1, 5]);
    assert.equal(later.factors.at(-1), "1.5 1.5 1.5");
  });

  test("whatever is measured for long settles, and then nothing changes", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.2, max: 9, noNaN: true }),
        fc.array(fc.double({ min: 0.98, max: 1.02, noNaN: true }), { minLength: 300, maxLength: 300 }),
        (ratio, noise) => {
          const looks = noise.map((error) => [1, "a", ratio * error] as const);
          const { factors } = looking(0, undefined, ...looks);
          const [before = "", after = ""] = [factors[29], factors.at(-1)];
          const settled = Number(after.split(" ")[0]);
          assert.ok(settled >= 1 && settled <= Math.max(1, 1.02 * ratio + 0.05 + 1e-9), `${ratio}: ${settled}`);
          assert.ok(ratio < 1.1 || settled >= ratio * 0.98, `${ratio}: ${settled}`);
          // It may rise once more by chance, but not fall, and not go on.
          assert.ok(Number(before.split(" ")[0]) <= settled);
          assert.ok(new Set(factors.slice(150)).size <= 2, factors.slice(150).join(", "));
        },
      ),
      { seed: 3, numRuns: 50 },
    );
  });
});

describe("the other variants of a stage", () => {
  const slowA = looking(0, undefined, [3, "a", 1.5]);

  test("are as slow as the least slow one that is known, since it may be the machines", () => {
    assert.equal(slowA.factors.at(-1), "1.5 1.5 1.5");
    // b turns out to be as profiled: that is believed after a while, and then holds for c too.
    const { factors } = looking(slowA.now, slowA.slowdowns, [7, "b", 1]);
    assert.deepEqual(factors, [...Array<string>(6).fill("1.5 1.5 1.5"), "1.5 1 1"]);
  });

  test("where the machines are slow, one after the other is found to be, and none looks better", () => {
    const { factors } = looking(slowA.now, slowA.slowdowns, [9, "b", 1.5], [9, "c", 1.5], [9, "a", 1.5]);
    assert.deepEqual(new Set(factors), new Set(["1.5 1.5 1.5"]));
  });

  test("what no longer serves stays slow for an hour, and for twice as long each time it is found so again", () => {
    let { slowdowns, now } = looking(slowA.now, slowA.slowdowns, [20, "b", 1]);
    let left = slowA.now;
    for (const hours of [1, 2, 4]) {
      const until = slowdowns["s0"]?.find((one) => one.variant === "a")?.until;
      assert.equal(until, left + hours * HOUR);
      assert.equal(factorsOf(slowdowns, until - 1), "1.5 1 1");
      assert.equal(factorsOf(slowdowns, until), "1 1 1");
      ({ slowdowns, now } = looking(until, slowdowns, [1, "b", 1], [2, "a", 1], [3, "a", 1.5]));
      assert.equal(slowdownOf(slowdowns, "s0", "a", now), 1.5);
      left = now;
      ({ slowdowns, now } = looking(now, slowdowns, [20, "b", 1]));
    }
    // What was long ago does not count.
    assert.deepEqual(learn(pipeline(), slowdowns, served("b", 1), now + 3 * 24 * HOUR), {});
  });

  test("one that serves again goes on as slow as it was", () => {
    const away = looking(slowA.now, slowA.slowdowns, [20, "b", 1]);
    const back = looking(away.now, away.slowdowns, [3, "a", 1.5]);
    assert.deepEqual(new Set(back.factors), new Set(["1.5 1 1"]));
    assert.equal(back.slowdowns["s0"]?.find((one) => one.variant === "a")?.until, undefined);
  });
});

describe("a pipeline with what was learnt", () => {
  const slowdowns = looking(0, undefined, [3, "a", 1.5]).slowdowns;

  test("is itself where nothing is slower, or the margin is enough", () => {
    const own = pipeline();
    assert.equal(slowed(own, {}, 0), own);
    const margins = { ...own.margins, serviceTime: 0.5 };
    const wide = pipeline({ margins });
    assert.equal(slowed(wide, slowdowns, 30), wide);
  });

  test("has the longer service times, less what the margin covers already", () => {
    const times = (of: Pipeline): readonly number[] =>
      of.stages.flatMap(({ variants }) =>
        variants.flatMap(({ profile }) =>
          profile.flatMap(({ mean, p99 }) => [mean, p99].map((x) => Math.round(1e6 * x) / 1e6)),
        ),
      );
    assert.deepEqual(times(slowed(pipeline(), slowdowns, 30)), [0.15, 0.15, 0.3, 0.3, 0.375, 0.375]);
    const margins = { ...pipeline().margins, serviceTime: 0.25 };
    assert.deepEqual(times(slowed(pipeline({ margins }), slowdowns, 30)), [0.12, 0.12, 0.24, 0.24, 0.3, 0.3]);
  });
});

describe("the loop", () => {
  const planner = (of: Pipeline = pipeline()): Planner => ({
    pipeline: of,
    policy: policyOf(of, "ipa"),
    predictor: reactive,
    queueing: paper,
    solver: exhaustive,
  });
  const seeing = (now: number, state: LoopState | null, rest: Partial<Observation> = {}): Observation => ({
    now,
    load: { end: now, step: 1, rates: [20] },
    running: plan(["a", 3]),
    replicas: [],
    stages: [],
    state,
    restrictions: [{ stage: "s0", variants: ["a"] }],
    ...rest,
  });

  test("plans for the service times that were learnt, and says so", () => {
    const of = planner();
    let state: LoopState | null = null;
    let running = plan(["a", 3]);
    const said: string[] = [];
    for (const now of [10, 20, 30, 40]) {
      // As it comes back from a journal.
      const seen: Observation = structuredClone(seeing(now, state, { running, served: served("a", 1.5) }));
      const decision = tick(of, seen);
      assert.deepEqual(tick(planner(), seen), decision);
      ({ state, plan: running } = decision);
      said.push(`${running[0]?.replicas} ${decision.reason}`);
    }
    // 20 rps are 2 replicas as profiled; 3 of 1.5 times as slow ones.
    assert.deepEqual(said, ["2 first", "2 unchanged", "3 service-slower", "3 unchanged"]);
    assert.equal(state?.slowdowns?.["s0"]?.[0]?.factor, 1.5);
  });

  test("without measurements, and with those as profiled, decides as it did before there were any", () => {
    const before = tick(planner(), seeing(10, null));
    assert.deepEqual(tick(planner(), seeing(10, null, { served: served("a", 1.05) })), before);
    assert.deepEqual(tick(planner(), seeing(10, null, { served: [] })), before);
    assert.ok(before.state !== null && !("slowdowns" in before.state));
  });

  test("forgets what was found of another profile, and what cannot be", () => {
    const slowdown = { variant: "a", factor: 1.5, profiled: 0.1, times: 1 };
    const left = (...all: readonly object[]): unknown =>
      credible(pipeline(), seeing(100, { slowdowns: { s0: all } as unknown as Slowdowns })).state?.slowdowns;
    assert.deepEqual(left(slowdown), { s0: [slowdown] });
    for (const odd of [
      { profiled: 0.2 },
      { variant: "d" },
      { factor: 0.5 },
      { factor: 11 },
      { factor: NaN },
      { factor: "2" },
      { times: -1 },
      { until: 1e9 },
      { until: "later" },
      { trend: { up: true, since: 101 } },
      { trend: 7 },
    ]) {
      assert.deepEqual(left({ ...slowdown, ...odd }), {}, JSON.stringify(odd));
    }
    const strange = { s0: "slow", s1: [slowdown] } as unknown as Slowdowns;
    assert.deepEqual(credible(pipeline(), seeing(100, { slowdowns: strange })).state?.slowdowns, {});
    const same = { s0: [slowdown, { variant: "b", factor: 1, profiled: 0.2, times: 0, until: 200 }] };
    assert.deepEqual(credible(pipeline(), seeing(100, { slowdowns: same })).state?.slowdowns, same);
  });
});
