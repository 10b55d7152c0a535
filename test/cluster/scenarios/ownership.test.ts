import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { until } from "../control-plane/until.ts";
import { established } from "../scene/established.ts";
import { scaledObjectDefinition } from "../scene/keda.ts";
import { deploymentObject, deploymentsOf, pipelineObject } from "../scene/objects.ts";
import { scaleWrites, type ScaleWrite } from "../scene/scale-writes.ts";
import { openScene, withoutScene, type Scene } from "../scene/scene.ts";
import { stepsOf } from "../scene/steps.ts";
import type { Traffic } from "../scene/traffic.ts";

describe("who sets the replicas of a target", { skip: withoutScene(), concurrency: true }, () => {
  let scene: Scene;
  before(async () => {
    scene = await openScene({ cpus: 1000 });
    await scene.plane.kubectlWith(JSON.stringify(scaledObjectDefinition), "apply", "--server-side", "-f", "-");
    await established(scene.plane, "scaledobjects.keda.sh");
    await scene.controller();
  });
  after(() => scene?.close());

  const writesOf = (...names: readonly string[]): readonly ScaleWrite[] => scaleWrites(scene.ownWrites(), ...names);
  const { condition, lastNumber, reach: written, planned, begin: beginWith } = stepsOf(() => scene);
  const events = async (pipeline: string, reason: string): Promise<readonly string[]> => {
    const query = `--field-selector=regarding.name=${pipeline},reason=${reason}`;
    const found = await scene.plane.kubectl(
      "get",
      "events.v1.events.k8s.io",
      query,
      "--output=jsonpath={.items[*].note}",
    );
    return found === "" ? [] : [found];
  };

  const begin = (name: string, ...rivals: readonly object[]): Promise<Traffic> =>
    beginWith({ name }, 30, [...deploymentsOf(name), ...rivals]);

  test("manual edit", async () => {
    const traffic = await begin("edit");
    await Promise.all([written("edit-small", 4), written("edit-fast", 2)]);
    await scene.plane.kubectl("scale", "deployment/edit-small", "--replicas=12");
    await condition("edit", "Applied", "False TargetPinned");
    const { conditions = [] } = await scene.status("edit");
    const said = conditions.find(({ type }) => type === "Applied")?.message ?? "";
    assert.match(said, /^kubectl set the replicas of Deployment edit-small, .*Leave `replicas` out of what is applied/);
    assert.match(said, /`kubectl annotate ipl edit -n default ipa\.dev\/resume=.* --overwrite`$/);
    await until("the number found to be planned with", async () => (await planned("edit"))[0] === "small×12");
    const pinnedAt = writesOf("edit-small").length;

    // The rest of the plan follows the load.
    traffic.at(60);
    await until("more of the other stage", () => (lastNumber("edit-fast") ?? 0) >= 4);
    assert.equal(await scene.condition("Applied", "edit"), "False TargetPinned");
    assert.deepEqual((await planned("edit"))[0], "small×12");
    assert.equal(writesOf("edit-small").length, pinnedAt, "a target that was taken back is never written");
    assert.equal(await scene.replicas("edit-small"), 12);
    const reports = scene.ownWrites().filter(({ resource, name }) => resource.endsWith("/status") && name === "edit");
    const applied = reports.map(({ body }) => appliedOf(body)).filter((one) => one !== undefined);
    const flips = applied.filter((status, i) => i > 0 && status !== applied[i - 1]).length;
    assert.ok(flips <= 2, `Applied came and went: ${applied.join()}`);

    await scene.plane.kubectl("annotate", "ipl", "edit", "ipa.dev/resume=1");
    await condition("edit", "Applied", "True Applied");
    const taken = writesOf("edit-small").slice(pinnedAt);
    assert.deepEqual(
      taken.map(({ forced, status }) => [forced, status]),
      [
        [false, 409],
        [true, 200],
      ],
    );
    assert.match((await events("edit", "TakenOver")).join(), /edit-small .*kubectl set them before/);

    traffic.at(100);
    await until("a number after that", () => (lastNumber("edit-small") ?? 0) >= 10);
    const forced = writesOf("edit-small").filter((one) => one.forced);
    assert.equal(forced.length, 2, "only the first write of each taking over is forced");
  });

  test("manual edit to 0", async () => {
    const traffic = await begin("zero");
    await Promise.all([written("zero-small", 4), written("zero-fast", 2)]);
    const had = writesOf("zero-small").length;
    await scene.plane.kubectl("scale", "deployment/zero-small", "--replicas=0");
    await condition("zero", "Applied", "False TargetPinned");
    const { conditions = [] } = await scene.status("zero");
    const said = conditions.find(({ type }) => type === "Applied")?.message ?? "";
    assert.match(
      said,
      /^somebody who is not known .*set the replicas of Deployment zero-small, which are left at that/,
    );
    await until("the number found to be planned with", async () => (await planned("zero"))[0] === "small×0");

    traffic.at(60);
    await until("more of the other stage", () => (lastNumber("zero-fast") ?? 0) >= 4);
    assert.equal(writesOf("zero-small").length, had, "a target that was taken back is never written");
    assert.equal(await scene.replicas("zero-small"), 0);

    await scene.plane.kubectl("annotate", "ipl", "zero", "ipa.dev/resume=1");
    await condition("zero", "Applied", "True Applied");
    assert.equal(await scene.replicas("zero-small"), 7);
    assert.ok(writesOf("zero-small").slice(had).length > 0);

    // That is none of the orders that it can give.
    await scene.plane.kubectl("scale", "deployment/zero-small", "--replicas=12");
    await condition("zero", "Applied", "False TargetPinned");
    const since = writesOf("zero-small").length;
    await scene.plane.kubectl("annotate", "ipl", "zero", "ipa.dev/resume-");
    await pause(4000);
    assert.equal(await scene.condition("Applied", "zero"), "False TargetPinned");
    assert.equal(writesOf("zero-small").length, since);
    assert.equal(await scene.replicas("zero-small"), 12);
  });

  test("an autoscaler on a target from the beginning", async () => {
    await begin("hpa", autoscalerOf("hpa-small", 6));
    await Promise.all([condition("hpa", "Applied", "False TargetContested"), written("hpa-fast", 2)]);
    await until("its number to be planned with", async () => (await planned("hpa"))[0] === "small×6");
    assert.deepEqual(writesOf("hpa-small"), []);

    await scene.plane.kubectl("delete", "hpa", "hpa-small");
    await written("hpa-small", 4);
    await condition("hpa", "Applied", "True Applied");
  });

  test("an autoscaler that comes after the taking over", async () => {
    await begin("late");
    await written("late-small", 4);
    const before = writesOf("late-small").length;
    await scene.plane.apply(autoscalerOf("late-small", 9));
    await condition("late", "Applied", "False TargetContested");
    await until("its number to be planned with", async () => (await planned("late"))[0] === "small×9");
    assert.equal(writesOf("late-small").length, before);

    await scene.plane.kubectl("delete", "hpa", "late-small");
    await condition("late", "Applied", "True Applied");
    await until("fewer than it had set", async () => (await scene.replicas("late-small")) === 4);
    assert.match((await events("late", "TakenOver")).join(), /late-small .*kube-controller-manager set them before/);
  });

  test("a ScaledObject on a target", async () => {
    const scaledObject = {
      apiVersion: "keda.sh/v1alpha1",
      kind: "ScaledObject",
      metadata: { name: "small", namespace: "default" },
      spec: { scaleTargetRef: { name: "keda-small" }, triggers: [] },
    };
    // Nothing obeys it here: enough run already.
    await begin("keda", scaledObject, deploymentObject("keda-small", { replicas: 6 }));
    await Promise.all([condition("keda", "Applied", "False TargetContested"), written("keda-fast", 2)]);
    assert.deepEqual(writesOf("keda-small"), []);
    await scene.plane.kubectl("delete", "scaledobject", "small");
    await written("keda-small", 4);
  });

  test("a Service of somebody else", async () => {
    const foreign = {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "shared-detect", namespace: "default" },
      spec: { selector: { app: "elsewhere" }, ports: [{ name: "serve", port: 80 }] },
    };
    await scene.plane.apply(...deploymentsOf("shared"), foreign);
    const traffic = scene.traffic("shared");
    // So few that the better variant of both stages pays, and one of them may switch.
    traffic.at(2);
    await scene.plane.apply(pipelineObject({ name: "shared", dataPlane: "Service" }));
    await condition("shared", "Applied", "False ServiceContested");
    await written("shared-precise", 1);
    await until("the other stage to have gone over", async () => (await scene.replicas("shared-fast")) === 0);
    assert.deepEqual(writesOf("shared-large"), [], "what cannot be routed to is not brought up");
    const touched = scene
      .ownWrites()
      .filter(({ resource, name }) => resource === "services" && name === "shared-detect");
    assert.deepEqual(touched, [], "it is not written");

    await scene.plane.kubectl("delete", "service", "shared-detect");
    await condition("shared", "Applied", "True Applied");
  });

  test("two pipelines on one target", async () => {
    await begin("older");
    await written("older-small", 4);
    const younger = pipelineObject({ name: "younger" });
    const [detect, classify] = younger.spec.stages;
    const shared = detect?.variants.map((variant) => ({
      ...variant,
      scaleTargetRef: { kind: "Deployment", name: `older-${variant.name}` },
    }));
    const traffic = scene.traffic("younger");
    traffic.at(30);
    await scene.plane.apply(...deploymentsOf("younger").slice(2), {
      ...younger,
      spec: { ...younger.spec, stages: [{ ...detect, variants: shared }, classify] },
    });
    await condition("younger", "Applied", "False TargetContested");
    await written("younger-fast", 2);
    assert.equal(await scene.condition("Applied", "older"), "True Applied");
    assert.deepEqual(
      writesOf("older-small").map(({ replicas }) => replicas),
      [4, 4],
      "the older one alone has written it",
    );
    await scene.plane.kubectl("delete", "ipl", "older");
    traffic.at(60);
    await until("the younger one to go on", () => (lastNumber("older-small") ?? 0) >= 7);
    await condition("younger", "Applied", "True Applied");
  });

  test("data plane None", async () => {
    const traffic = await begin("none", deploymentObject("none-large", { replicas: 2, cpu: "2" }));
    await written("none-fast", 2);
    traffic.at(60);
    await until("more replicas", () => (lastNumber("none-fast") ?? 0) >= 4);
    const serving = (await planned("none")).map((one) => one.split("×")[0]);
    assert.deepEqual(serving, ["large", "fast"], "what most replicas run");
    assert.deepEqual(writesOf("none-small", "none-precise"), [], "the other variants are none of the plan's");
    const batches = (await scene.status("none")).plan?.stages.map(({ batch }) => batch);
    assert.deepEqual(batches, [1, 1]);
  });

  test("data plane None, switched by hand, and back", async () => {
    const scale = (variant: string, replicas: number): Promise<string> =>
      scene.plane.kubectl("scale", `deployment/hand-${variant}`, `--replicas=${replicas}`);
    const traffic = await begin("hand");
    await Promise.all([written("hand-small", 4), written("hand-fast", 2)]);
    // The new one first; as long as the other has its replicas the traffic may be there.
    await scale("large", 9);
    await pause(5000);
    assert.equal((await planned("hand"))[0], "small×4");
    assert.deepEqual(writesOf("hand-large"), []);
    await scale("small", 0);
    await until("the other to be in force", async () => (await planned("hand"))[0]?.startsWith("large×") === true);
    traffic.at(60);
    await until("more of it", () => (lastNumber("hand-large") ?? 0) >= 12);
    assert.match((await events("hand", "TakenOver")).join(), /hand-large .*kubectl set them before/);
    await condition("hand", "Applied", "True Applied");
    assert.equal(await scene.replicas("hand-small"), 0, "what people have left is theirs");

    await scale("small", 9);
    await scale("large", 0);
    await until(
      "the former to be in force again",
      async () => (await planned("hand"))[0]?.startsWith("small×") === true,
    );
    traffic.at(100);
    await until("more of the former", () => (lastNumber("hand-small") ?? 0) >= 11);
    await condition("hand", "Applied", "True Applied");
    // A number that was on its way may have been refused.
    assert.equal(await scene.replicas("hand-large"), 0);
    assert.equal(writesOf("hand-small").filter(({ forced }) => forced).length, 2, "taken over anew");
  });
});

function appliedOf(body: unknown): string | undefined {
  const { conditions = [] } = (body as { status: { conditions?: readonly { type: string; status: string }[] } }).status;
  return conditions.find(({ type }) => type === "Applied")?.status;
}

/** With nothing to measure it keeps to its bounds, which are one. */
function autoscalerOf(name: string, replicas: number) {
  return {
    apiVersion: "autoscaling/v2",
    kind: "HorizontalPodAutoscaler",
    metadata: { name, namespace: "default" },
    spec: {
      scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name },
      minReplicas: replicas,
      maxReplicas: replicas,
      metrics: [
        { type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 50 } } },
      ],
    },
  };
}
