import assert from "node:assert/strict";
import { test } from "node:test";
import type { LoadSeries } from "../../src/core/cluster.ts";
import { windowed } from "../../src/core/loop.ts";
import { autoregression } from "../../src/core/predictors/arima.ts";
import { predictorKinds } from "../../src/core/predictors/kinds.ts";
import { arrivalsOf } from "../../src/workload/arrivals.ts";
import { perSecond } from "../../src/workload/trace.ts";

const series = (...rates: readonly (number | null)[]): LoadSeries => ({ end: rates.length, step: 1, rates });
const { reactive, max, average, evident, surge, arima, oracle } = predictorKinds;

test("reactive, max and average of what was measured", () => {
  const seen = series(4, 9, 2);
  assert.equal(reactive.make()(seen, 20), 2);
  assert.equal(max.make()(seen, 20), 9);
  assert.equal(average.make()(seen, 20), 5);
});

test("no data is never zero: without the newest value, or with too few, nothing is predicted", () => {
  for (const kind of [reactive, max, average, evident, surge, arima]) {
    assert.equal(kind.make()(series(), 20), null);
    assert.equal(kind.make()(series(5, 5, null), 20), null);
    assert.equal(kind.make()(series(null, null, 5), 20), null);
    assert.equal(kind.make()(series(null, 5, 5), 20), 5);
    assert.equal(kind.make()(series(null, 5), 20), 5);
    assert.equal(kind.make()(series(0, 0), 20), 0);
  }
});

test("evident is what the best span says less two deviations, and the mean at least", () => {
  const seen = (...rates: readonly (number | null)[]) => evident.make()({ end: 0, step: 5, rates }, 20) ?? NaN;
  assert.equal(seen(5, 5), 5);
  // Two windows of 20 rps are 200 requests in 10 s; one alone is 100 in 5 s, all four are 230 in 20 s.
  assert.ok(Math.abs(seen(3, 20, 20, 3) - (20 - 2 * Math.sqrt(20 / 10))) < 1e-12);
  assert.ok(Math.abs(seen(3, 20, null, 20, 3, 3) - (20 - 2 * Math.sqrt(20 / 5))) < 1e-12);
});

test("of a constant load evident makes little more than it is, where the maximum makes much of chance", () => {
  const ratios = (kind: typeof max): readonly number[] =>
    [5, 20, 100].map((rate) => {
      const arrivals = arrivalsOf(
        { kind: "rates", name: "", rates: new Float64Array(12_000).fill(rate) },
        "poisson",
        1,
      );
      const counts = perSecond({ kind: "arrivals", name: "", arrivals });
      const predicted = Array.from({ length: 100 }, (_, k) => {
        const rates = Array.from(counts.subarray(120 * k, 120 * (k + 1)));
        return kind.make()(windowed({ end: 0, step: 1, rates }, 5), 20) ?? NaN;
      });
      return predicted.reduce((a, b) => a + b, 0) / 100 / rate;
    });
  for (const ratio of ratios(evident)) assert.ok(ratio > 1 && ratio < 1.06, `${ratio}`);
  const [low = NaN, middle = NaN, high = NaN] = ratios(max);
  assert.ok(low > 1.3 && middle > 1.15 && high > 1.06, `${low} ${middle} ${high}`);
});

test("the oracle asks for the horizon from the end of what was seen, and exists only with a future", () => {
  assert.equal(oracle.make({ future: (from, to) => 100 * from + to })(series(1, 1), 20), 222);
  assert.throws(() => oracle.make({}), /choose another predictor/);
});

test("windows are counted back from the end; one with a missing value is missing", () => {
  assert.deepEqual(windowed(series(1, 2, 4, 6, 8), 2).rates, [3, 7]);
  assert.deepEqual(windowed(series(1, 3, null, 5), 2).rates, [2, null]);
  assert.deepEqual(windowed(series(3), 5).rates, [3]);
  assert.deepEqual(windowed({ end: 20, step: 10, rates: [7, 8] }, 5).rates, [null, null]);
});

test("the ARIMA(1,0,0) forecasts what statsmodels 0.14 does (AutoReg, one lag, a constant): the greatest mean of the horizon", () => {
  const seen = [4, 6, 5, 7, 9, 8, 6, 7, 10, 12, 11, 9];
  const forecasts = [8.96600566572238, 8.945060148143392, 8.932154623856057, 8.924202919797995];
  const { constant, slope } = autoregression(seen);
  assert.ok(Math.abs(constant - 3.420679886685555) < 1e-9);
  assert.ok(Math.abs(slope - 0.6161473087818694) < 1e-9);
  const falling = arima.make()(series(...seen), 20) ?? NaN;
  assert.ok(Math.abs(falling - (forecasts[0] ?? NaN)) < 1e-9);
  // After a dip it rises back to the mean: the end of the horizon is the greatest.
  const dip = [...seen, 4];
  const fit = autoregression(dip);
  let expected = 4;
  for (let i = 0; i < 4; i++) expected = fit.constant + fit.slope * expected;
  assert.equal(arima.make()({ end: 0, step: 5, rates: dip }, 20), expected);
});

test("the ARIMA(1,0,0) of constant, short, gappy, ever rising or ever changing series stays a number, at least 0", () => {
  const forecast = arima.make();
  assert.equal(forecast(series(7, 7, 7, 7), 20), 7);
  assert.equal(forecast(series(7), 20), 7);
  assert.equal(forecast(series(0, 0, 0), 20), 0);
  assert.equal(forecast(series(3, null, 5), 20), 5);
  assert.equal(forecast(series(3, 5, null), 20), null);
  assert.equal(forecast(series(), 20), null);
  const rising = forecast(series(1, 2, 4, 8, 16, 32), 20) ?? NaN;
  assert.ok(rising > 32 && Number.isFinite(rising));
  const changing = forecast(series(0, 9, 0, 9, 0, 9, 0, 9), 20) ?? NaN;
  assert.ok(changing >= 0 && changing <= 9);
});

test("surge: the greatest load seen, and three times what the newest has above the mean and three standard deviations", () => {
  const predict = surge.make();
  // The mean is 9, and so is the variance: steps of one second.
  assert.equal(predict(series(9, 9, 9, 9), 20), 9);
  assert.equal(predict(series(3, 6, 12, 15), 20), 15);
  assert.equal(predict(series(3, 3, 3, 27), 20), 27 + 3 * (27 - 9 - 3 * 3));
  // Falling again: no surge.
  assert.equal(predict(series(3, 27, 3, 3), 20), 27);
  // Means over longer steps scatter less: over nine seconds with a standard deviation of 1.
  assert.equal(predict({ end: 0, step: 9, rates: [3, 6, 12, 15] }, 20), 15 + 3 * (15 - 9 - 3));
});
