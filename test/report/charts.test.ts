import assert from "node:assert/strict";
import { test } from "node:test";
import {
  accuracyChart,
  answeredChart,
  costChart,
  latencyChart,
  loadChart,
  sweepChart,
  tradeOffChart,
} from "../../src/report/charts.ts";
import type { PolicyRuns } from "../../src/report/findings.ts";
import { summarise } from "../../src/report/summary.ts";
import { fakeRow } from "../formats/fake-sweep.ts";
import { fakeComparison } from "./fake-comparison.ts";
import { context, emptyRun } from "./fake-runs.ts";

const charts = { accuracyChart, answeredChart, costChart, latencyChart, tradeOffChart };
const policies = fakeComparison([1, 2]);
const [ipa] = policies;
assert.ok(ipa);

/** The paths that a line mark drew: those with more than a stroke or two. */
function longPaths(svg: string): string[] {
  return [...svg.matchAll(/<path[^>]* d="([^"]{200,})"/g)].map((match) => match[1] ?? "");
}

test("charts of lines draw one line per policy, and say so in their legend", () => {
  for (const chart of [costChart, accuracyChart, latencyChart, answeredChart]) {
    const svg = chart(policies, 560);
    assert.equal(longPaths(svg).length, 3, chart.name);
    for (const { summary } of policies) assert.match(svg, new RegExp(`>${summary.policy}</text>`), chart.name);
  }
  assert.equal(longPaths(loadChart(ipa, 560)).length, 2);
});

test("the scatter draws one labelled point per policy, each with another colour and symbol", () => {
  const svg = tradeOffChart(policies, 560);
  const dots = svg.match(/<g[^>]*aria-label="dot".*?<\/g>/g) ?? [];
  assert.equal(dots.length, 3);
  for (const { summary } of policies) assert.match(svg, new RegExp(`>${summary.policy}</text>`));
  for (const place of [1, 2, 3]) assert.match(svg, new RegExp(`--policy-${place},`));
});

test("every chart stands alone, is named for screen readers and takes its text colour from the page", () => {
  for (const svg of [...Object.values(charts).map((chart) => chart(policies, 340)), loadChart(ipa, 340)]) {
    assert.match(svg, /^<svg[^>]* xmlns="http:\/\/www\.w3\.org\/2000\/svg"/);
    assert.match(svg, /^<svg[^>]* role="img"/);
    assert.match(svg, /^<svg[^>]* aria-label="[A-Z][^"<&]+\."/);
    assert.match(svg, /^<svg[^>]* viewBox="0 0 340 \d+"/);
    assert.doesNotMatch(svg, /white|black|#fff|#000\b|<style/);
    assert.doesNotMatch(svg, /NaN|undefined|Infinity/);
  }
});

test("the same runs give the same bytes", () => {
  for (const chart of Object.values(charts)) assert.equal(chart(policies, 560), chart(policies, 560));
});

test("latency far beyond the SLA is drawn on a logarithmic scale, and says so", () => {
  assert.doesNotMatch(latencyChart(policies, 560), /logarithmic/);
  const slow = policies.map(({ summary, runs }) => ({ runs, summary: { ...summary, sla_s: 0.05 } }));
  assert.match(latencyChart(slow, 560), /logarithmic/);
});

test("runs in which nothing happened still make charts", () => {
  const empty: PolicyRuns[] = [{ runs: [emptyRun()], summary: summarise([emptyRun()], context) }];
  for (const chart of Object.values(charts)) assert.doesNotMatch(chart(empty, 560), /NaN|undefined|Infinity/);
});

test("points too close for names get a legend instead", () => {
  const crowd = ["ipa", "rim", "static", "fa2-low", "a policy with a long name"].flatMap((policy) =>
    policies.slice(0, 1).map(({ runs, summary }) => ({ runs, summary: { ...summary, policy } })),
  );
  const svg = tradeOffChart(crowd, 340);
  // A dot in the plot and one in the legend for each, and each name once.
  assert.equal(svg.match(/<g[^>]*aria-label="dot"/g)?.length, 10);
  for (const { summary } of crowd) assert.equal(svg.split(`>${summary.policy}</text>`).length, 2);
});

test("a sweep draws a curve and its points per policy and model: colours tell policies apart, symbols models", () => {
  const rows = ["ipa", "rim"].flatMap((policy, p) =>
    ["tail", "paper"].flatMap((queueing, q) =>
      [1, 2, 3].map((alpha) =>
        fakeRow({ policy, queueing, alpha, cost_cores: 3 + alpha + p, accuracy: alpha / 4 + q / 9 }),
      ),
    ),
  );
  const svg = sweepChart("A & B", rows, 560);
  assert.match(svg, /^<svg[^>]* aria-label="A &amp; B: accuracy and cost of 12 settings\."/);
  const names = [...svg.matchAll(/>([a-z0-9-]+, [a-z]+)<\/text>/g)].map((match) => match[1]);
  assert.deepEqual(names, ["ipa, tail", "ipa, paper", "rim, tail", "rim, paper"]);
  assert.equal(svg.match(/<g[^>]*aria-label="line"/g)?.length, 4);
  // Four curves' points, and one symbol each in the legend.
  assert.equal(svg.match(/<g[^>]*aria-label="dot"/g)?.length, 8);
  assert.equal(svg.match(/<title>α [123]<\/title>/g)?.length, 12);
  for (const place of [1, 4]) assert.match(svg, new RegExp(`--policy-${place},`));
  assert.doesNotMatch(svg, /--policy-2,|NaN|undefined/);
  assert.equal(sweepChart("A & B", rows, 560), svg);
  for (const few of [[], [fakeRow()], [fakeRow({ cost_cores: null })]]) {
    assert.doesNotMatch(sweepChart("few", few, 560), /NaN|undefined|Infinity/);
  }
});
