import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { findPrometheus } from "./control-plane/binaries.ts";
import { type Exposition, startExposition } from "./control-plane/exposition.ts";
import { type Prometheus, startPrometheus } from "./control-plane/prometheus.ts";
import { until } from "./control-plane/until.ts";

// The Prometheus that tests start, watching a target that they drive.

/** Seconds since 1970, and the value as text. */
type Sample = readonly [number, string];

interface QueryAnswer {
  readonly data: { readonly result: readonly { readonly value?: Sample; readonly values?: readonly Sample[] }[] };
}

const binary = findPrometheus();

describe("Prometheus", { skip: binary === null && "there is no prometheus: run `npm run cluster:get`" }, () => {
  const directory = mkdtempSync(join(tmpdir(), "ipa-prometheus-"));
  let exposition: Exposition;
  let prometheus: Prometheus;
  before(async () => {
    exposition = await startExposition();
    exposition.set('requests_total{stage="a"}', 10);
    prometheus = await startPrometheus({
      binary: binary ?? "",
      directory,
      targets: [exposition.target],
      scrapeSeconds: 0.1,
    });
  });
  after(async () => {
    await prometheus.stop();
    await exposition.close();
    rmSync(directory, { recursive: true });
  });

  async function samplesOf(query: string): Promise<readonly Sample[]> {
    const answer = await fetch(`${prometheus.url}/api/v1/query?query=${encodeURIComponent(query)}`);
    const { data } = (await answer.json()) as QueryAnswer;
    return data.result.flatMap(({ values, value }) => values ?? (value === undefined ? [] : [value]));
  }
  const counter = 'requests_total{stage="a"}';

  test("a raw range query gives the samples with the times at which they were taken", async () => {
    const first = await until("three samples", async () => {
      const samples = await samplesOf(`${counter}[5m]`);
      return samples.length >= 3 && samples;
    });
    assert.ok(first.every(([, value]) => value === "10"));
    exposition.set(counter, 25.5);
    const all = await until("the new value", async () => {
      const samples = await samplesOf(`${counter}[5m]`);
      return samples.at(-1)?.[1] === "25.5" && samples;
    });
    const times = all.map(([time]) => time);
    assert.deepEqual(
      times,
      [...new Set(times)].sort((a, b) => a - b),
    );
  });

  test("a counter may be no number", async () => {
    exposition.set(counter, NaN);
    await until("NaN", async () => (await samplesOf(`${counter}[5m]`)).at(-1)?.[1] === "NaN");
    exposition.set(counter, 30);
    await until("30", async () => (await samplesOf(counter))[0]?.[1] === "30");
  });

  test("a series vanishes and comes back; its past stays", async () => {
    exposition.remove(counter);
    await until("nothing", async () => (await samplesOf(counter)).length === 0);
    assert.ok((await samplesOf(`${counter}[5m]`)).length > 0);
    exposition.set(counter, 1);
    await until("1", async () => (await samplesOf(counter))[0]?.[1] === "1");
  });

  test("a target that does not answer is down", async () => {
    exposition.answer(false);
    await until("down", async () => (await samplesOf("up"))[0]?.[1] === "0");
    assert.deepEqual(await samplesOf(counter), []);
    exposition.answer(true);
    await until("up", async () => (await samplesOf("up"))[0]?.[1] === "1");
  });
});
