import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { increaseSince, type CounterSeries, type LabelledSeries } from "../../src/core/counters.ts";
import { serviceTime } from "../../src/core/profile.ts";
import { servedFrom, serviceRatio, type InForce, type ServedBatches } from "../../src/core/service-time.ts";
import { variant } from "../fixtures.ts";

const NOW = 1000;

/** A counter scraped every 5 s up to now that rises by so much a second. */
function counter(rate: number, labels: Record<string, string> = {}, samples = 25): LabelledSeries {
  const instants = Array.from({ length: samples }, (_, i) => NOW - (samples - 1 - i) * 5);
  return { labels, samples: instants.map((at) => ({ at, value: rate * at })) };
}

const inForce = (rest: Partial<InForce> = {}): InForce => ({
  stage: "s0",
  variant: "a",
  batch: 1,
  since: -Infinity,
  ...rest,
});

describe("what was served", () => {
  test("is what all counters rose by together: seconds, batches, and requests where they are counted", () => {
    const seconds = [counter(0.3), counter(0.6)];
    const batches = [counter(2), counter(4)];
    const of = { stage: "s0", variant: "a", batch: 1 };
    assert.deepEqual(servedFrom({ seconds, batches, requests: null }, inForce(), null, NOW), {
      ...of,
      batches: 720,
      seconds: 108,
    });
    const all = servedFrom({ seconds, batches, requests: [counter(9)] }, inForce(), null, NOW);
    assert.deepEqual(all, { ...of, batches: 720, seconds: 108, requests: 1080 });
  });

  test("of one variant, by its label; without one only since it has been in force", () => {
    const of = (rate: number): readonly LabelledSeries[] => [
      counter(rate, { model: "a" }),
      counter(7 * rate, { model: "b" }),
    ];
    const counters = { seconds: of(0.2), batches: of(2), requests: null };
    const since = inForce({ since: NOW - 50 });
    const labelled = servedFrom(counters, since, "model", NOW);
    assert.ok(!("problem" in labelled));
    assert.equal(labelled.batches, 240);
    const all = servedFrom(counters, since, null, NOW);
    assert.ok(!("problem" in all));
    assert.equal(all.batches, 800);
    // Batches of another size took another time, unless it is known how many requests were in them.
    const larger = servedFrom(counters, { ...since, batch: 4 }, "model", NOW);
    assert.ok(!("problem" in larger));
    assert.equal(larger.batches, 100);
    const counted = servedFrom({ ...counters, requests: of(8) }, { ...since, batch: 4 }, "model", NOW);
    assert.ok(!("problem" in counted));
    assert.deepEqual([counted.batches, counted.requests], [240, 960]);
  });

  test("is not known where one of the counters is not there, or not scraped any more", () => {
    const good = [counter(1)];
    for (const counters of [
      { seconds: [], batches: good, requests: null },
      { seconds: good, batches: [], requests: null },
      { seconds: good, batches: good, requests: [] },
    ]) {
      const found = servedFrom(counters, inForce(), null, NOW);
      assert.ok("problem" in found && found.problem === "Absent");
    }
    const stale = servedFrom({ seconds: good, batches: good, requests: null }, inForce(), null, NOW + 100);
    assert.ok("problem" in stale && stale.problem === "Stale");
    const other = servedFrom({ seconds: good, batches: good, requests: null }, inForce(), "model", NOW);
    assert.ok("problem" in other && other.problem === "Absent");
  });

  test("a pod that is gone counted what it counted", () => {
    const gone: LabelledSeries = { labels: {}, samples: counter(3).samples.slice(0, 11) };
    const found = servedFrom(
      { seconds: [counter(1)], batches: [counter(1), gone], requests: null },
      inForce(),
      null,
      NOW,
    );
    assert.ok(!("problem" in found));
    assert.equal(found.batches, 120 + 150);
  });
});

test("the increase of a counter is what happened between its samples, whatever resets it had", () => {
  const step = fc.record({ rise: fc.nat(1000), reset: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), fc.nat(30), (steps, first) => {
      let [value, sum] = [17, 0];
      const series: { at: number; value: number }[] = [{ at: 0, value }];
      steps.forEach(({ rise, reset }, i) => {
        // What began anew and counted more than before cannot be told from one that did not.
        const hidden = reset && rise >= value;
        value = reset && !hidden ? rise : value + rise;
        if (i >= first) sum += rise;
        series.push({ at: i + 1, value });
      });
      assert.equal(increaseSince(series, first), sum);
    }),
    { seed: 71 },
  );
  const odd: CounterSeries = [1, NaN, 3, -1, 5, 8, Infinity, 9].map((value, at) => ({ at, value }));
  assert.equal(increaseSince(odd, -Infinity), 3);
  assert.equal(increaseSince([], 0), 0);
});

describe("service times beside the profile", () => {
  const { profile } = variant("a", { 1: 0.1, 2: 0.18, 8: 0.6 });
  const served = (rest: Partial<ServedBatches>): ServedBatches => ({
    stage: "s0",
    variant: "a",
    batch: 1,
    batches: 100,
    seconds: 15,
    ...rest,
  });
  const ratio = (rest: Partial<ServedBatches>): number | undefined => serviceRatio(profile, served(rest))?.ratio;
  const near = (actual: number | undefined, expected: number): void =>
    assert.ok(actual !== undefined && Math.abs(actual - expected) < 1e-9, `${actual}, not ${expected}`);

  test("are compared exactly with a batch of 1, and with the whole batch of more", () => {
    near(ratio({}), 1.5);
    near(ratio({ batch: 8, seconds: 90 }), 1.5);
    // Half of them of 2: as slow as it is, it seems faster.
    near(ratio({ batch: 8, seconds: (1.5 * 100 * (0.6 + 0.18)) / 2 }), 1.5 * 0.65);
    // Beyond the profile its largest is what is known.
    near(ratio({ batch: 64, seconds: 60 }), 1);
  });

  test("where requests are counted, with batches as large as they were on average", () => {
    near(ratio({ batch: 8, seconds: 90, requests: 800 }), 1.5);
    near(ratio({ batch: 8, seconds: 27, requests: 200 }), 1.5);
    near(ratio({ batch: 8, seconds: 14, requests: 150 }), 1);
    near(ratio({ batch: 8, seconds: serviceTime(profile, 5).mean * 100, requests: 500 }), 1);
    near(ratio({ batch: 8, seconds: 10, requests: 10 }), 1);
  });

  test("are known once enough were served, and the better the more", () => {
    assert.equal(serviceRatio(profile, served({ batches: 19 })), null);
    assert.equal(serviceRatio(profile, served({ batches: 0, seconds: 0 })), null);
    assert.equal(serviceRatio(profile, served({ seconds: NaN })), null);
    near(serviceRatio(profile, served({ batches: 900 }))?.error, 0.01);
    const noisy = profile.map((point) => ({ ...point, p99: 3 * point.mean }));
    assert.ok((serviceRatio(noisy, served({ batches: 900 }))?.error ?? 0) > 0.04);
    // As much as batches of their size vary, not those that there might be.
    const [first = { batch: 1, mean: 0.1, p99: 0.1 }, ...others] = profile;
    const alone = [{ ...first, p99: 3 * first.mean }, ...others];
    const ones = serviceRatio(alone, served({ batch: 8, batches: 900, requests: 900 }));
    assert.ok((ones?.error ?? 0) > 0.04);
  });
});
