import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import type { InputErrorCode } from "../../src/core/errors.ts";
import type { Pipeline } from "../../src/core/pipeline.ts";
import { loadSweep } from "../../src/formats/files.ts";
import { buildSweep, parseSweep } from "../../src/formats/sweep-file.ts";
import { constantRate, pipelineOf, variant } from "../fixtures.ts";
import { refused } from "./refusal.ts";

const GOOD = `apiVersion: ipa.dev/v1alpha1
kind: Sweep
metadata:
  name: demo
spec:
  pipelines: [p.yaml]
  traces: [t.csv]
  policies: [ipa, fa2-low]
  predictors: [max]
  queueing: [paper, tail]
  sla: [600ms, 2s]
  alpha: [0.5, 1]
  beta: [1]
  seeds: [1, 2]
`;
const pipeline = pipelineOf([[variant("small", { 1: 0.1 })]]);
const trace = constantRate(5, 10);

function build(text: string, pipelines: readonly Pipeline[] = [pipeline], traces = [trace]) {
  return buildSweep(parseSweep(text, "s.yaml"), pipelines, traces);
}

test("a sweep file with every list, and one with none", () => {
  assert.deepEqual(build(GOOD), {
    pipelines: [pipeline],
    traces: [trace],
    policies: ["ipa", "fa2-low"],
    predictors: ["max"],
    queueing: ["paper", "tail"],
    slas: [0.6, 2],
    alphas: [0.5, 1],
    betas: [1],
    seeds: [1, 2],
  });
  const short = build(GOOD.replace(/ {2}policies[^]*/, ""));
  assert.ok(Object.entries(short).every(([key, list]) => ["pipelines", "traces"].includes(key) || list === undefined));
});

test("what is wrong is told with its line and column", () => {
  const minCost = pipelineOf([[variant("small", { 1: 0.1 })]], {
    objective: { kind: "minCost", accuracy: "pas", accuracyFloor: 0.1 },
  });
  const cases: readonly (readonly [from: string, to: string, InputErrorCode, RegExp, Pipeline?])[] = [
    ["kind: Sweep", "kind: InferencePipeline", "wrong_kind", /^s\.yaml:1: .*a sweep file begins with .*kind: Sweep/],
    ["  beta:", "  bta:", "unknown_name", /^s\.yaml:13:3: spec\.bta: is not known here; known are pipelines, .*beta/],
    ["  traces: [t.csv]\n", "", "bad_value", /^s\.yaml:6:3: spec\.traces: is missing/],
    ["[1, 2]", "[]", "bad_value", /^s\.yaml:14:10: spec\.seeds: is empty/],
    ["[1, 2]", "[1, 1.5]", "bad_value", /^s\.yaml:14:14: spec\.seeds\.1: 1\.5 is not a whole number/],
    ["[1, 2]", "[4294967296]", "bad_value", /spec\.seeds\.0: 4294967296 is not at most 2147483647/],
    ["600ms", "600", "bad_value", /^s\.yaml:11:9: spec\.sla\.0: 600 is not understood\. Write a duration/],
    ["fa2-low", "fa3", "unknown_name", /^s\.yaml:8:19: spec\.policies\.1: "fa3" is not one of ipa, fa2-low/],
    ["alpha: [0.5, 1]", "alpha: 1", "bad_value", /^s\.yaml:12:10: spec\.alpha: 1 is not a list/],
    ["2s]", "0.6s]", "duplicate", /^s\.yaml:11:16: spec\.sla\.1: "0\.6" is there already/],
    ["[1, 2]", "[1, 1]", "duplicate", /spec\.seeds\.1: "1" is there already/],
    ["[ipa, fa2-low]", "[rim]", "bad_value", /^s\.yaml:8:14: spec\.policies\.0: with pipeline "hand-made": policy rim/],
    ["", "", "bad_value", /^s\.yaml:12:10: spec\.alpha: belongs to .*"hand-made" is minCost[^]*s\.yaml:13:9/, minCost],
  ];
  for (const [from, to, code, says, other = pipeline] of cases) {
    refused(() => build(GOOD.replace(from, to), [other]), code, says);
  }
  const twice = GOOD.replace("[t.csv]", "[a/t.csv, b/t.csv]");
  refused(
    () => build(twice, [pipeline], [trace, trace]),
    "duplicate",
    /^s\.yaml:7:21: spec\.traces\.1: "constant" is there/,
  );
});

test("all shipped sweeps load and tell editors where the schema is", async () => {
  const folder = fileURLToPath(new URL("../../sweeps", import.meta.url));
  const names = readdirSync(folder);
  assert.deepEqual(names, ["video.yaml"]);
  for (const name of names) {
    const text = readFileSync(`${folder}/${name}`, "utf8");
    assert.match(text, /^# yaml-language-server: \$schema=\.\.\/docs\/sweep\.schema\.json\n/);
    assert.ok((await loadSweep(`${folder}/${name}`)).sweep.pipelines.length > 0);
  }
});
