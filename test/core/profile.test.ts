import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { batchSigma, fitQuadratic, serviceSigma, serviceTime, Z_99, type Profile } from "../../src/core/profile.ts";

const points = (...means: readonly (readonly [batch: number, mean: number])[]): Profile =>
  means.map(([batch, mean]) => ({ batch, mean, p99: 2 * mean }));

test("a measured batch keeps its measured time; below the least it costs what the least costs", () => {
  const profile = points([2, 0.3], [4, 0.5], [8, 1.1]);
  assert.equal(serviceTime(profile, 4).mean, 0.5);
  assert.equal(serviceTime(profile, 1).mean, 0.3);
  assert.throws(() => serviceTime(profile, 9), RangeError);
});

test("between measured batches: a quadratic through three points, a line through two", () => {
  // 0.1 + 0.05 b + 0.01 b²: at 1, 2, 4 it is 0.16, 0.24, 0.46; at 3 it is 0.34.
  const quadratic = points([1, 0.16], [2, 0.24], [4, 0.46]);
  assert.ok(Math.abs(serviceTime(quadratic, 3).mean - 0.34) < 1e-12);
  assert.ok(Math.abs(serviceTime(quadratic, 3).p99 - 0.68) < 1e-12);
  assert.ok(Math.abs(serviceTime(points([1, 0.1], [5, 0.5]), 3).mean - 0.3) < 1e-12);
});

test("four points: the fit is the least-squares quadratic, not an interpolation", () => {
  // y = 0, 1, 1, 0 at x = −1.5, −0.5, 0.5, 1.5 has the fit 1.125 − 0.5·x² … here moved by 2.5.
  const fit = fitQuadratic([
    [1, 0],
    [2, 1],
    [3, 1],
    [4, 0],
  ]);
  for (const x of [1, 2, 2.5, 3, 4]) assert.ok(Math.abs(fit(x) - (1.125 - 0.5 * (x - 2.5) ** 2)) < 1e-12, `at ${x}`);
});

test("the fit is of degree two, also through more than four points", () => {
  const at = [0, 1, 8, 27, 64].map((y, x): [number, number] => [x + 1, y]);
  // The least-squares quadratic of x³ on 0 … 4 is 6x² − 8.6x + 1.2 (around 2: u³ has the line 3.4·u).
  const fit = fitQuadratic(at);
  for (const x of [0, 1, 2, 3, 4]) assert.ok(Math.abs(fit(x + 1) - (6 * x * x - 8.6 * x + 1.2)) < 1e-9, `${x}`);
});

test("between neighbours the time never falls, and stays within them where they rise", () => {
  const profile = fc
    .uniqueArray(fc.record({ batch: fc.integer({ min: 1, max: 40 }), mean: fc.integer({ min: 1, max: 500 }) }), {
      minLength: 2,
      maxLength: 6,
      selector: (point) => point.batch,
    })
    .map((rows) =>
      points(...rows.toSorted((a, b) => a.batch - b.batch).map(({ batch, mean }) => [batch, mean / 100] as const)),
    );
  fc.assert(
    fc.property(profile, (measured) => {
      measured.slice(1).forEach((above, i) => {
        const below = measured[i];
        assert.ok(below !== undefined);
        let last = Math.min(below.mean, above.mean);
        for (let b = below.batch + 1; b < above.batch; b++) {
          const { mean } = serviceTime(measured, b);
          assert.ok(mean >= last && mean <= above.mean, `batch ${b}: ${mean}`);
          last = mean;
        }
      });
    }),
    { seed: 7, numRuns: 300 },
  );
});

test("σ: the 99th percentile of the lognormal of mean 1 is p99/mean; 0 where p99 is no greater", () => {
  for (const ratio of [1.01, 1.3, 2, 5, 14]) {
    const sigma = serviceSigma({ mean: 1, p99: ratio });
    assert.ok(Math.abs(Math.exp(Z_99 * sigma - sigma ** 2 / 2) - ratio) < 1e-12, `ratio ${ratio}`);
  }
  assert.equal(serviceSigma({ mean: 1, p99: 0.9 }), 0);
  assert.equal(batchSigma(points([2, 1], [8, 1]), 3), serviceSigma({ mean: 1, p99: 2 }));
});
