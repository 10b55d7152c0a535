import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import fc from "fast-check";
import { modes } from "../../src/core/control.ts";
import { buildPipeline } from "../../src/formats/build-pipeline.ts";
import { loadPipeline } from "../../src/formats/files.ts";
import { parsePipeline } from "../../src/formats/pipeline-file.ts";
import { parseProfiles } from "../../src/formats/profile-csv.ts";
import { parseResource, profileKeys } from "../../src/formats/resource.ts";
import { refused } from "./refusal.ts";
import { readProfiles, SHIPPED } from "./shipped.ts";

const PROFILE = `variant,cores,batch,latency_mean_s,latency_mean_provenance,latency_p99_s,latency_p99_provenance
small,1,1,0.1,measured,0.2,measured
small,1,8,0.5,measured,0.9,measured
large,0.5,1,0.4,measured,0.5,measured
`;
const profiles = new Map([["one.csv", PROFILE]]);

type Json = Record<string, unknown>;
const stage = (name: string, rest: Json = {}): Json => ({
  name,
  profile: "../profiles/one.csv",
  variants: [
    { name: "small", accuracy: "0.5", cores: 1 },
    { name: "large", accuracy: "0.8", cores: "500m" },
  ],
  ...rest,
});
const resource = (spec: Json = {}): Json => ({
  apiVersion: "ipa.dev/v1alpha1",
  kind: "InferencePipeline",
  metadata: { name: "demo", namespace: "shop", uid: "1", generation: 3, managedFields: [{ manager: "kubectl" }] },
  spec: {
    sla: { latency: "600ms" },
    objective: { kind: "maxAccuracy" },
    stages: [stage("detect"), stage("read", { after: ["detect"] })],
    ...spec,
  },
});
const parse = (spec: Json = {}) => parseResource(resource(spec), profiles, "shop/demo");
const target = (name: string, rest: Json = {}): Json => ({ scaleTargetRef: { kind: "Deployment", name, ...rest } });
const variants = (...more: readonly [Json, Json]): Json => ({
  variants: [
    { name: "small", accuracy: "0.5", cores: 1, ...more[0] },
    { name: "large", accuracy: "0.8", cores: "0.5", ...more[1] },
  ],
});

for (const name of SHIPPED) {
  test(`${name}: the object in a cluster is the pipeline of the file`, async () => {
    const path = new URL(`../../pipelines/${name}`, import.meta.url).pathname;
    const object = parsePipeline(readFileSync(path, "utf8"), path).file.value;
    assert.deepEqual(parseResource(object, readProfiles(), name).pipeline, await loadPipeline(path));
  });
}

/** A fraction as people write it in a file, and how it is kept in a cluster. */
const textual = (value: unknown): unknown => {
  if (typeof value === "number") return Number.isInteger(value) ? value : String(value);
  if (Array.isArray(value)) return value.map(textual);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, textual(one)]));
};

const thousandths = (least: number, most: number) => fc.integer({ min: least, max: most }).map((n) => n / 1000);
const seconds = fc.integer({ min: 1, max: 500 }).map((n) => `${n}s`);
const some = (model: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<Json> =>
  fc.record(model, { requiredKeys: [] });
const anySpec = some({
  mode: fc.constantFrom(...modes),
  onDelete: fc.constantFrom("Keep", "Restore"),
  onInfeasible: fc.constantFrom("BestEffort", "Hold"),
  load: some({
    prometheus: fc.constant({ selector: 'requests_total{service="video"}' }),
    fallback: fc.record({ afterSeconds: fc.integer({ min: 1, max: 900 }), load: thousandths(1, 90_000) }),
  }),
  rollout: some({ progressDeadlineSeconds: fc.integer({ min: 1, max: 900 }), drainSeconds: fc.nat(90) }),
  limits: some({ replicas: fc.integer({ min: 5, max: 90 }), cores: thousandths(9_000, 90_000) }),
  margins: some({ load: thousandths(0, 3000), serviceTime: thousandths(0, 3000), throughput: thousandths(0, 999) }),
  objective: fc.oneof(
    fc.record({ kind: fc.constant("weighted"), alpha: thousandths(0, 9000), beta: thousandths(0, 9000) }),
    fc.record({ kind: fc.constant("minCost"), accuracyFloor: thousandths(0, 2000) }),
  ),
  sla: fc.record({ latency: seconds, quantile: thousandths(1, 999) }),
  adaptation: some({
    interval: seconds,
    minLoad: thousandths(1, 9000),
    loadStep: thousandths(0, 9000),
    movement: some({
      stabilization: seconds,
      tolerance: thousandths(0, 2000),
      scaleUp: fc.record({ share: thousandths(1, 3000) }),
      cost: some({ start: thousandths(0, 9_000_000), switch: thousandths(0, 9_000_000) }),
    }),
  }),
  stages: fc
    .record({ fanOut: thousandths(1, 4000), accuracy: thousandths(0, 1000) })
    .map(({ fanOut, accuracy }) => [
      stage("detect", { fanOut, ...variants({ accuracy, ...target("a") }, {}) }),
      stage("read", { after: ["detect"] }),
    ]),
});

test("whatever a file says with numbers, an object says with text, and it is the same pipeline", () => {
  fc.assert(
    fc.property(anySpec, (spec) => {
      const text = JSON.stringify(resource(spec));
      const file = parsePipeline(text, "p.yaml");
      const made = buildPipeline(file, new Map([["../profiles/one.csv", parseProfiles(PROFILE, "one.csv")]]));
      const object = textual(resource(spec));
      assert.doesNotMatch(JSON.stringify(object), /[:[,]\d+\.\d/);
      assert.deepEqual(parseResource(object, profiles, "shop/demo").pipeline, made);
    }),
    { seed: 20_261 },
  );
});

test("how it is run live: what is said, and what holds if nothing is", () => {
  assert.deepEqual(parse().control, {
    mode: "Recommend",
    onDelete: "Keep",
    load: null,
    latency: null,
    fallback: null,
    stages: ["detect", "read"].map((name) => ({
      stage: name,
      dataPlane: "None",
      service: null,
      serviceTime: null,
      targets: [null, null],
    })),
  });
  const { control, pipeline } = parse({
    mode: "Act",
    onDelete: "Restore",
    latency: { prometheus: { buckets: "latency_bucket" } },
    load: { prometheus: { selector: "requests_total" }, fallback: { afterSeconds: 60, load: "2.5" } },
    rollout: { progressDeadlineSeconds: 90, drainSeconds: 0 },
    onInfeasible: "Hold",
    // Not in topological order.
    stages: [
      stage("read", {
        after: ["detect"],
        dataPlane: "Gateway",
        serviceTime: { prometheus: { sum: "s", count: "c", requests: "r", variantLabel: "model" } },
      }),
      stage("detect", {
        dataPlane: "Service",
        service: { port: 80, targetPort: 8080 },
        serviceTime: { prometheus: { sum: "s{}", count: "c" } },
        ...variants(target("small"), target("large", { apiVersion: "serving.example/v2beta1", kind: "Model" })),
      }),
    ],
  });
  assert.deepEqual(control, {
    mode: "Act",
    onDelete: "Restore",
    load: { selector: "requests_total" },
    latency: { buckets: "latency_bucket" },
    fallback: { after: 60, load: 2.5 },
    stages: [
      {
        stage: "detect",
        dataPlane: "Service",
        service: { name: "demo-detect", port: 80, targetPort: 8080 },
        serviceTime: { sum: "s{}", count: "c", requests: null, variantLabel: null },
        targets: [
          { variant: "small", apiVersion: "apps/v1", kind: "Deployment", name: "small" },
          { variant: "large", apiVersion: "serving.example/v2beta1", kind: "Model", name: "large" },
        ],
      },
      {
        stage: "read",
        dataPlane: "Gateway",
        service: null,
        serviceTime: { sum: "s", count: "c", requests: "r", variantLabel: "model" },
        targets: [null, null],
      },
    ],
  });
  assert.deepEqual([pipeline.rollout, pipeline.onInfeasible], [{ progressDeadline: 90, drain: 0 }, "hold"]);
  const named = parse({
    stages: [stage("detect", { dataPlane: "Service", service: { name: "eyes", port: 1, targetPort: 2 } })],
  });
  assert.deepEqual(named.control.stages[0]?.service, { name: "eyes", port: 1, targetPort: 2 });
});

test("the keys that hold the profiles, and the ConfigMap", () => {
  assert.deepEqual(profileKeys(resource(), "shop/demo"), { configMap: "ipa-profiles", keys: ["one.csv"] });
  const two = { profilesFrom: { configMap: "mine" }, stages: [stage("a"), stage("b", { profile: "two.csv" })] };
  assert.deepEqual(profileKeys(resource(two), "shop/demo"), { configMap: "mine", keys: ["one.csv", "two.csv"] });
});

const scaled = (...names: readonly [string, string]) => variants(target(names[0]), target(names[1]));
const ofService = (name: string, rest: Json = {}) =>
  stage(name, { dataPlane: "Service", service: { port: 80, targetPort: 80 }, ...rest });
const wrong: readonly (readonly [what: string, spec: Json, code: Parameters<typeof refused>[1], message: RegExp])[] = [
  [
    "a key that is not known",
    { sla: { latency: "1s", latncy: "1s" } },
    "unknown_name",
    /^shop\/demo: spec\.sla\.latncy: is not known here; known are latency, quantile\. Correct or remove it\.$/,
  ],
  [
    "a mode that there is not",
    { mode: "Advise" },
    "unknown_name",
    /^shop\/demo: spec\.mode: "Advise" is not one of Observe, Recommend, Signal, Act\. Correct the value\.$/,
  ],
  [
    "text that is beyond the number's bounds",
    { sla: { latency: "1s", quantile: "1.5" } },
    "bad_value",
    /^shop\/demo: spec\.sla\.quantile: "1\.5" is not below 1\. Correct the value\.$/,
  ],
  [
    "text that is no number",
    { margins: { load: "a lot" } },
    "bad_value",
    /^shop\/demo: spec\.margins\.load: "a lot" is not a number\. Correct the value\.$/,
  ],
  [
    "what a pipeline must agree on in itself",
    { stages: [stage("detect", { after: ["nobody"] })] },
    "unknown_name",
    /^shop\/demo: spec\.stages\.0\.after\.0: there is no stage "nobody"; stages are detect\. Correct the name\.$/,
  ],
  [
    "a selector that is a query",
    { load: { prometheus: { selector: "sum(rate(a[1m]))" } } },
    "bad_value",
    /^shop\/demo: spec\.load\.prometheus\.selector: .* is not understood\. Write the name of one counter/,
  ],
  [
    "an object's name that no object can have",
    { stages: [stage("detect", scaled("Small", "large"))] },
    "bad_value",
    /scaleTargetRef\.name: "Small" is not understood\. Write a name as Kubernetes has them/,
  ],
  [
    "two variants of one object, in one stage",
    { stages: [stage("detect", scaled("one", "one"))] },
    "duplicate",
    /^shop\/demo: spec\.stages\.0\.variants\.1\.scaleTargetRef\.name: Deployment one is that of variant small of stage "detect" already\. Give each variant its own\.$/,
  ],
  [
    "two variants of one object, in two stages and by two versions",
    {
      stages: [
        stage("a", scaled("one", "two")),
        stage("b", variants(target("two", { apiVersion: "apps/v1beta1" }), target("three"))),
      ],
    },
    "duplicate",
    /spec\.stages\.1\.variants\.0\.scaleTargetRef\.name: Deployment two is that of variant large of stage "a"/,
  ],
  [
    "a Service that nothing needs",
    { stages: [ofService("detect", { dataPlane: "None" })] },
    "bad_value",
    /^shop\/demo: spec\.stages\.0\.service: belongs to dataPlane Service, and this is None\. Remove it, or set/,
  ],
  [
    "no Service where one is needed",
    { stages: [stage("detect", { dataPlane: "Service" })] },
    "bad_value",
    /^shop\/demo: spec\.stages\.0\.dataPlane: Service needs service, with port and targetPort\. Add it\.$/,
  ],
  [
    "a stage whose name makes no Service's",
    { stages: [ofService("object detection")] },
    "bad_value",
    /spec\.stages\.0\.service: "demo-object detection" cannot be a Service's name: .* Give service\.name\.$/,
  ],
  [
    "a stage whose name makes no label",
    { stages: [ofService("object detection", { service: { name: "s", port: 1, targetPort: 1 } })] },
    "bad_value",
    /spec\.stages\.0\.service: has the name of the stage as a label, .* and "object detection" is not that\. Give the stage another name\.$/,
  ],
  [
    "two stages of one Service",
    { stages: [ofService("a", { service: { name: "demo-b", port: 1, targetPort: 1 } }), ofService("b")] },
    "duplicate",
    /spec\.stages\.1\.service: Service demo-b is that of stage "a" already\. Give each its own service\.name\.$/,
  ],
  [
    "two files of one name",
    { stages: [stage("a"), stage("b", { profile: "old/one.csv" })] },
    "duplicate",
    /^shop\/demo: spec\.stages\.1\.profile: \.\.\/profiles\/one\.csv and old\/one\.csv would both be key one\.csv of a ConfigMap\. Give/,
  ],
  [
    "a profile that is not there",
    { stages: [stage("a"), stage("b", { profile: "two.csv" })] },
    "missing_file",
    /^shop\/demo: spec\.stages\.1\.profile: ConfigMap ipa-profiles has no key two\.csv; its keys are one\.csv\. Add the profile\.$/,
  ],
  [
    "more variants than any stage has",
    {
      stages: [
        stage("a", { variants: Array.from({ length: 33 }, (_, i) => ({ name: `v${i}`, accuracy: 1, cores: 1 })) }),
      ],
    },
    "bad_value",
    /^shop\/demo: spec\.stages\.0\.variants: has more than 32 entries\. Remove some\.$/,
  ],
  [
    "a stage's name that no label could hold",
    { stages: [stage("a".repeat(64))] },
    "bad_value",
    /^shop\/demo: spec\.stages\.0\.name: is longer than 63 characters\. Shorten it\.$/,
  ],
];
for (const [what, spec, code, message] of wrong)
  test(`refused: ${what}`, () => void refused(() => parse(spec), code, message));

test("refused: a profile that is wrong, with its line; another kind; no object at all", () => {
  const bad = new Map([["one.csv", PROFILE.replace("0.4", "-1")]]);
  refused(() => parseResource(resource(), bad, "shop/demo"), "bad_value", /^configmap\/ipa-profiles\/one\.csv:4: /);
  const other = { apiVersion: "v1", kind: "ConfigMap" };
  for (const read of [() => profileKeys(other, "a/b"), () => parseResource(other, profiles, "a/b")]) {
    refused(read, "wrong_kind", /^a\/b: this is of kind "ConfigMap"; a pipeline file begins with/);
  }
  refused(() => profileKeys(null, "a/b"), "wrong_kind", /^a\/b: this is no mapping/);
});

test("a status of whatever version is in nobody's way", () => {
  const { pipeline } = parseResource({ ...resource(), status: { later: 7 } }, profiles, "shop/demo");
  assert.deepEqual(pipeline, parse().pipeline);
});
