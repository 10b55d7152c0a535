import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { customResourceDefinition } from "../../src/formats/crd.ts";
import { loadPipeline } from "../../src/formats/files.ts";
import { parseResource } from "../../src/formats/resource.ts";
import { instantText, planStages } from "../../src/formats/status.ts";
import { parseStatus, type PipelineStatus } from "../../src/formats/status-schema.ts";
import { filled, openApiSchema, type OpenApi } from "../formats/open-api.ts";
import { readProfiles, SHIPPED } from "../formats/shipped.ts";
import type { ControlPlane } from "./control-plane/control-plane.ts";
import { startControlPlane, withoutControlPlane } from "./control-plane/start.ts";
import { until } from "./control-plane/until.ts";

// What a real API server makes of the custom resource definition.

const root = new URL("../../", import.meta.url).pathname;
const NAMESPACE = "ipa-crd-test";
const CRD = "inferencepipelines.ipa.dev";

type Json = Record<string, unknown>;

const variant = (name: string, rest: Json = {}): Json => ({ name, accuracy: "0.5", cores: "500m", ...rest });
const stage = (name: string, rest: Json = {}): Json => ({ name, profile: "p.csv", variants: [variant("a")], ...rest });
const objective: Json = { kind: "weighted", alpha: "0.5", beta: 1 };
const pipeline = (spec: Json = {}, name = "demo"): Json => ({
  apiVersion: "ipa.dev/v1alpha1",
  kind: "InferencePipeline",
  metadata: { name, namespace: NAMESPACE },
  spec: { sla: { latency: "600ms" }, objective, stages: [stage("detect")], ...spec },
});
const target = (name: string): Json => ({ scaleTargetRef: { kind: "Deployment", name } });

const service: Json = { dataPlane: "Service", service: { name: "s", port: 80, targetPort: 8080 } };

/** What breaks each rule, and nothing else; by the rule's message. */
const broken: Readonly<Record<string, Json>> = {
  "policies are ipa, fa2-low, fa2-high, rim, hpa, switcher, static. Correct the name.": {
    policies: { rimm: { detect: { replicas: 3 } } },
  },
  "policies name stages of the pipeline. Correct the name.": { policies: { rim: { detct: { replicas: 3 } } } },
  "The Service of a stage has its name as a label, which takes letters, digits, -, _ and . within it. Correct the name.":
    { stages: [stage("Object detection", service)] },
  "Services of stages have the pipeline's name as a label, which takes 63 characters. Choose a shorter name.": {
    stages: [stage("detect", service)],
  },
  "kind weighted needs alpha and beta. Add them.": { objective: { kind: "weighted", alpha: 1 } },
  "alpha, beta and delta belong to kind weighted. Remove them.": { objective: { kind: "maxAccuracy", delta: "0.1" } },
  "kind minCost needs an accuracyFloor. Add it.": { objective: { kind: "minCost" } },
  "predictor oracle knows what is to come, which only a simulation can. Choose another.": {
    adaptation: { predictor: "oracle" },
  },
  "This says no step. Give replicas, share, or both.": { adaptation: { movement: { scaleUp: {} } } },
  "after names other stages of the pipeline. Correct the name.": {
    stages: [stage("detect"), stage("read", { after: ["detct"] })],
  },
  "dataPlane Service needs service, with port and targetPort. Add it.": {
    stages: [stage("detect", { dataPlane: "Service" })],
  },
  "service belongs to dataPlane Service. Remove it, or set dataPlane: Service.": {
    stages: [stage("detect", { service: { port: 80, targetPort: 8080 } })],
  },
  "Two variants have one scaleTargetRef. Give each variant its own object.": {
    stages: [stage("detect", { variants: [variant("a", target("x")), variant("b", target("x"))] })],
  },
  "minReplicas is above maxReplicas. Lower it, or raise maxReplicas.": {
    stages: [stage("detect", { variants: [variant("a", { minReplicas: 3, maxReplicas: 2 })] })],
  },
  'Write the name of one counter, its labels, or both, as in http_requests_total{service="video"}: no function and no range, as the controller takes the rate itself.':
    { load: { prometheus: { selector: "rate(http_requests_total[1m])" } } },
  "Every object has this name, and no stage can. Choose another.": { stages: [stage("constructor")] },
  "Write a duration with its unit, for example 600ms or 5s.": { startUp: { mean: "5" } },
  "Write a duration above 0 with its unit, for example 600ms or 5s.": { adaptation: { history: "0s" } },
  "This is longer than 1h, which is the most. Shorten it.": { adaptation: { interval: "3600001ms" } },
  "This is longer than 6h, which is the most. Shorten it.": { adaptation: { history: "10000h" } },
  "This is longer than 24h, which is the most. Shorten it.": { startUp: { mean: "24.1h" } },
};

/** The messages of all rules. */
function rulesOf(schema: unknown): readonly string[] {
  if (typeof schema !== "object" || schema === null) return [];
  return Object.entries(schema).flatMap(([key, value]) =>
    key === "x-kubernetes-validations"
      ? (value as readonly { readonly message: string }[]).map(({ message }) => message)
      : rulesOf(value),
  );
}

/** All fields that there are, with values that no schema takes; and where they are, as the API server writes it. */
function allWrong(schema: OpenApi, path: string): { readonly value: unknown; readonly places: readonly string[] } {
  const { properties, additionalProperties, items } = schema;
  if (properties !== undefined) {
    const parts = Object.entries(properties).map(([key, of]) => [key, allWrong(of, `${path}.${key}`)] as const);
    const value = Object.fromEntries(parts.map(([key, part]) => [key, part.value]));
    return { value, places: parts.flatMap(([, part]) => part.places) };
  }
  if (additionalProperties !== undefined) {
    const part = allWrong(additionalProperties, `${path}.key`);
    return { value: { key: part.value }, places: part.places };
  }
  if (items !== undefined) {
    const part = allWrong(items, `${path}[0]`);
    return { value: [part.value], places: part.places };
  }
  if (schema["x-kubernetes-int-or-string"] === true || schema.pattern !== undefined) {
    return { value: "~ no such text ~", places: [path] };
  }
  if (schema.enum !== undefined) return { value: "NoSuchValue", places: [path] };
  if (schema.type === "integer") return { value: -1, places: [path] };
  if (schema.type === "boolean") return { value: true, places: [] };
  return { value: "x".repeat((schema.maxLength ?? 0) + 1), places: [path] };
}

describe("the custom resource definition on an API server", { skip: withoutControlPlane() }, () => {
  let plane: ControlPlane;
  before(async () => {
    plane = await startControlPlane();
    await plane.kubectl("create", "namespace", NAMESPACE);
    await plane.kubectl("apply", "--server-side", "-f", `${root}deploy/crd.yaml`);
    await plane.kubectl("wait", "--for=condition=Established", `crd/${CRD}`, "--timeout=30s");
    await until("pipelines can be listed", () => plane.kubectl("get", "ipl", `--namespace=${NAMESPACE}`));
  });
  after(async () => {
    if (!plane.ours) await plane.kubectl("delete", `crd/${CRD}`, `namespace/${NAMESPACE}`, "--wait=false");
    await plane.stop();
  });

  const apply = (object: Json, ...more: readonly string[]): Promise<string> =>
    plane.kubectlWith(JSON.stringify(object), "apply", "--server-side", "--force-conflicts", "-f", "-", ...more);
  const read = async (name: string): Promise<Json & { readonly status?: unknown }> =>
    JSON.parse(await plane.kubectl("get", "ipl", name, `--namespace=${NAMESPACE}`, "--output=json")) as Json;
  const refusal = (object: Json): Promise<string> =>
    apply(object, "--dry-run=server").then(
      () => assert.fail(`taken: ${JSON.stringify(object)}`),
      (error: unknown) => String(error),
    );

  test("nothing of it is lost on the way, its rules above all", async () => {
    const { spec } = customResourceDefinition() as { readonly spec: Json };
    const stored = JSON.parse(await plane.kubectl("get", "crd", CRD, "--output=json")) as { readonly spec: Json };
    assert.deepEqual(stored.spec["versions"], spec["versions"]);
  });

  for (const name of SHIPPED) {
    test(`${name} is taken as it is, and what is stored is the same pipeline`, async () => {
      const path = `${root}pipelines/${name}`;
      await plane.kubectl("apply", "--server-side", `--namespace=${NAMESPACE}`, "-f", path);
      const stored = await read(name.replace(".yaml", ""));
      assert.deepEqual(parseResource(stored, readProfiles(), name).pipeline, await loadPipeline(path));
    });
  }

  test("what is left out is filled in as the program does", async () => {
    await apply(pipeline());
    const { spec } = (await read("demo")) as { readonly spec: Json };
    assert.deepEqual({ spec }, { spec: (filled(openApiSchema(), pipeline()) as { readonly spec: Json }).spec });
    assert.equal(spec["mode"], "Recommend");
  });

  test("kubectl explain has a text for each field", async () => {
    const published = JSON.parse(await plane.kubectl("get", "--raw", "/openapi/v3/apis/ipa.dev/v1alpha1")) as {
      readonly components: { readonly schemas: Readonly<Record<string, OpenApi>> };
    };
    const schema = published.components.schemas["dev.ipa.v1alpha1.InferencePipeline"];
    assert.ok(schema !== undefined);
    let fields = 0;
    const look = (of: OpenApi, path: string): void => {
      for (const [key, one] of Object.entries(of.properties ?? {})) {
        fields++;
        if (path !== "" || key !== "metadata") assert.ok((one.description ?? "").length > 3, `${path}.${key}`);
        look(one, `${path}.${key}`);
      }
      if (of.items !== undefined) look(of.items, path);
      if (of.additionalProperties !== undefined) look(of.additionalProperties, path);
    };
    look(schema, "");
    assert.ok(fields > 150, `only ${fields} fields`);
    const explained = await plane.kubectl("explain", "ipl.spec.stages.variants.accuracy");
    assert.match(explained, /Quality on the stage's task, from 0 to 1/);
  });

  test("each rule refuses what breaks it, and says what to do", async () => {
    assert.deepEqual(new Set(rulesOf(customResourceDefinition())), new Set(Object.keys(broken)));
    for (const [message, spec] of Object.entries(broken)) {
      const long = message.includes("the pipeline's name") ? "x".repeat(64) : undefined;
      const text = await refusal(pipeline(spec, long));
      assert.ok(text.includes(message), text);
    }
    assert.match(await apply(pipeline({}, "x".repeat(64)), "--dry-run=server"), /serverside-applied/);
  });

  test("each pattern, closed list and bound refuses", async () => {
    const wrong = allWrong(openApiSchema().properties?.["spec"] ?? {}, "spec");
    assert.ok(wrong.places.length > 60);
    const text = await refusal({ ...pipeline(), spec: wrong.value });
    const missed = wrong.places.filter((place) => !text.includes(`${place}: `));
    assert.deepEqual(missed, [], text);
  });

  test("fractions, unknown fields, names that come twice and too many entries are refused", async () => {
    const stages = (...all: readonly Json[]): Json => pipeline({ stages: all });
    const cases: readonly (readonly [RegExp, Json])[] = [
      [
        /variants\[0\]\.accuracy: Invalid value: "number"/,
        stages(stage("a", { variants: [variant("a", { accuracy: 0.5 })] })),
      ],
      [/\.spec\.sla\.latncy: field not declared in schema/, pipeline({ sla: { latency: "1s", latncy: "1s" } })],
      [/\.spec\.stages: duplicate entries for key \[name="a"\]/, stages(stage("a"), stage("a"))],
      [/Too many: 33: must have at most 32 items/, stages(...Array.from({ length: 33 }, (_, i) => stage(`s${i}`)))],
      [/spec\.stages: Required value/, stages()],
    ];
    for (const [message, object] of cases) assert.match(await refusal(object), message);
    const create = plane.kubectlWith(JSON.stringify(pipeline({ nope: 1 })), "create", "--validate=strict", "-f", "-");
    await assert.rejects(create, /unknown field "spec\.nope"/);
  });

  test("the status is a subresource of its own: written apart, and shown", async () => {
    await apply(pipeline());
    const before = await read("demo");
    const status: PipelineStatus = {
      observedGeneration: 1,
      plan: {
        decisionId: "7",
        madeAt: instantText(1_722_500_000.125),
        accuracy: "0.75",
        cores: "12.5",
        feasible: true,
        stages: planStages([{ stage: "detect", variant: "a", batch: 4, batchTimeout: 1 / 3, replicas: 2 }]),
      },
      load: { observedRps: "41.5", at: instantText(1_722_500_000) },
      decision: { id: "7", reason: "LoadRose" },
      mode: "Recommend",
      conditions: [
        {
          type: "Ready",
          status: "True",
          observedGeneration: 1,
          lastTransitionTime: instantText(1_722_500_000),
          reason: "Planned",
          message: "",
        },
      ],
    };
    const patch = (value: unknown, ...more: readonly string[]): Promise<string> =>
      plane.kubectl("patch", "ipl", "demo", `-n=${NAMESPACE}`, "--type=merge", `-p=${JSON.stringify(value)}`, ...more);
    await patch({ status }).catch(() => "");
    assert.equal((await read("demo")).status, undefined);
    await patch({ status, spec: { mode: "Act" } }, "--subresource=status");
    const stored = await read("demo");
    assert.deepEqual(parseStatus(stored.status), status);
    assert.deepEqual(stored["spec"], before["spec"]);
    const shown = await plane.kubectl("get", "ipl", "demo", `-n=${NAMESPACE}`);
    assert.match(shown, /^NAME +SLA +LOAD +ACCURACY +CORES +MODE +READY +REASON +AGE\n/);
    assert.match(shown, /\ndemo +600ms +41\.5 +0\.75 +12\.5 +Recommend +True +Planned +/);
    const bad = { status: { decision: { id: "7", reason: "Whim" } } };
    await assert.rejects(patch(bad, "--subresource=status"), /status\.decision\.reason: Unsupported value: "Whim"/);
  });
});
