import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { ChaosProxy } from "../chaos-proxy.ts";
import { until } from "../control-plane/until.ts";
import type { ControllerProcess } from "../scene/controller.ts";
import { established } from "../scene/established.ts";
import { deploymentsOf, pipelineObject } from "../scene/objects.ts";
import { openScene, withoutScene, type Scene } from "../scene/scene.ts";

const DEFINITION = "inferencepipelines.ipa.dev";

describe("what is out of date", { skip: withoutScene() }, () => {
  let scene: Scene;
  let proxy: ChaosProxy;
  let controller: ControllerProcess;
  before(async () => {
    scene = await openScene({ cpus: 1000 });
    proxy = await scene.proxy();
    controller = await scene.controller("--kubeconfig", proxy.kubeconfig);
  });
  after(() => scene?.close());

  test("a watch gone silent", async () => {
    const traffic = scene.traffic("silent");
    traffic.at(5);
    await scene.plane.apply(...deploymentsOf("silent"), pipelineObject({ name: "silent", mode: "Recommend" }));
    const mode = async (): Promise<string> => scene.condition("Applied", "silent");
    await until("a recommendation", async () => (await mode()) === "False NotActing");
    // What is under way is swallowed, what begins later is not.
    proxy.inject({ kind: "hang" }, { url: /inferencepipelines.*watch=true/ })();
    const from = performance.now();
    traffic.at(30);
    await scene.plane.apply(pipelineObject({ name: "silent", mode: "Act" }));
    await until("the change to be heeded", async () => (await mode()) === "True Applied");
    const seconds = (performance.now() - from) / 1000;
    assert.ok(seconds < 63, `${seconds} s`);
    assert.ok(seconds > 5, "the watch was silent");
  });

  test("a definition that is upgraded with objects stored under the former", async () => {
    const { spec: all, ...object } = pipelineObject({ name: "stored" });
    const { rollout: _, ...spec } = all;
    const ours = JSON.parse(await scene.plane.kubectl("get", "crd", DEFINITION, "--output=json")) as Definition;
    await scene.plane.kubectlWith(JSON.stringify(formerOf(ours)), "replace", "-f", "-");
    await established(scene.plane, DEFINITION);
    // It would go by what it remembers, and not by the status.
    await controller.kill();
    scene.traffic("stored").at(30);
    await scene.plane.apply(...deploymentsOf("stored"), { ...object, spec: { ...spec, mode: "Act" } });
    const status = { phase: "Running", decision: { id: "0", reason: "Whim" } };
    const patch = ["--subresource=status", "--type=merge", `--patch=${JSON.stringify({ status })}`];
    await scene.plane.kubectl("patch", "ipl", "stored", ...patch);
    const stored = await scene.plane.kubectl("get", "ipl", "stored", "--output=json");
    assert.ok(!stored.includes("progressDeadlineSeconds") && !stored.includes("onDelete") && stored.includes("Whim"));

    const { metadata, ...definition } = ours;
    const upgraded = { ...definition, metadata: { name: metadata.name } };
    await scene.plane.kubectlWith(JSON.stringify(upgraded), "replace", "-f", "-");
    await scene.controller("--lease-name", "upgraded");
    await until("it to go on", async () => (await scene.condition("Applied", "stored")) === "True Applied");
    await until("the replicas planned", async () => (await scene.replicas("stored-small")) === 4);
    const read = await scene.plane.kubectl("get", "ipl", "stored", "--output=json");
    assert.ok(!read.includes("Whim"), "the status is of the new version");
    const { rollout, onDelete } = (JSON.parse(read) as { readonly spec: Readonly<Record<string, unknown>> }).spec;
    assert.deepEqual([rollout, onDelete], [{ progressDeadlineSeconds: 600, drainSeconds: 30 }, "Keep"]);
  });
});

interface Definition {
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly versions: readonly {
      readonly schema: { readonly openAPIV3Schema: { readonly properties: Readonly<Record<string, Schema>> } };
    }[];
  };
}

interface Schema {
  readonly properties: Readonly<Record<string, unknown>>;
}

/** A definition as it might have been: without some optional fields, and with any status. */
function formerOf({ metadata, spec, ...rest }: Definition): object {
  const versions = spec.versions.map((version) => {
    const { openAPIV3Schema: schema } = version.schema;
    const { rollout: _r, onDelete: _d, ...properties } = schema.properties["spec"]?.properties ?? {};
    return {
      ...version,
      schema: {
        openAPIV3Schema: {
          ...schema,
          properties: {
            ...schema.properties,
            spec: { ...schema.properties["spec"], properties },
            status: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
          },
        },
      },
    };
  });
  return { ...rest, metadata: { name: metadata.name }, spec: { ...spec, versions } };
}
