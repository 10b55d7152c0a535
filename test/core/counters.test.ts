import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import type { LoadSeries } from "../../src/core/cluster.ts";
import { loadFromCounters, type CounterSeries, type LoadProblem } from "../../src/core/counters.ts";
import { windowed } from "../../src/core/loop.ts";

const want = { history: 60, loadWindow: 5 };

/** A counter scraped every `interval` seconds up to `until`; `value` by instant. */
function scraped(until: number, value: (at: number) => number, { interval = 5, samples = 20 } = {}): CounterSeries {
  return Array.from({ length: samples }, (_, i) => until - (samples - 1 - i) * interval).map((at) => ({
    at,
    value: value(at),
  }));
}

function loadOf(series: readonly CounterSeries[], now: number, of = want): LoadSeries {
  const measured = loadFromCounters(series, now, of);
  assert.ok("load" in measured, "problem" in measured ? `${measured.problem}: ${measured.message}` : "");
  return measured.load;
}

function problemOf(series: readonly CounterSeries[], now: number, of = want): readonly [LoadProblem, string] {
  const measured = loadFromCounters(series, now, of);
  assert.ok("problem" in measured, "load" in measured ? JSON.stringify(measured.load) : "");
  return [measured.problem, measured.message];
}

const steady = (rate: number) => (at: number) => rate * at;

describe("a load that is measured", () => {
  test("is the increase per second, up to the newest sample and not beyond", () => {
    assert.deepEqual(loadOf([scraped(1000, steady(7))], 1008), { end: 1000, step: 5, rates: Array(12).fill(7) });
  });

  test("is 0 of a counter that stands still, which is not null", () => {
    assert.deepEqual(loadOf([scraped(1000, () => 321)], 1001).rates, Array(12).fill(0));
  });

  test("counts from 0 again where the counter fell", () => {
    // 3 rps; at 980 it has begun anew and counted 4.
    const load = loadOf([scraped(1000, (at) => (at < 980 ? 3 * at : 4 + 3 * (at - 980)))], 1000);
    assert.deepEqual(load.rates, [3, 3, 3, 3, 3, 3, 3, 4 / 5, 3, 3, 3, 3]);
  });

  test("adds up several counters, and ends where the last of them has got to", () => {
    const load = loadOf([scraped(1000, steady(2)), scraped(997, steady(5))], 1001);
    assert.equal(load.end, 997);
    assert.ok(load.rates.every((rate) => rate !== null && Math.abs(rate - 7) < 1e-9));
  });

  test("has the steps of the source, the longest that divide the load window", () => {
    for (const [interval, loadWindow, step] of [
      [5, 5, 5],
      [5.02, 5, 5],
      [4.98, 5, 5],
      [2, 5, 2.5],
      [1, 5, 1],
      [15, 30, 15],
      [15, 40, 20],
    ] as const) {
      const load = loadOf([scraped(1000, steady(2), { interval, samples: 200 })], 1000, { history: 120, loadWindow });
      assert.equal(load.step, step);
      assert.equal(load.rates.length, Math.floor(120 / step));
      // What the loop makes of it: windows of the length that was asked for, none missing.
      const windows = windowed(load, loadWindow);
      assert.equal(windows.step, loadWindow);
      assert.ok(windows.rates.every((rate) => rate !== null && Math.abs(rate - 2) < 1e-9));
    }
  });

  test("is unknown where there is a gap, and over one missed scrape spread evenly", () => {
    const without = (...missed: readonly number[]) => [
      scraped(1000, steady(2)).filter(({ at }) => !missed.includes(at)),
    ];
    assert.deepEqual(loadOf(without(980), 1000).rates, Array(12).fill(2));
    const gap = loadOf(without(980, 985), 1000).rates;
    assert.deepEqual(gap, [2, 2, 2, 2, 2, 2, 2, null, null, null, 2, 2]);
    // Also where another counter has none.
    assert.deepEqual(loadOf([...without(980, 985), scraped(1000, steady(0))], 1000).rates, gap);
  });

  test("is unknown on either side of an older sample that is no number", () => {
    for (const value of [NaN, Infinity, -1]) {
      const load = loadOf([scraped(1000, (at) => (at === 980 ? value : 2 * at))], 1000);
      assert.deepEqual(load.rates, [2, 2, 2, 2, 2, 2, 2, null, null, 2, 2, 2]);
    }
  });

  test("has a new counter from its first sample on; before it only where others were measured", () => {
    const young = scraped(1000, (at) => 500 + 3 * (at - 980), { samples: 5 });
    assert.deepEqual(loadOf([scraped(1000, steady(2)), young], 1000).rates, [2, 2, 2, 2, 2, 2, 2, 2, 5, 5, 5, 5]);
    assert.deepEqual(loadOf([young], 1000).rates, [...Array(8).fill(null), 3, 3, 3, 3]);
    // One sample shows no increase, and that it is there.
    assert.deepEqual(loadOf([scraped(1000, steady(2)), [{ at: 999, value: 9 }]], 1000).rates.length, 12);
  });

  test("leaves out counters that ended before the window begins", () => {
    const old = scraped(940, steady(9));
    assert.deepEqual(loadOf([scraped(1000, steady(2)), old], 1000).rates, Array(12).fill(2));
  });
});

describe("a load that is not known", () => {
  test("no counter, and no more than one sample of any", () => {
    assert.equal(problemOf([], 1000)[0], "Absent");
    assert.equal(problemOf([[]], 1000)[0], "Absent");
    const [problem, message] = problemOf([[{ at: 998, value: 1 }], [{ at: 997, value: 1 }]], 1000);
    assert.equal(problem, "Absent");
    assert.match(message, /no counter has two samples yet.*\(the newest is 2 s old\)/);
  });

  test("the newest sample is older than three scrapes", () => {
    assert.ok("load" in loadFromCounters([scraped(1000, steady(2))], 1015, want));
    const [problem, message] = problemOf([scraped(1000, steady(2))], 1015.1);
    assert.equal(problem, "Stale");
    assert.match(message, /15\.1 s old, more than 3 scrape intervals of 5 s/);
  });

  test("the newest sample of any counter is no number", () => {
    for (const value of [NaN, Infinity, -Infinity, -1]) {
      const broken = scraped(1000, (at) => (at === 1000 ? value : 2 * at));
      assert.equal(problemOf([broken], 1001)[0], "NotANumber");
      assert.match(problemOf([scraped(1000, steady(2)), broken], 1001)[1], /of 1 of 2 counters/);
    }
  });

  test("a counter ended within the window, wherever: never less load", () => {
    const rest = scraped(1000, steady(2));
    for (const end of [984.9, 980, 950, 940.1]) {
      const [problem, message] = problemOf([rest, scraped(end, steady(50))], 1000);
      assert.equal(problem, "SeriesVanished", String(end));
      assert.match(message, /^1 of 2 counters ended/);
    }
    // Late, and not yet gone: the load is told up to where both were measured.
    const load = loadOf([rest, scraped(985, steady(50))], 1000);
    assert.equal(load.end, 985);
    assert.ok(load.rates.every((rate) => rate !== null && Math.abs(rate - 52) < 1e-9));
  });

  test("a counter ended that is scraped more often than others: by its own interval, whichever came last", () => {
    const of = { history: 120, loadWindow: 60 };
    const seldom = (last: number) => scraped(last, steady(1), { interval: 60, samples: 6 });
    const often = (end: number) => scraped(end, steady(100), { samples: 60 });
    for (const [silent, last] of [
      [100, 1],
      [20, 1],
      [20, 59],
    ] as const) {
      const [problem, message] = problemOf([often(1000 - silent), seldom(1000 - last)], 1000, of);
      assert.equal(problem, "SeriesVanished", `${silent} s, beside ${last} s`);
      assert.match(message, new RegExp(`^1 of 2 counters ended, the last ${silent} s ago, more than 3 .* of 5 s`));
    }
    // Also one that is so young that it shows no more than once how often.
    const young = [990, 995].map((at) => ({ at, value: at }));
    assert.equal(problemOf([young, seldom(1050)], 1060, of)[0], "SeriesVanished");
    const { rates } = loadOf([often(985), seldom(999)], 1000, of);
    assert.ok(rates.every((rate) => rate !== null && Math.abs(rate - 101) < 1e-9));
    assert.equal(problemOf([often(980), seldom(810)], 1000, of)[0], "Stale");
  });

  test("a gap in a counter that is scraped more often than others", () => {
    const gap = scraped(1000, steady(100), { samples: 60 }).filter(({ at }) => at <= 890 || at > 980);
    const seldom = scraped(1000, steady(1), { interval: 60, samples: 6 });
    assert.deepEqual(loadOf([gap, seldom], 1000, { history: 180, loadWindow: 60 }).rates, [101, null, null]);
  });

  test("scrapes further apart than the loads that are asked for, also of one counter alone", () => {
    const coarse = scraped(1000, steady(2), { interval: 15 });
    for (const series of [[coarse], [scraped(1000, steady(2)), coarse]]) {
      const [problem, message] = problemOf(series, 1000);
      assert.equal(problem, "ResolutionTooCoarse");
      assert.match(message, /scraped every 15 s, and loads of 5 s.*loadWindow to 15 s or more.*scrape every 5 s/);
    }
    assert.equal(problemOf([scraped(1000, steady(2), { interval: 5.3 })], 1000)[0], "ResolutionTooCoarse");
  });
});

describe("whatever the counters are", () => {
  /** Scrapes with jitter and resets, and the true total at each. */
  const counter = fc
    .array(
      fc.record({
        spacing: fc.double({ min: 4.9, max: 5.1, noNaN: true }),
        more: fc.nat(1000),
        reset: fc.integer({ min: 0, max: 9 }),
      }),
      { minLength: 14, maxLength: 40 },
    )
    .map((scrapes) => {
      const samples: { at: number; value: number }[] = [{ at: 0, value: 17 }];
      const totals = [0];
      for (const { spacing, more, reset } of scrapes) {
        const last = samples.at(-1) ?? { at: 0, value: 0 };
        // What is counted anew must be less, or the reset cannot be seen.
        const value = reset === 0 && more < last.value ? more : last.value + more;
        samples.push({ at: last.at + spacing, value });
        totals.push((totals.at(-1) ?? 0) + more);
      }
      // All end now.
      const shift = 10_000 - (samples.at(-1)?.at ?? 0);
      return { samples: samples.map(({ at, value }) => ({ at: at + shift, value })), totals };
    });

  /** The true total at an instant, by the straight line between two scrapes. */
  function totalAt(
    { samples, totals }: { samples: CounterSeries; totals: readonly number[] },
    instant: number,
  ): number {
    const after = samples.findIndex(({ at }) => at >= instant);
    const [from, to] = [samples[after - 1], samples[after]];
    if (to === undefined) return totals.at(-1) ?? 0;
    if (from === undefined) return 0;
    const [before = 0, until = 0] = totals.slice(after - 1);
    return before + ((until - before) * (instant - from.at)) / (to.at - from.at);
  }

  test("what was counted is there, no more and no less, and never below zero", () => {
    fc.assert(
      fc.property(fc.array(counter, { minLength: 1, maxLength: 4 }), fc.nat(60), (counters, history) => {
        const series = counters.map(({ samples }) => samples);
        const load = loadOf(series, 10_001, { history, loadWindow: 5 });
        load.rates.forEach((rate, i) => {
          const to = load.end - (load.rates.length - 1 - i) * load.step;
          if (rate === null) {
            assert.ok(series.every(([first]) => (first?.at ?? 0) > to - load.step));
            return;
          }
          const truth = counters.reduce((sum, one) => sum + totalAt(one, to) - totalAt(one, to - load.step), 0);
          assert.ok(rate >= 0 && Math.abs(rate * load.step - truth) < 1e-6, `${rate * load.step}, not ${truth}`);
        });
      }),
    );
  });

  test("counters together are the counter of their sums", () => {
    const increases = fc.array(fc.tuple(fc.nat(1000), fc.nat(1000)), { minLength: 14, maxLength: 30 });
    fc.assert(
      fc.property(increases, (all) => {
        const sum = (of: (pair: readonly [number, number]) => number): CounterSeries => {
          let value = 0;
          return all.map((pair, i) => ({ at: 5 * i, value: (value += of(pair)) }));
        };
        const now = 5 * (all.length - 1);
        const apart = loadOf([sum(([a]) => a), sum(([, b]) => b)], now);
        const together = loadOf([sum(([a, b]) => a + b)], now);
        apart.rates.forEach((rate, i) => assert.ok(Math.abs((rate ?? -1) - (together.rates[i] ?? -1)) < 1e-9));
      }),
    );
  });

  test("a problem or numbers, never NaN and never below zero", () => {
    const value = fc.oneof(fc.nat(100), fc.constantFrom(NaN, Infinity, -Infinity, -3, 0, 1e300));
    const samples = fc
      .array(fc.tuple(fc.double({ min: 0.001, max: 40, noNaN: true }), value), { maxLength: 30 })
      .map((all) => {
        let at = 0;
        return all.map(([spacing, counted]) => ({ at: (at += spacing), value: counted }));
      });
    fc.assert(
      fc.property(
        fc.array(samples, { maxLength: 4 }),
        fc.nat(1000),
        fc.integer({ min: 1, max: 60 }),
        (series, now, loadWindow) => {
          const measured = loadFromCounters(series, now, { history: 60, loadWindow });
          if ("problem" in measured) assert.doesNotMatch(measured.message, /NaN|Infinity|undefined/);
          else assert.ok(measured.load.rates.every((rate) => rate === null || rate >= 0));
        },
      ),
      { numRuns: 1000 },
    );
  });
});
