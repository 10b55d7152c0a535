import assert from "node:assert/strict";
import { test } from "node:test";
import { comparison } from "../../src/report/findings.ts";
import { reportPage } from "../../src/report/page.ts";
import { summarise } from "../../src/report/summary.ts";
import { fakeComparison } from "./fake-comparison.ts";
import { context, emptyRun, fakeRun } from "./fake-runs.ts";

const hostile = `<b onload="x()">&'name'</b>`;
const page = reportPage({
  pipeline: "video",
  trace: "bursty",
  policies: fakeComparison([1, 2]),
  setup: { predictor: "max", seeds: "1, 2" },
});

/** The tags that were opened and not closed in order; empty for a well-formed page. */
function unbalanced(html: string): string[] {
  const open: string[] = [];
  for (const [, close, name = "", selfClosed] of html.matchAll(/<(\/?)([a-zA-Z][\w-]*)(?:"[^"]*"|[^">])*?(\/?)>/g)) {
    if (selfClosed === "/" || ["meta", "br"].includes(name)) continue;
    if (close === "") open.push(name);
    else if (open.pop() !== name) return [`unexpected </${name}>`];
  }
  return open;
}

test("the page is well-formed and says what was compared", () => {
  assert.deepEqual(unbalanced(page.replace("<!doctype html>", "")), []);
  assert.match(page, /<title>video × bursty<\/title>/);
  assert.match(page, /<meta name="viewport" content="width=device-width/);
  assert.match(page, /ipa answered [\d.]+\u00a0% of the requests within 1\u00a0s/);
  // Six charts, each drawn for wide screens and for narrow ones.
  assert.equal(page.match(/<svg[^>]*role="img"/g)?.length, 12);
  assert.match(page, /<dt>predictor<\/dt><dd>max<\/dd>/);
});

test("the page asks for nothing from outside", () => {
  assert.doesNotMatch(page.replaceAll('xmlns="http://www.w3.org/2000/svg"', ""), /https?:|\/\/[\w-]+\.|url\(|@import/);
  assert.doesNotMatch(page, /<(script|link|img|iframe|object)\b|\bsrc=|\bhref=/);
});

test("names are escaped wherever they stand", () => {
  const runs = [fakeRun({ stages: fakeRun().stages.map((stage) => ({ ...stage, stage: hostile })) })];
  const text = reportPage({
    pipeline: hostile,
    trace: hostile,
    policies: [{ runs, summary: summarise(runs, { ...context, policy: hostile }) }],
    setup: { [hostile]: hostile },
  });
  assert.doesNotMatch(text, /<b\b/);
  // Every chart must also be right as XML, where a bare & or < is an error.
  assert.doesNotMatch(text.replaceAll(/&(amp|lt|gt|quot|#39|#34);/g, ""), /&/);
  assert.deepEqual(unbalanced(text.replace("<!doctype html>", "")), []);
});

test("no number on the page is NaN, whatever the runs", () => {
  const text = reportPage({
    pipeline: "video",
    trace: "silence",
    policies: [{ runs: [emptyRun()], summary: summarise([emptyRun()], context) }],
    setup: {},
  });
  assert.doesNotMatch(text, /NaN|undefined|Infinity|null/);
  assert.doesNotMatch(page, /NaN|undefined|Infinity|null/);
});

test("the comparison in words, by hand", () => {
  const policies = [
    { policy: "rim", run: fakeRun({ costCores: 5, accuracy: 0.8 }) },
    { policy: "ipa", run: fakeRun() },
    { policy: "fa2-high", run: fakeRun({ costCores: 15, accuracy: 0.9 }) },
  ].map(({ policy, run }) => ({ runs: [run], summary: summarise([run], { ...context, policy }) }));
  assert.equal(
    comparison(policies).replaceAll("\u00a0", " "),
    "ipa answered 60 % of the requests within 1 s, at an accuracy of 0.800, with 10.0 cores; next to it, " +
      "rim cost 50 % less and was as accurate (60 % within the SLA); " +
      "fa2-high cost 50 % more and was 0.100 more accurate (60 % within the SLA).",
  );
});
