import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { dualOf, worthAt } from "../../src/solver/lagrangian.ts";
import { runs } from "./length.ts";

const unit = fc.double({ min: 0, max: 1, noNaN: true });
const random = fc.record({
  stages: fc.array(fc.array(fc.tuple(unit, unit, unit, unit, unit, unit, unit), { minLength: 1, maxLength: 4 }), {
    minLength: 1,
    maxLength: 4,
  }),
  rows: fc.integer({ min: 1, max: 6 }),
  limits: fc.tuple(unit, unit, unit, unit, unit, unit),
});

test("the bound of one to six rows: that of its own prices, and above every plan that keeps the rows", () => {
  const seen = { kept: 0, none: 0 };
  fc.assert(
    fc.property(random, ({ stages, rows, limits }) => {
      const places = stages.flat();
      const first = Int32Array.from([0, ...stages.map((_, s) => stages.slice(0, s + 1).flat().length)]);
      const column = (c: number): Float64Array => Float64Array.from(places, (place) => place[c] ?? NaN);
      const problem = {
        kept: { first, at: Int32Array.from(places.keys()) },
        values: column(0),
        uses: [1, 2, 3, 4, 5, 6].slice(0, rows).map(column),
        limits: limits.slice(0, rows).map((limit) => limit * stages.length),
      };
      const { prices, bound } = dualOf(problem);
      let best = -Infinity;
      const visit = (s: number, value: number, uses: readonly number[]): void => {
        if (s < stages.length)
          for (const [v, ...u] of stages[s] ?? [])
            visit(
              s + 1,
              value + v,
              uses.map((x, r) => x + (u[r] ?? 0)),
            );
        else if (uses.every((use, r) => use <= (problem.limits[r] ?? 0))) best = Math.max(best, value);
      };
      visit(0, 0, Array<number>(rows).fill(0));
      seen[best > -Infinity ? "kept" : "none"]++;
      assert.ok(bound >= best - 1e-12, `${bound} is below ${best}`);
      if (bound === -Infinity) return;
      const worth = worthAt(problem, prices);
      const greatest = stages.map((_, s) => Math.max(...worth.subarray(first[s], first[s + 1])));
      const own = prices.reduce(
        (sum, price, r) => sum + price * (problem.limits[r] ?? 0),
        greatest.reduce((a, b) => a + b, 0),
      );
      // What cancels is rounded: a price may be very high where uses are next to nothing.
      const size = prices.reduce((most, price, r) => Math.max(most, price * Math.max(...(problem.uses[r] ?? []))), 1);
      assert.ok(Math.abs(bound - own) <= 1e-9 * Math.max(size, Math.abs(own)), `${bound}, its prices say ${own}`);
    }),
    { numRuns: runs(2000), seed: 5, endOnFailure: true },
  );
  assert.ok(seen.kept > 300 && seen.none > 300, JSON.stringify(seen));
});

test("it comes to an end where only rounding moves the price", () => {
  const places = [
    [0.33333333333358545, -6.687579629942775e-11, -7.867481396533549e-10],
    [0.3333333333333333, 1, 1.0000000002995402],
    [0.3333333333336611, 0.3333333333334321, 0.9999999999999644],
  ];
  const column = (c: number): Float64Array => Float64Array.from(places, (place) => place[c] ?? NaN);
  const { bound } = dualOf({
    kept: { first: Int32Array.of(0, 3), at: Int32Array.of(0, 1, 2) },
    values: column(2),
    uses: [column(0), column(1)],
    limits: [0.3333333323335854 + 1e-9, 2.9331242037005724e-9],
  });
  assert.ok(bound >= -7.867481396533549e-10);
});
