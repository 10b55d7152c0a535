import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import type { InputErrorCode } from "../../src/core/errors.ts";
import { buildPipeline } from "../../src/formats/build-pipeline.ts";
import { policyOf } from "../../src/core/policies.ts";
import { parsePipeline, profileNames } from "../../src/formats/pipeline-file.ts";
import { parseProfiles } from "../../src/formats/profile-csv.ts";
import { refused } from "./refusal.ts";

const HEADER = "variant,cores,batch,latency_mean_s,latency_mean_provenance,latency_p99_s,latency_p99_provenance";
const profile = (...rows: readonly string[]) => parseProfiles([HEADER, ...rows].join("\n"), "profiles/one.csv");
const profiles = new Map([
  ["wide.csv", profile("small,1,1,0.1,measured,0.2,measured", "small,1,16,0.5,measured,0.9,measured")],
  [
    "one.csv",
    profile(
      "small,1,1,0.1,measured,0.2,measured",
      "small,1,8,0.5,measured,0.9,measured",
      "large,0.5,1,0.4,measured,0.5,measured",
      "large,2,1,0.2,measured,0.3,measured",
    ),
  ],
]);

const GOOD = `apiVersion: ipa.dev/v1alpha1
kind: InferencePipeline
metadata:
  name: demo
spec:
  sla:
    latency: 600ms
  objective:
    kind: weighted
    alpha: 2
    beta: 1
  stages:
    - name: detect
      profile: one.csv
      variants:
        - { name: small, accuracy: 0.5, cores: 1 }
        - { name: large, accuracy: 0.8, cores: 500m }
    - name: read
      after: [detect]
      profile: one.csv
      variants:
        - { name: large, accuracy: 0.7, cores: 2 }
`;

function build(text: string) {
  return buildPipeline(parsePipeline(text, "p.yaml"), profiles);
}

/** GOOD with one thing changed. */
function changed(from: string | RegExp, to: string): string {
  const text = GOOD.replace(from, to);
  assert.notEqual(text, GOOD);
  return text;
}

test("a short file, its defaults filled in", () => {
  const pipeline = build(GOOD);
  assert.deepEqual(profileNames(parsePipeline(GOOD, "p.yaml")), ["one.csv"]);
  assert.deepEqual(
    { ...pipeline, stages: pipeline.stages.map((stage) => stage.variants.map((one) => one.coresPerReplica)) },
    {
      name: "demo",
      stages: [[1, 0.5], [2]],
      sla: { seconds: 0.6, quantile: 0.99 },
      objective: { kind: "weighted", accuracy: "pas", alpha: 2, beta: 1, delta: 0 },
      limits: { replicas: 100, batch: 64 },
      margins: { load: 0, serviceTime: 0, throughput: 0 },
      adaptation: {
        interval: 10,
        predictor: "max",
        loadWindow: 5,
        history: 120,
        horizon: 20,
        minLoad: 1,
        loadStep: 0,
        movement: { stabilization: 300, tolerance: 0.1, switchInterval: 0, cost: { start: 0, switch: 0 } },
      },
      rollout: { progressDeadline: 600, drain: 30 },
      onInfeasible: "best-effort",
      reproduction: { capacity: "mean", latency: "mean", roundLoad: false },
      policies: {},
    },
  );
  assert.deepEqual(pipeline.stages[1], {
    name: "read",
    after: ["detect"],
    fanOut: 1,
    variants: [
      {
        name: "large",
        accuracy: 0.7,
        coresPerReplica: 2,
        startUp: { mean: 0 },
        profile: [{ batch: 1, mean: 0.2, p99: 0.3 }],
      },
    ],
  });
});

test("every optional field counts: none keeps its default", () => {
  const full = `apiVersion: ipa.dev/v1alpha1
kind: InferencePipeline
metadata: { name: full }
spec:
  sla: { latency: 2s, quantile: 0.9 }
  objective: { kind: weighted, accuracy: average, accuracyFloor: 0.3, alpha: 2, beta: 1, delta: 0.01 }
  limits: { replicas: 7, batch: 8, cores: 12500m }
  margins: { load: 0.1, serviceTime: 0.2, throughput: 0.3 }
  adaptation:
    interval: 5s
    predictor: average
    loadWindow: 2s
    history: 60s
    horizon: 30s
    minLoad: 0.5
    loadStep: 2
    movement:
      stabilization: 1m
      tolerance: 0.2
      scaleUp: { replicas: 2, share: 0.5 }
      scaleDown: { share: 0.25 }
      switchInterval: 90s
      cost: { start: 0.5, switch: 3 }
  startUp: { mean: 3s, p90: 5s }
  stages:
    - name: detect
      profile: one.csv
      batches: [1, 2]
      variants:
        - { name: small, accuracy: 0.5, cores: 1, startUp: { mean: 8s }, standby: 3 }
        - { name: large, accuracy: 0.8, cores: 500m, scaleTargetRef: { kind: Deployment, name: d } }
  policies: { rim: { detect: { replicas: 4, batches: [2], variants: [small] } } }
  rollout: { progressDeadlineSeconds: 90, drainSeconds: 5 }
  onInfeasible: Hold
  reproduction: { capacity: mean, latency: p99, roundLoad: true }
`;
  const { stages, ...rest } = build(full);
  assert.deepEqual(rest, {
    name: "full",
    sla: { seconds: 2, quantile: 0.9 },
    objective: { kind: "weighted", accuracy: "average", accuracyFloor: 0.3, alpha: 2, beta: 1, delta: 0.01 },
    limits: { replicas: 7, batch: 8, cores: 12.5 },
    margins: { load: 0.1, serviceTime: 0.2, throughput: 0.3 },
    adaptation: {
      interval: 5,
      predictor: "average",
      loadWindow: 2,
      history: 60,
      horizon: 30,
      minLoad: 0.5,
      loadStep: 2,
      movement: {
        stabilization: 60,
        tolerance: 0.2,
        scaleUp: { replicas: 2, share: 0.5 },
        scaleDown: { replicas: 0, share: 0.25 },
        switchInterval: 90,
        cost: { start: 0.5, switch: 3 },
      },
    },
    rollout: { progressDeadline: 90, drain: 5 },
    onInfeasible: "hold",
    reproduction: { capacity: "mean", latency: "p99", roundLoad: true },
    policies: { rim: { detect: { replicas: 4, batches: [2], variants: ["small"] } } },
  });
  assert.deepEqual(stages[0]?.batches, [1, 2]);
  assert.deepEqual(
    stages[0]?.variants.map(({ startUp, standby }) => [startUp, standby]),
    [
      [{ mean: 8 }, 3],
      [{ mean: 3, p90: 5 }, undefined],
    ],
  );
  const pinned = full
    .replace(
      "      batches: [1, 2]\n",
      "      pin: { batches: [1], replicas: 4 }\n      forbid: { variants: [large] }\n",
    )
    .replace("cores: 1,", "cores: 1, minReplicas: 2, maxReplicas: 7,")
    .replace("batches: [2], variants", "variants");
  const [one] = build(pinned).stages;
  assert.deepEqual([one?.pin, one?.forbid], [{ batches: [1], replicas: 4 }, { variants: ["large"] }]);
  assert.deepEqual([one?.variants[0]?.minReplicas, one?.variants[0]?.maxReplicas], [2, 7]);
  assert.deepEqual(
    Object.keys(one?.variants[1] ?? {}).filter((key) => key.endsWith("Replicas")),
    [],
  );
  // Sorted as numbers.
  const wide = full
    .replace("one.csv", "wide.csv")
    .replace("[1, 2]", "[10, 9, 2]")
    .replace(/.*name: large.*\n/, "");
  assert.deepEqual(build(wide).stages[0]?.batches, [2, 9, 10]);
});

test("stages come in topological order, whatever their order in the file", () => {
  const [head = "", first = "", second = ""] = GOOD.split(/(?= {4}- name)/);
  assert.deepEqual(build(`${head}${second}${first}`), build(GOOD));
});

test("aliases, start-up times, batches and pins reach the pipeline", () => {
  const text = changed(
    "        - { name: small, accuracy: 0.5",
    "        - { startUp: &up { mean: 5s, p90: 8s }, name: small, accuracy: 0.5",
  )
    .replace("{ name: large, accuracy: 0.8", "{ startUp: *up, name: large, accuracy: 0.8")
    .replace("    - name: read", "      batches: [8, 1, 1]\n    - name: read");
  const [detect] = build(`${text}  policies:\n    rim: { detect: { replicas: 3 } }\n`).stages;
  assert.deepEqual(
    detect?.variants.map((one) => one.startUp),
    [
      { mean: 5, p90: 8 },
      { mean: 5, p90: 8 },
    ],
  );
  assert.deepEqual(detect?.batches, [1, 8]);
  assert.deepEqual(build(`${GOOD}  policies:\n    rim: { detect: { replicas: 3 } }\n`).policies, {
    rim: { detect: { replicas: 3 } },
  });
  assert.deepEqual(build(`${GOOD}  policies:\n    hpa: { detect: { utilization: 0.6 } }\n`).policies, {
    hpa: { detect: { utilization: 0.6 } },
  });
});

// What is changed in GOOD, the code, and what the message must say, its line and column first.
type Case = readonly [what: string, from: string | RegExp, to: string, code: InputErrorCode, ...patterns: RegExp[]];

const cases: readonly Case[] = [
  [
    "a misspelled key",
    "latency: 600ms",
    "latncy: 600ms",
    "unknown_name",
    /^p\.yaml:7:5: spec\.sla\.latncy: .*known are latency, quantile\. Correct/m,
    /spec\.sla\.latency: is missing/,
  ],
  [
    "a misspelled key of a variant",
    "accuracy: 0.5",
    "acuracy: 0.5",
    "unknown_name",
    /^p\.yaml:16:26: spec\.stages\.0\.variants\.0\.acuracy: .*known are name, accuracy, cores, startUp, standby, scaleTargetRef/m,
  ],
  [
    "a misspelled key at the top",
    "metadata:",
    "metdata:",
    "unknown_name",
    /^p\.yaml:3:1: metdata: .*known are apiVersion, kind, metadata, spec/m,
  ],
  [
    "a key of the wrong place",
    "    latency",
    "    alpha: 1\n    latency",
    "unknown_name",
    /^p\.yaml:7:5: spec\.sla\.alpha/,
  ],
  [
    "a word for a number",
    "accuracy: 0.5",
    "accuracy: high",
    "bad_value",
    /^p\.yaml:16:36: .*accuracy: "high" is not a number\. Correct/,
  ],
  [
    "an accuracy in per cent",
    "accuracy: 0.5",
    "accuracy: 50",
    "bad_value",
    /^p\.yaml:16:36: .*accuracy: 50 is not at most 1\. Correct/,
  ],
  ["not a number", "accuracy: 0.5", "accuracy: .nan", "bad_value", /^p\.yaml:16:36: .*NaN is not a number/],
  [
    "infinity",
    "alpha: 2",
    "alpha: .inf",
    "bad_value",
    /^p\.yaml:10:12: spec\.objective\.alpha: Infinity is not a number/,
  ],
  ["a negative weight", "alpha: 2", "alpha: -2", "bad_value", /^p\.yaml:10:12: .*-2 is not at least 0\. Correct/],
  [
    "a duration without unit",
    "600ms",
    "600",
    "bad_value",
    /^p\.yaml:7:14: spec\.sla\.latency: 600 is not understood\. Write a duration above 0 with its unit/,
  ],
  ["a duration with another unit", "600ms", "600 msec", "bad_value", /^p\.yaml:7:14: .*Write a duration/],
  ["no time at all", "600ms", "0ms", "bad_value", /^p\.yaml:7:14: .*Write a duration above 0/],
  [
    "decisions all the time",
    "  stages:",
    "  adaptation: { interval: 0s }\n  stages:",
    "bad_value",
    /^p\.yaml:12:27: spec\.adaptation\.interval: "0s" is not understood\. Write a duration above 0/,
  ],
  [
    "load by the half second",
    "  stages:",
    "  adaptation: { loadWindow: 500ms }\n  stages:",
    "bad_value",
    /^p\.yaml:12:29: spec\.adaptation\.loadWindow: is below 1s/,
  ],
  [
    "more pinned replicas than allowed",
    "  stages:",
    "  limits: { replicas: 2 }\n  policies: { rim: { read: { replicas: 3 } } }\n  stages:",
    "bad_value",
    /^p\.yaml:13:40: spec\.policies\.rim\.read\.replicas: is above limits\.replicas, 2\. Lower/,
  ],
  [
    "a stage's pin of a variant that it has not",
    "after: [detect]",
    "after: [detect]\n      pin: { variants: [large, tiny] }",
    "unknown_name",
    /^p\.yaml:20:32: spec\.stages\.1\.pin\.variants\.1: stage "read" has no variant "tiny"; it has large\. Correct/,
  ],
  [
    "a forbidden batch that is not offered",
    "after: [detect]",
    "after: [detect]\n      forbid: { batches: [7] }",
    "bad_value",
    /^p\.yaml:20:27: spec\.stages\.1\.forbid\.batches\.0: stage "read" offers no batch of 7, only 1\. Correct/,
  ],
  [
    "forbidden replicas",
    "after: [detect]",
    "after: [detect]\n      forbid: { replicas: 7 }",
    "unknown_name",
    /^p\.yaml:20:17: spec\.stages\.1\.forbid\.replicas: is not known here; known are variants, batches\./,
  ],
  [
    "a stage's pin of more replicas than allowed",
    "after: [detect]",
    "after: [detect]\n      pin: { replicas: 101 }",
    "bad_value",
    /^p\.yaml:20:24: spec\.stages\.1\.pin\.replicas: is above limits\.replicas, 100\. Lower/,
  ],
  [
    "all variants forbidden",
    "after: [detect]",
    "after: [detect]\n      forbid: { variants: [large] }",
    "bad_value",
    /^p\.yaml:20:7: spec\.stages\.1\.forbid: nothing is left for stage "read" to run: .* Pin or forbid less\.$/,
  ],
  [
    "a pin that only forbidden ones keep",
    "after: [detect]",
    "after: [detect]\n      pin: { replicas: 2 }\n      forbid: { batches: [1] }",
    "bad_value",
    /^p\.yaml:20:7: spec\.stages\.1\.pin: nothing is left for stage "read" to run/,
  ],
  [
    "fewer replicas at most than at least",
    "cores: 2 }",
    "cores: 2, minReplicas: 3, maxReplicas: 2 }",
    "bad_value",
    /^p\.yaml:22:64: spec\.stages\.1\.variants\.0\.minReplicas: is above maxReplicas, 2\. Lower it, or raise maxReplicas\.$/,
  ],
  [
    "a minimum above the limit",
    "cores: 2 }",
    "cores: 2, minReplicas: 101 }",
    "bad_value",
    /^p\.yaml:22:64: spec\.stages\.1\.variants\.0\.minReplicas: is above limits\.replicas, 100\. Lower/,
  ],
  [
    "a maximum above the limit",
    "cores: 2 }",
    "cores: 2, maxReplicas: 101 }",
    "bad_value",
    /^p\.yaml:22:64: spec\.stages\.1\.variants\.0\.maxReplicas: is above limits\.replicas, 100\. Lower/,
  ],
  [
    "a minimum of no replicas",
    "cores: 2 }",
    "cores: 2, minReplicas: 0 }",
    "bad_value",
    /^p\.yaml:22:64: spec\.stages\.1\.variants\.0\.minReplicas: 0 is not at least 1/,
  ],
  [
    "a pinned batch that is not offered",
    "  stages:",
    "  policies: { ipa: { read: { batches: [7] } } }\n  stages:",
    "bad_value",
    /^p\.yaml:12:40: spec\.policies\.ipa\.read\.batches\.0: stage "read" offers no batch of 7, only 1\./,
  ],
  [
    "a quantile in per cent",
    "600ms",
    "600ms\n    quantile: 99",
    "bad_value",
    /^p\.yaml:8:15: spec\.sla\.quantile: 99 is not below 1\. Correct/,
  ],
  ["a margin of everything", "  stages:", "  margins: { throughput: 1 }\n  stages:", "bad_value", /^p\.yaml:12:26: /],
  [
    "cores in words",
    "cores: 1 ",
    "cores: one ",
    "bad_value",
    /^p\.yaml:16:48: .*cores: "one" is not understood\. Write CPU cores, above 0, as 2, 0\.5 or 500m\.$/,
  ],
  ["no cores", "500m", "0m", "bad_value", /^p\.yaml:17:48: .*Write CPU cores/],
  [
    "a batch of one and a half",
    "profile: one.csv",
    "batches: [1.5]\n      profile: one.csv",
    "bad_value",
    /^p\.yaml:14:17: spec\.stages\.0\.batches\.0: 1\.5 is not a whole number\. Correct/,
  ],
  [
    "a fan-out of nothing",
    "after: [detect]",
    "fanOut: 0",
    "bad_value",
    /^p\.yaml:19:15: spec\.stages\.1\.fanOut: 0 is not above 0\. Correct/,
  ],
  [
    "another version",
    "v1alpha1",
    "v2",
    "bad_value",
    /^p\.yaml:1:13: apiVersion: "ipa\.dev\/v2" is not ipa\.dev\/v1alpha1\./,
  ],
  ["a missing key", "  sla:\n    latency: 600ms\n", "", "bad_value", /^p\.yaml:6:3: spec\.sla: is missing\. Add it/],
  [
    "missing cores",
    ", cores: 1 ",
    " ",
    "bad_value",
    /^p\.yaml:16:11: spec\.stages\.0\.variants\.0\.cores: is missing\. Add it/,
  ],
  [
    "a missing profile",
    "      profile: one.csv\n",
    "",
    "bad_value",
    /^p\.yaml:13:7: spec\.stages\.0\.profile: is missing/,
  ],
  [
    "a key without value",
    "beta: 1",
    "beta:",
    "bad_value",
    /^p\.yaml:11:10: spec\.objective\.beta: null is not a number\./,
  ],
  [
    "no stages",
    /stages:[^]*/,
    "stages: []\n",
    "bad_value",
    /^p\.yaml:12:11: spec\.stages: is empty\. Give at least one\./,
  ],
  [
    "an unknown objective",
    "kind: weighted",
    "kind: cheapest",
    "unknown_name",
    /^p\.yaml:9:11: .*"cheapest" is not one of weighted, maxAccuracy, minCost\. Correct/,
  ],
  [
    "an unknown metric",
    "    alpha: 2",
    "    accuracy: mean\n    alpha: 2",
    "unknown_name",
    /^p\.yaml:10:15: spec\.objective\.accuracy: "mean" is not one of pas, rank-sum/,
  ],
  [
    "an unknown predictor",
    "  stages:",
    "  adaptation: { predictor: lstm2 }\n  stages:",
    "unknown_name",
    /^p\.yaml:12:28: .*"lstm2" is not one of reactive, max, average/,
  ],
  [
    "a step of nothing",
    "  stages:",
    "  adaptation: { movement: { scaleUp: {} } }\n  stages:",
    "bad_value",
    /^p\.yaml:12:38: spec\.adaptation\.movement\.scaleUp: says no step: give replicas, share, or both\. /,
  ],
  [
    "a change that costs more than anything is worth",
    "  stages:",
    "  adaptation: { movement: { cost: { start: 1000001, switch: -1 } } }\n  stages:",
    "bad_value",
    /^p\.yaml:12:44: spec\.adaptation\.movement\.cost\.start: 1000001 is not at most 1000000\. Correct/m,
    /^p\.yaml:12:61: spec\.adaptation\.movement\.cost\.switch: -1 is not at least 0\. Correct/m,
  ],
  [
    "more replicas that stand by than may run",
    "cores: 1 ",
    "cores: 1, standby: 200 ",
    "bad_value",
    /^p\.yaml:16:\d+: spec\.stages\.0\.variants\.0\.standby: is above limits\.replicas, 100\. Lower it/,
  ],
  [
    "more replicas that stand by than the variant may have",
    "cores: 1 ",
    "cores: 1, maxReplicas: 2, standby: 3 ",
    "bad_value",
    /^p\.yaml:16:76: spec\.stages\.0\.variants\.0\.standby: is above maxReplicas, 2\. Lower it, or raise maxReplicas\.$/,
  ],
  [
    "fewer than no replicas that stand by",
    "cores: 1 ",
    "cores: 1, standby: -1 ",
    "bad_value",
    /^p\.yaml:16:60: spec\.stages\.0\.variants\.0\.standby: -1 is not at least 0\. Correct/,
  ],
  [
    "replicas of a variant that is not pinned stand by",
    /variants:\n(.*)cores: 1 }/,
    "pin: { variants: [large] }\n      variants:\n$1cores: 1, standby: 1 }",
    "bad_value",
    /^p\.yaml:17:60: spec\.stages\.0\.variants\.0\.standby: stage "detect" never runs small, as pin\.variants has it not\. Let the variant run, or remove/,
  ],
  [
    "replicas of a forbidden variant stand by",
    /variants:\n(.*)cores: 1 }/,
    "forbid: { variants: [small] }\n      variants:\n$1cores: 1, standby: 1 }",
    "bad_value",
    /^p\.yaml:17:60: spec\.stages\.0\.variants\.0\.standby: stage "detect" never runs small, as forbid\.variants has it\. Let/,
  ],
  [
    "replicas of a variant without a pinned batch stand by",
    "cores: 500m }",
    "cores: 500m, standby: 1 }\n      pin: { batches: [8] }",
    "bad_value",
    /^p\.yaml:17:63: spec\.stages\.0\.variants\.1\.standby: stage "detect" never runs large, as pin, forbid, .* leave it no batch/,
  ],
  [
    "more cores that stand by than the budget has",
    /stages:([^]*)cores: 1 ([^]*)cores: 2 /,
    "limits: { cores: 4.9 }\n  stages:$1cores: 1, standby: 3 $2cores: 2, standby: 1 ",
    "bad_value",
    /^p\.yaml:12:20: spec\.limits\.cores: is 4\.9, and the replicas that stand by hold 5 alone\. Raise it, or let fewer stand by\.$/,
  ],
  [
    "weighted without weights",
    "    alpha: 2\n",
    "",
    "bad_value",
    /^p\.yaml:9:5: spec\.objective: kind weighted needs alpha and beta\. Add/,
  ],
  [
    "minCost with weights and no floor",
    "kind: weighted",
    "kind: minCost",
    "bad_value",
    /^p\.yaml:10:12: spec\.objective\.alpha: belongs to kind weighted, and this is minCost\. Remove it\.$/m,
    /^p\.yaml:11:11: spec\.objective\.beta: belongs/m,
    /^p\.yaml:9:5: spec\.objective: kind minCost needs an accuracyFloor\. Add it\.$/m,
  ],
  [
    "minCost without floor",
    /kind: weighted\n.*\n.*/,
    "kind: minCost",
    "bad_value",
    /^p\.yaml:9:5: .*needs an accuracyFloor/,
  ],
  [
    "an unknown variant",
    "name: small",
    "name: tiny",
    "unknown_name",
    /^p\.yaml:16:19: .*profiles\/one\.csv has no variant "tiny"; it has small, large\. Correct/,
  ],
  [
    "cores that were not profiled",
    "cores: 1 ",
    "cores: 3 ",
    "unknown_name",
    /^p\.yaml:16:48: .*no rows of "small" with 3 cores, only with 1\. Choose/,
  ],
  [
    "two stages of a name",
    "name: read",
    "name: detect",
    "duplicate",
    /^p\.yaml:18:13: spec\.stages\.1\.name: "detect" is taken already\. Give/,
  ],
  [
    "two variants of a name",
    "name: large, accuracy: 0.8, cores: 500m",
    "name: small, accuracy: 0.8, cores: 1",
    "duplicate",
    /^p\.yaml:17:19: .*"small" is taken already/,
  ],
  [
    "a stage after none",
    "[detect]",
    "[detct]",
    "unknown_name",
    /^p\.yaml:19:15: spec\.stages\.1\.after\.0: there is no stage "detct"; stages are detect, read\. Correct/,
  ],
  [
    "a circle",
    "    - name: detect\n",
    "    - name: detect\n      after: [read]\n",
    "bad_value",
    /^p\.yaml:14:14: spec\.stages\.0\.after: goes round in a circle: detect, read wait for each other\. Let/,
  ],
  ["a stage after itself", "[detect]", "[read]", "bad_value", /^p\.yaml:19:14: spec\.stages\.1\.after: goes round/],
  [
    "a batch that no variant was profiled for",
    "profile: one.csv",
    "batches: [8, 16]\n      profile: one.csv",
    "bad_value",
    /^p\.yaml:14:20: spec\.stages\.0\.batches\.1: no variant was profiled at batches around 16\. Choose/,
  ],
  [
    "measured capacity without measurements",
    "  stages:",
    "  reproduction: { capacity: measured }\n  stages:",
    "bad_value",
    /^p\.yaml:17:19: .*needs throughput_rps in every row of one\.csv\. Add it, or use "mean"/,
  ],
  [
    "an impossible start-up",
    "  stages:",
    "  startUp: { mean: 1s, p90: 3s }\n  stages:",
    "bad_value",
    /^p\.yaml:12:12: spec\.startUp: p90 is more than 2\.2 times the mean.*\. Correct one of them\.$/,
  ],
  [
    "an unknown policy",
    /$/,
    "  policies:\n    rimm:\n      detect: { replicas: 3 }\n",
    "unknown_name",
    /^p\.yaml:24:5: spec\.policies\.rimm: there is no policy "rimm"; known are ipa, fa2-low/,
  ],
  [
    "a policy for no stage",
    /$/,
    "  policies:\n    rim:\n      detct: { replicas: 3 }\n",
    "unknown_name",
    /^p\.yaml:25:7: spec\.policies\.rim\.detct: there is no stage "detct"; stages are/,
  ],
  [
    "a policy for no variant",
    /$/,
    "  policies:\n    rim:\n      detect: { variants: [tiny] }\n",
    "unknown_name",
    /^p\.yaml:25:28: .*stage "detect" has no variant "tiny"; it has small, large/,
  ],
  [
    "a misspelled pin",
    /$/,
    "  policies:\n    rim:\n      detect: { replica: 3 }\n",
    "unknown_name",
    /^p\.yaml:25:17: .*known are variants, batches, replicas/,
  ],
  [
    "a target utilisation of a policy that has none",
    /$/,
    "  policies:\n    rim:\n      detect: { utilization: 0.5 }\n",
    "bad_value",
    /^p\.yaml:25:30: spec\.policies\.rim\.detect\.utilization: policy rim does not look at utilisation, only hpa does\. Remove/,
  ],
  [
    "a target utilisation of a stage, whatever the policy",
    "    - name: detect\n",
    "    - name: detect\n      pin: { utilization: 0.5 }\n",
    "unknown_name",
    /spec\.stages\.0\.pin\.utilization: .*known are variants, batches, replicas/,
  ],
  [
    "a target utilisation above 1",
    /$/,
    "  policies:\n    hpa:\n      detect: { utilization: 1.5 }\n",
    "bad_value",
    /^p\.yaml:25:30: spec\.policies\.hpa\.detect\.utilization: /,
  ],
  [
    "a window of a second and a half",
    /$/,
    "  adaptation: { loadWindow: 1500ms }\n",
    "bad_value",
    /loadWindow: is no whole number of seconds/,
  ],
  [
    "more replicas than any cluster has",
    /$/,
    "  limits: { replicas: 1000000 }\n",
    "bad_value",
    /limits\.replicas: 1000000 is not at most 10000/,
  ],
  [
    "more history than a controller could hold",
    /$/,
    "  adaptation: { history: 7h }\n",
    "bad_value",
    /adaptation\.history: is longer than 6h, which is the most\./,
  ],
  [
    "more windows of load than a predictor has use for",
    /$/,
    "  adaptation: { loadWindow: 2s, history: 20001s }\n",
    "bad_value",
    /adaptation\.history: a predictor would see 20001 s of load, in windows of 2 s\. Let it see 10000 of them at most\./,
  ],
  [
    "a decision later than a timer can wait for",
    /$/,
    "  adaptation: { interval: 99999h }\n",
    "bad_value",
    /adaptation\.interval: is longer than 1h, which is the most\./,
  ],
  [
    "a duration that is no number any more",
    /$/,
    `  adaptation: { history: ${"9".repeat(400)}s }\n`,
    "bad_value",
    /adaptation\.history: .* is not understood\. Write a duration above 0 [^\n]*$/,
  ],
  [
    "a stage with a name that every object has",
    "name: detect",
    "name: constructor",
    "bad_value",
    /spec\.stages\.0\.name: is a name that every object has/,
  ],
  [
    "less history than a window of load",
    /$/,
    "  adaptation: { loadWindow: 30s, history: 20s }\n",
    "bad_value",
    /adaptation\.history: a predictor sees 20 s of load, in windows of 30 s\. Let it see at least one\./,
  ],
  [
    "a stage that it follows named twice",
    "after: [detect]",
    "after: [detect, detect]",
    "duplicate",
    /^p\.yaml:19:23: spec\.stages\.1\.after\.1: names "detect" again\. Keep one/,
  ],
  [
    "a key twice",
    "    alpha: 2",
    "    alpha: 2\n    alpha: 3",
    "duplicate",
    /^p\.yaml:11:5: this key is there already\. Keep one/,
  ],
  [
    "a tab",
    "  name: demo",
    "\tname: demo",
    "bad_syntax",
    /^p\.yaml:4:1: Tabs are not allowed as indentation\. Indent with spaces\.$/,
  ],
  ["a bracket left open", "[detect]", "[detect", "bad_syntax", /^p\.yaml:\d+:\d+: .*\. Correct the YAML\.$/m],
  ["two documents", /$/, `---\n${GOOD}`, "bad_syntax", /^p\.yaml:2[34]:1: a second document begins here\. Put/],
  [
    "an alias inside itself",
    "metadata:\n",
    "metadata: &m\n  again: *m\n",
    "bad_syntax",
    /^p\.yaml:4:10: \*m stands inside &m\. Write the value out/,
  ],
  [
    "an alias of nothing",
    "alpha: 2",
    "alpha: *two",
    "unknown_name",
    /^p\.yaml:10:12: there is no &two before \*two\. Correct/,
  ],
  [
    "aliases that multiply",
    "metadata:\n",
    `metadata:\n  a: &a [${"x,".repeat(20)}]\n  b: &b [${"*a,".repeat(20)}]\n  c: &c [${"*b,".repeat(20)}]\n  d: [${"*c,".repeat(20)}]\n`,
    "bad_syntax",
    /^p\.yaml: Excessive alias count.*\. Write the values out/,
  ],
];

for (const [what, from, to, code, ...patterns] of cases)
  test(`refused: ${what}`, () => void refused(() => build(changed(from, to)), code, ...patterns));

test("what stands by may use the whole budget, and none may stand by of what never runs", () => {
  const all = changed("cores: 500m ", "cores: 500m, standby: 4, maxReplicas: 4 ");
  const budget = all.replace("  stages:", "  limits: { cores: 2 }\n  stages:");
  assert.equal(build(budget).stages[0]?.variants[1]?.standby, 4);
  const none = changed(
    /variants:\n(.*)cores: 1 }/,
    "forbid: { variants: [small] }\n      variants:\n$1cores: 1, standby: 0 }",
  );
  assert.equal(build(none).stages[0]?.variants[0]?.standby, 0);
});

test("a policy's pin that contradicts the stage's is refused where that policy is used, and no other", () => {
  const pipeline = build(
    changed(
      "  stages:\n    - name: detect\n",
      "  policies: { rim: { detect: { replicas: 3 }, read: { replicas: 1 } } }\n  stages:\n    - name: detect\n      pin: { replicas: 2 }\n",
    ),
  );
  for (const name of ["ipa", "fa2-low", "fa2-high", "hpa", "switcher", "static"]) policyOf(pipeline, name);
  refused(
    () => policyOf(pipeline, "rim"),
    "bad_value",
    /^policy rim leaves stage "detect" nothing to run: policies\.rim\.detect contradicts its own pin\. Make .* another policy\.$/,
  );
});

test("of many problems ten are told, and how many more there are", () => {
  const variants = Array.from({ length: 12 }, (_, i) => `        - { name: v${i}, accuracy: 2, cores: 1 }\n`).join("");
  const lines = refused(() => build(`${GOOD}${variants}`), "bad_value").split("\n");
  assert.equal(lines.length, 11);
  assert.match(lines[0] ?? "", /^p\.yaml:23:\d+: spec\.stages\.1\.variants\.1\.accuracy: /);
  assert.equal(lines[10], "… and 2 more like these");
});

test("what stands in one place is told once, however many variants inherit it", () => {
  const text = changed("  stages:", "  startUp: { mean: 1s, p90: 3s }\n  stages:");
  assert.equal(refused(() => build(text), "bad_value").split("\n").length, 1);
});

test("files of another kind", () => {
  const trace = readFileSync(new URL("../../traces/bursty.csv", import.meta.url), "utf8");
  const says = /^p\.yaml:1: this .*begins with apiVersion: ipa\.dev\/v1alpha1 and kind: InferencePipeline/;
  refused(() => build(trace), "wrong_kind", says, /is no mapping/);
  refused(() => build("- one\n- two\n"), "wrong_kind", says);
  refused(() => build("apiVersion: apps/v1\nkind: Deployment\n"), "wrong_kind", says, /of kind "Deployment"/);
  refused(() => build("name: demo\n"), "wrong_kind", says, /has no kind/);
  for (const text of ["", "# nothing\n"]) refused(() => build(text), "bad_value", /^p\.yaml: the file is empty\. It/);
});

test("more ways to run the stages than can be looked at are refused", () => {
  const rows = (batches: number): string =>
    Array.from({ length: batches }, (_, b) => `large,2,${b + 1},${1 + b},measured,${1 + b},measured,,,x`).join("\n");
  const header =
    "variant,cores,batch,latency_mean_s,latency_mean_provenance,latency_p99_s,latency_p99_provenance,throughput_rps,throughput_provenance,source";
  const stage = "    - { name: only, profile: one.csv, variants: [{ name: large, accuracy: 0.7, cores: 2 }] }\n";
  const text = GOOD.replace(/ {2}stages:\n[^]*$/, `  limits: { replicas: 10000, batch: 256 }\n  stages:\n${stage}`);
  const of = (batches: number) => () =>
    buildPipeline(
      parsePipeline(text, "p.yaml"),
      new Map([["one.csv", parseProfiles(`${header}\n${rows(batches)}\n`, "one.csv")]]),
    );
  assert.equal(of(100)().stages[0]?.variants[0]?.profile.length, 100);
  refused(of(101), "not_supported", /spec\.limits: leave 1010000 ways to run the stages/);
});

test("branches, joins and fan-out; more paths than can be planned are refused", () => {
  const stage = (name: string, after: readonly string[], fanOut = 1): string =>
    `    - { name: ${name}, after: [${after.join(", ")}], fanOut: ${fanOut}, profile: one.csv, variants: [{ name: large, accuracy: 0.7, cores: 2 }] }\n`;
  const made = (lines: readonly string[]): string => GOOD.replace(/ {2}stages:\n[^]*$/, `  stages:\n${lines.join("")}`);
  const diamond = build(
    made([
      stage("answer", ["cars", "people"]),
      stage("detect", []),
      stage("cars", ["detect"], 0.6),
      stage("people", ["detect"], 1.5),
    ]),
  );
  // In topological order, and else as in the file.
  assert.deepEqual(
    diamond.stages.map(({ name, after, fanOut }) => [name, after, fanOut]),
    [
      ["detect", [], 1],
      ["cars", ["detect"], 0.6],
      ["people", ["detect"], 1.5],
      ["answer", ["cars", "people"], 1],
    ],
  );
  const ladder = Array.from({ length: 7 }, (_, i) => [
    stage(`left${i}`, i === 0 ? [] : [`join${i - 1}`]),
    stage(`right${i}`, i === 0 ? [] : [`join${i - 1}`]),
    stage(`join${i}`, [`left${i}`, `right${i}`]),
  ]).flat();
  refused(
    () => build(made(ladder)),
    "not_supported",
    /spec\.stages: make 128 paths from the first to the last, and at most 64/,
  );
});
