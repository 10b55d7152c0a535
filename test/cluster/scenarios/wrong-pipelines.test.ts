import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { until } from "../control-plane/until.ts";
import type { ControllerProcess } from "../scene/controller.ts";
import { deploymentObject, deploymentsOf, pipelineObject, profiles, profilesObject } from "../scene/objects.ts";
import { openScene, withoutScene, type Scene } from "../scene/scene.ts";

type Spec = ReturnType<typeof pipelineObject>["spec"];
type Stage = Spec["stages"][number];

/** The spec of `pipelineObject`, with another first stage. */
function withDetect(name: string, change: (stage: Stage) => object): Readonly<Record<string, unknown>> {
  const [detect, ...others] = pipelineObject({ name }).spec.stages;
  return { stages: [...(detect === undefined ? [] : [change(detect)]), ...others] };
}

/** With another variant beside those that there are. */
const withVariant = (name: string, variant: object): Readonly<Record<string, unknown>> =>
  withDetect(name, (stage) => ({ ...stage, variants: [...stage.variants, variant] }));

const { adaptation } = pipelineObject().spec;

interface Wrong {
  readonly spec: Readonly<Record<string, unknown>>;
  /** A condition that tells it, and what its message must have. */
  readonly type: string;
  readonly says: string;
  readonly message: RegExp;
}

const wrong: Readonly<Record<string, Wrong>> = {
  "profile key missing": {
    spec: withDetect("profile-key-missing", (stage) => ({ ...stage, profile: "detection.csv" })),
    type: "ProfilesReady",
    says: "False Invalid",
    message: /ConfigMap ipa-profiles has no key detection\.csv; its keys are .*detect\.csv/,
  },
  "ConfigMap missing": {
    spec: { profilesFrom: { configMap: "nowhere" } },
    type: "ProfilesReady",
    says: "False NotFound",
    message: /there is no ConfigMap nowhere.*kubectl create configmap nowhere -n default --from-file=profiles\//,
  },
  "profile CSV broken": {
    spec: { profilesFrom: { configMap: "broken" } },
    type: "ProfilesReady",
    says: "False Invalid",
    message: /configmap\/broken\/detect\.csv:2: .*latency_mean_s/,
  },
  "variant without rows": {
    spec: withVariant("variant-without-rows", {
      name: "huge",
      accuracy: "0.9",
      cores: 1,
      scaleTargetRef: { kind: "Deployment", name: "x" },
    }),
    type: "Ready",
    says: "False Invalid",
    message: /detect\.csv has no variant "huge"; it has small, large/,
  },
  "cores without rows": {
    spec: withDetect("cores-without-rows", (stage) => ({
      ...stage,
      variants: stage.variants.map((variant) => (variant.name === "small" ? { ...variant, cores: 3 } : variant)),
    })),
    type: "Ready",
    says: "False Invalid",
    message: /small.*3/,
  },
  "target not found": {
    spec: withDetect("target-not-found", (stage) => ({
      ...stage,
      variants: stage.variants.map((variant) => ({
        ...variant,
        scaleTargetRef: { kind: "Deployment", name: `lost-${variant.name}` },
      })),
    })),
    type: "TargetResolved",
    says: "False NotFound",
    message: /detect\/small: there is no Deployment lost-small in default.*lost-large/,
  },
  "kind without scale": {
    spec: withDetect("kind-without-scale", (stage) => ({
      ...stage,
      variants: stage.variants.map((variant) => ({
        ...variant,
        scaleTargetRef: { apiVersion: "v1", kind: "ConfigMap", name: variant.name },
      })),
    })),
    type: "TargetResolved",
    says: "False NotScalable",
    message: /v1 ConfigMap is no kind with a \/scale here/,
  },
  "kind unknown": {
    spec: withDetect("kind-unknown", (stage) => ({
      ...stage,
      variants: stage.variants.map((variant) => ({
        ...variant,
        scaleTargetRef: { apiVersion: "nobody.dev/v1", kind: "Server", name: variant.name },
      })),
    })),
    type: "TargetResolved",
    says: "False NotScalable",
    message: /nobody\.dev\/v1 Server is no kind/,
  },
  "no scaleTargetRef": {
    spec: withDetect("no-scaletargetref", (stage) => ({
      ...stage,
      variants: stage.variants.map(({ scaleTargetRef: _target, ...variant }) => variant),
    })),
    type: "TargetResolved",
    says: "False NotNamed",
    message: /detect\/small, detect\/large have no scaleTargetRef/,
  },
  "no spec load": {
    spec: { load: undefined },
    type: "MetricsAvailable",
    says: "False Absent",
    message: /names no metric of its load\. Add spec\.load/,
  },
  "history shorter than window": {
    spec: { adaptation: { ...adaptation, history: "3s", loadWindow: "5s" } },
    type: "Ready",
    says: "False Invalid",
    message: /adaptation\.history: a predictor sees 3 s of load, in windows of 5 s/,
  },
  "resolution too coarse": {
    spec: { adaptation: { ...adaptation, loadWindow: "1s" } },
    type: "MetricsAvailable",
    says: "False ResolutionTooCoarse",
    message: /scraped every (?:1\.\d|2(?:\.\d)?) s, and loads of 1 s are asked for/,
  },
  "data plane Gateway": {
    spec: withDetect("data-plane-gateway", (stage) => ({ ...stage, dataPlane: "Gateway" })),
    type: "Ready",
    says: "False GatewayMissing",
    message: /dataPlane Gateway of detect: there is no gateway yet/,
  },
  "resources differ": {
    spec: {},
    type: "ProfilesReady",
    says: "False ResourcesDiffer",
    message: /Pods of small request 2 cores, and its profile is for 1/,
  },
};

/** Why nothing is decided at all. */
const stopping = ["Invalid", "NotFound", "NotScalable", "NotNamed", "GatewayMissing"];

describe("a pipeline that is wrong", { skip: withoutScene(), concurrency: true }, () => {
  let scene: Scene;
  let controller: ControllerProcess;
  before(async () => {
    scene = await openScene({ scrapeSeconds: 2 });
    const broken = profiles["detect.csv"].replace(",0.1,", ",soon,");
    const configMap = profilesObject({ ...profiles, "detect.csv": broken }) as { readonly metadata: object };
    await scene.plane.apply({ ...configMap, metadata: { ...configMap.metadata, name: "broken" } });
    controller = await scene.controller();
  });
  after(() => scene?.close());

  for (const [what, { spec, type, says, message }] of Object.entries(wrong)) {
    test(what, async () => {
      const name = what.toLowerCase().replaceAll(" ", "-");
      const cpu = name === "resources-differ" ? "2" : "1";
      await scene.plane.apply(deploymentObject(`${name}-small`, { cpu }), ...deploymentsOf(name).slice(1));
      scene.traffic(name).at(30);
      await scene.plane.apply(pipelineObject({ name, spec }));
      await until(`${type} ${says} of ${name}`, async () => (await scene.condition(type, name)) === says);
      const told = (await scene.status(name)).conditions ?? [];
      assert.match(told.find((one) => one.type === type)?.message ?? "", message);
      const [, reason = ""] = says.split(" ");
      // The load may not have been seen yet, which is told first.
      await until(
        `Ready to say why of ${name}`,
        async () => (await scene.condition("Ready", name)) === `False ${reason}`,
      );
      // Time for several turns.
      await until("others to be decided on", () => controller.decisions().length > 30);
      const numbers = scene
        .ownWrites()
        .filter((one) => one.resource.endsWith("/scale") && one.name.startsWith(`${name}-`));
      assert.deepEqual(numbers, []);
      if (stopping.includes(reason)) {
        assert.match(told.find((one) => one.type === type)?.message ?? "", /Nothing is decided until that is mended/);
      }
      if (says === "False GatewayMissing") {
        assert.equal((await scene.status(name)).plan, undefined, "no plan is made");
        assert.equal(
          controller.decisions().some(({ pipeline }) => pipeline === `default/${name}`),
          false,
        );
      }
    });
  }

  test("a target not found, and others that are", async () => {
    const name = "partly";
    await scene.plane.apply(...deploymentsOf(name));
    await scene.plane.kubectl("delete", "deployment", `${name}-large`);
    scene.traffic(name).at(30);
    await scene.plane.apply(pipelineObject({ name, dataPlane: "Service" }));
    await until("the others to be scaled", async () => (await scene.replicas(`${name}-small`)) === 4);
    assert.equal(await scene.condition("TargetResolved", name), "False NotFound");
    assert.equal(await scene.condition("Ready", name), "False NotFound");
    const told = (await scene.status(name)).conditions ?? [];
    const [resolved] = told.filter(({ type }) => type === "TargetResolved");
    assert.match(resolved?.message ?? "", /detect\/large: there is no Deployment partly-large.*goes on without it/);
  });

  test("unknown policy", async () => {
    const object = pipelineObject({ name: "politic", spec: { policies: { "fa2-lwo": { detect: { replicas: 1 } } } } });
    await assert.rejects(
      scene.plane.kubectlWith(JSON.stringify(object), "apply", "--server-side", "-f", "-"),
      /policies are ipa, fa2-low, .*Correct the name/,
    );
  });

  test("unknown predictor", async () => {
    const object = pipelineObject({
      name: "oracle",
      spec: { adaptation: { ...adaptation, predictor: "crystal-ball" } },
    });
    await assert.rejects(
      scene.plane.kubectlWith(JSON.stringify(object), "apply", "--server-side", "-f", "-"),
      /predictor: Unsupported value: "crystal-ball": supported values: .*"max"/,
    );
  });

  test("a pipeline that is corrected", async () => {
    const name = "mended";
    await scene.plane.apply(...deploymentsOf(name));
    scene.traffic(name).at(30);
    const { loadWindow: _window, ...others } = adaptation;
    const coarse = { adaptation: { ...others, loadWindow: "6s", history: "12s" } };
    await scene.plane.apply(pipelineObject({ name, spec: { ...coarse, profilesFrom: { configMap: "mended" } } }));
    await until("it to be told", async () => (await scene.condition("Ready", name)) === "False NotFound");
    const configMap = profilesObject() as { readonly metadata: object };
    await scene.plane.apply({ ...configMap, metadata: { ...configMap.metadata, name: "mended" } });
    await until("it to be ready", async () => (await scene.condition("Ready", name)) === "True Ready");
  });
});
