import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { measureLoad, prometheus, type QuerySamples } from "../../src/controller/see/prometheus.ts";
import type { LoadSeries } from "../../src/core/cluster.ts";
import type { LoadProblem, MeasuredLoad } from "../../src/core/counters.ts";
import { findPrometheus } from "./control-plane/binaries.ts";
import { type Exposition, startExposition } from "./control-plane/exposition.ts";
import { type Prometheus, startPrometheus } from "./control-plane/prometheus.ts";
import { until } from "./control-plane/until.ts";

// What the controller makes of the counters of a real Prometheus.

const SCRAPE = 0.2;
const want = { history: 3, loadWindow: 1 };
const never = new AbortController().signal;
const binary = findPrometheus();

describe(
  "the load by a Prometheus",
  { skip: binary === null && "there is no prometheus: run `npm run cluster:get`" },
  () => {
    const directory = mkdtempSync(join(tmpdir(), "ipa-load-"));
    let exposition: Exposition;
    let source: Prometheus;
    let query: QuerySamples;
    before(async () => {
      exposition = await startExposition();
      exposition.set("still_total", 7);
      source = await startPrometheus({
        binary: binary ?? "",
        directory,
        targets: [exposition.target],
        scrapeSeconds: SCRAPE,
      });
      query = prometheus({ url: source.url, timeoutSeconds: 5, maxBytes: 1_000_000 });
    });
    after(async () => {
      await source.stop();
      await exposition.close();
      rmSync(directory, { recursive: true });
    });

    function measure(selector: string): Promise<MeasuredLoad> {
      return measureLoad(query, selector, Date.now() / 1000, want, never);
    }

    /** The load, once all of its history is measured. */
    function whole(selector: string): Promise<LoadSeries> {
      return until(`the load of ${selector}`, async () => {
        const measured = await measure(selector);
        return "load" in measured && measured.load.rates.every((rate) => rate !== null) && measured.load;
      });
    }

    function problem(selector: string, expected: LoadProblem): Promise<string> {
      return until(`${expected} of ${selector}`, async () => {
        const measured = await measure(selector);
        return "problem" in measured && measured.problem === expected && measured.message;
      });
    }

    test("is the rate of the requests, of all series together, up to the newest sample", async () => {
      const from = Date.now() / 1000;
      exposition.set('busy_total{pod="a"}', (now) => 50 * (now - from));
      exposition.set('busy_total{pod="b"}', (now) => 30 * (now - from));
      const load = await whole('busy_total{job="test"}');
      assert.equal(load.step, SCRAPE);
      assert.equal(load.rates.length, 15);
      for (const rate of load.rates) assert.ok(Math.abs((rate ?? NaN) - 80) < 1e-3, `${rate} rps, not 80`);
      assert.ok(Date.now() / 1000 - load.end < 3 * SCRAPE + 1);
    });

    test("is 0, and known, of a counter that stands still", async () => {
      assert.deepEqual((await whole("still_total")).rates, Array(15).fill(0));
    });

    test("is never below 0 where a counter begins anew", async () => {
      exposition.set("reset_total", 1000);
      await whole("reset_total");
      exposition.set("reset_total", 6);
      const load = await until("the reset", async () => {
        const measured = await measure("reset_total");
        return "load" in measured && measured.load.rates.some((rate) => rate !== null && rate > 0) && measured.load;
      });
      assert.ok(load.rates.every((rate) => rate !== null && rate >= 0));
      // One increase of 6, in the step or the two that it happened in.
      assert.ok(load.rates.reduce<number>((sum, rate) => sum + (rate ?? 0) * load.step, 0) <= 6 + 1e-6);
    });

    test("is unknown while a counter is no number, and known again after", async () => {
      exposition.set("odd_total", NaN);
      await problem("odd_total", "NotANumber");
      exposition.set("odd_total", 3);
      await whole("odd_total");
    });

    test("is unknown where one of several series vanishes, until that is out of sight", async () => {
      for (const pod of ["a", "b"]) exposition.set(`replicated_total{pod="${pod}"}`, 5);
      await whole("replicated_total");
      exposition.remove('replicated_total{pod="b"}');
      assert.match(await problem("replicated_total", "SeriesVanished"), /^1 of 2 counters ended/);
      assert.equal((await whole("replicated_total")).rates.length, 15);
    });

    test("is absent of a counter that nobody has; what it is too coarse for is told", async () => {
      await problem("nobody_total", "Absent");
      await whole("still_total");
      const measured = await measureLoad(
        query,
        "still_total",
        Date.now() / 1000,
        { history: 3, loadWindow: 0.1 },
        never,
      );
      assert.ok("problem" in measured && measured.problem === "ResolutionTooCoarse", JSON.stringify(measured));
    });

    test("a query that Prometheus refuses is told in its words", async () => {
      const bad = prometheus({ url: source.url, timeoutSeconds: 5, maxBytes: 1_000_000 });
      const measured = await measureLoad(bad, 'x{a=~"("}', Date.now() / 1000, want, never);
      assert.ok("problem" in measured && measured.problem === "Unreachable", JSON.stringify(measured));
      assert.match(measured.message, /status 400: .*missing closing \)/);
    });

    test("is stale when the target is down, and absent when that is long ago", async () => {
      await whole("still_total");
      exposition.answer(false);
      await problem("still_total", "Stale");
      await problem("still_total", "Absent");
      exposition.answer(true);
      await whole("still_total");
    });

    test("is out of reach when the Prometheus answers no more", async () => {
      const impatient = prometheus({ url: source.url, timeoutSeconds: 0.3, maxBytes: 1_000_000 });
      source.pause();
      const measured = await measureLoad(impatient, "still_total", Date.now() / 1000, want, never);
      source.resume();
      assert.ok("problem" in measured && measured.problem === "Unreachable", JSON.stringify(measured));
      assert.match(measured.message, /no whole answer within 0\.3 s/);
    });
  },
);
