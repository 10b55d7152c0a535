import assert from "node:assert/strict";
import { test } from "node:test";
import { generateTrace, twitterStyle, type TraceForm } from "../../src/workload/generate.ts";
import { refused } from "../formats/refusal.ts";
import { lagCorrelation, mean, quantile, variance } from "./statistics.ts";

const DAY = 86_400;
const form = (changes: Partial<TraceForm> = {}): TraceForm => ({ ...twitterStyle, seconds: DAY, seed: 1, ...changes });
const plain = { swing: 0, noise: 0, burstsPerDay: 0 } as const;

test("the same form gives the same loads, another seed others, and a longer trace begins alike", () => {
  const day = generateTrace(form());
  assert.deepEqual(generateTrace(form()), day);
  assert.notDeepEqual(generateTrace(form({ seed: 2 })), day);
  assert.deepEqual(generateTrace(form({ seconds: 1000 })), day.slice(0, 1000));
});

test("loads are finite and not negative, also with much noise and many bursts", () => {
  for (const changes of [{}, { noise: 3 }, { burstsPerDay: DAY, burstFactor: 50 }, { burstSeconds: 1e-9 }]) {
    const rates = generateTrace(form({ ...changes, seconds: 20_000 }));
    assert.ok(rates.every((rate) => rate >= 0 && Number.isFinite(rate)));
  }
});

test("without swing, noise and bursts the load is the mean", () => {
  assert.deepEqual(generateTrace(form({ ...plain, seconds: 5 })), new Float64Array(5).fill(8));
});

test("the swing is a sine over a day", () => {
  const rates = generateTrace(form({ ...plain, swing: 0.5 }));
  assert.equal(rates[0], 8);
  assert.ok(Math.abs((rates[DAY / 4] ?? NaN) - 12) < 1e-9);
  assert.ok(Math.abs((rates[(3 * DAY) / 4] ?? NaN) - 4) < 1e-9);
  assert.ok(Math.abs(mean([...rates]) - 8) < 1e-9);
});

test("the noise has the deviation asked for, and lasts", () => {
  const rates = [...generateTrace(form({ ...plain, noise: 0.1 }))];
  // Correlated by 0.9 each second, a day of noise is worth 86400·(0.1/1.9) independent values.
  const worth = DAY * (0.1 / 1.9);
  assert.ok(Math.abs(mean(rates) - 8) < (5 * 0.8) / Math.sqrt(worth));
  assert.ok(Math.abs(Math.sqrt(variance(rates)) - 0.8) < (5 * 0.8) / Math.sqrt(2 * worth));
  for (const lag of [1, 5, 10]) assert.ok(Math.abs(lagCorrelation(rates, lag) - 0.9 ** lag) < 0.05);
  // It begins as it goes on: the first load has the same deviation.
  const firsts = Array.from(
    { length: 2000 },
    (_, seed) => generateTrace(form({ ...plain, noise: 0.1, seed, seconds: 1 }))[0] ?? NaN,
  );
  assert.ok(Math.abs(Math.sqrt(variance(firsts)) - 0.8) < (5 * 0.8) / Math.sqrt(2 * 2000));
});

test("bursts rise at once and decay to 1/e in the time asked for", () => {
  const rates = generateTrace(form({ ...plain, burstsPerDay: 5, burstSeconds: 60 }));
  const starts = [...rates.keys()].filter(
    (second) => second > 0 && (rates[second] ?? 0) > (rates[second - 1] ?? 0) + 1e-9,
  );
  assert.ok(starts.length >= 1 && starts.length <= 15, String(starts.length));
  for (const second of starts.filter(
    (start) => start + 60 < DAY && !starts.some((s) => s > start && s <= start + 60),
  )) {
    const above = (offset: number): number => (rates[second + offset] ?? NaN) - 8;
    assert.ok(Math.abs(above(60) / above(0) - Math.exp(-1)) < 1e-9);
  }
});

test("bursts come as often and as high as asked for", () => {
  const found = Array.from({ length: 40 }, (_, seed) => {
    const rates = generateTrace(form({ ...plain, seed, burstsPerDay: 40, burstFactor: 3, burstSeconds: 1 }));
    return [...rates.keys()].flatMap((s) => {
      // What is left of the second before, taken away.
      const rise = (rates[s] ?? 0) - 8 - ((rates[s - 1] ?? 8) - 8) * Math.exp(-1);
      return rise > 1e-6 ? [rise / 8] : [];
    });
  });
  const total = found.flat().length;
  assert.ok(Math.abs(total - 1600) < 5 * 40 + 10, String(total));
  // Heights above the load are exponential, of mean (burstFactor − 1).
  assert.ok(Math.abs(mean(found.flat()) - 2) < (5 * 2) / Math.sqrt(total));
});

test("the style is like the damped Twitter trace: a few requests a second, and peaks of several times that", () => {
  const rates = [...generateTrace(form({ seconds: 7 * DAY }))];
  assert.ok(mean(rates) > 7 && mean(rates) < 10);
  assert.ok(quantile(rates, 0.999) > 2 * mean(rates));
});

test("each parameter out of its range is named, all at once", () => {
  const wrong: readonly (readonly [Partial<TraceForm>, RegExp])[] = [
    [{ seconds: 0 }, /seconds must be a whole number of at least 1/],
    [{ seconds: 1.5 }, /seconds must be/],
    [{ mean: 0 }, /mean must be above 0/],
    [{ mean: Infinity }, /mean must be/],
    [{ swing: 1 }, /swing must be at least 0 and below 1/],
    [{ noise: -0.1 }, /noise must be at least 0/],
    [{ noise: NaN }, /noise must be/],
    [{ burstsPerDay: DAY + 1 }, /burstsPerDay must be from 0 to 86400/],
    [{ burstFactor: 0.5 }, /burstFactor must be at least 1/],
    [{ burstSeconds: 0 }, /burstSeconds must be above 0/],
  ];
  for (const [changes, says] of wrong) refused(() => generateTrace(form(changes)), "bad_value", says);
  const all = Object.assign({}, ...wrong.map(([changes]) => changes)) as Partial<TraceForm>;
  const message = refused(() => generateTrace(form(all)), "bad_value");
  assert.equal(message.split(";").length, 7);
});
