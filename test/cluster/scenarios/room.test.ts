import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { DecisionEntry } from "../../../src/formats/decision-journal.ts";
import { until } from "../control-plane/until.ts";
import type { ControllerProcess } from "../scene/controller.ts";
import { deploymentObject, deploymentsOf, pipelineObject } from "../scene/objects.ts";
import { routesOf } from "../scene/routes.ts";
import { mostCores, scaleWrites } from "../scene/scale-writes.ts";
import { openScene, withoutScene, type Scene } from "../scene/scene.ts";
import { stepsOf } from "../scene/steps.ts";
import { applySwitching, endsAsUndisturbed } from "../scene/switching.ts";

/** The first back-off is a minute. */
const AFTER_BACK_OFF = 100;

describe("replicas that do not get up", { skip: withoutScene(), concurrency: true }, () => {
  let scene: Scene;
  let controller: ControllerProcess;
  before(async () => {
    scene = await openScene({ cpus: 100 });
    scene.traffic("all").at(6);
    // While there are no Pods yet, so that those of others never get there.
    await addNode("narrow-1", "narrow", 4);
    await addNode("short-1", "short", 4);
    controller = await scene.controller();
  });
  after(() => scene?.close());

  const setbackOf = async (pipeline: string) =>
    (await scene.status(pipeline)).rollouts?.flatMap(({ setbacks = [] }) => setbacks)[0];
  const { planned: plannedByStage } = stepsOf(() => scene);
  const planned = async (pipeline: string): Promise<string> => (await plannedByStage(pipeline)).join();
  const refusals = (pipeline: string): ReadonlySet<string | undefined> =>
    new Set(
      controller.decisions(pipeline).flatMap(({ seen }) => seen.replicas.flatMap(({ refused }) => refused ?? [])),
    );
  const barred = (pipeline: string): Promise<unknown> =>
    until(`a setback of ${pipeline}`, async () => (await setbackOf(pipeline))?.variant === "large");
  /** The first decision by which a variant of a pipeline is given up. */
  const gaveUp = (pipeline: string): DecisionEntry => {
    const hasSetback = ({ decision: { state } }: DecisionEntry): boolean =>
      Object.values(state?.rollouts ?? {}).some(({ setbacks }) => setbacks.length > 0);
    const found = controller.decisions(pipeline).find(hasSetback);
    assert.ok(found !== undefined, "something was given up");
    return found;
  };
  /** By every write: the Service has selected nothing but the old variant, which has never had none. */
  const onlyOldServed = (pipeline: string): void => {
    const writes = scene.ownWrites().filter(({ status }) => status < 300);
    const selected = routesOf(writes, `${pipeline}-detect`).map(({ to }) => to);
    assert.deepEqual([...new Set(selected)], [`${pipeline}-small`]);
    const numbers = scaleWrites(writes, `${pipeline}-small`).map(({ replicas }) => replicas);
    assert.ok(Math.min(...numbers, 2) >= 1, `${pipeline}-small: ${numbers.join()}`);
  };
  const addNode = async (name: string, pool: string, cpus: number): Promise<void> => {
    await scene.plane.addNode({ name, cpus });
    await scene.plane.kubectl("label", "node", name, `pool=${pool}`);
    await scene.plane.kubectl("taint", "node", name, `pool=${pool}:NoSchedule`);
  };

  test("a switch without room", async () => {
    // Two small ones run; of the two large ones one has room.
    await applySwitching(scene, "narrow", { pod: onlyOn("narrow") });
    await barred("narrow");
    const setback = await setbackOf("narrow");
    assert.deepEqual([setback?.most, setback?.failures], [0, 1]);
    const { decision } = gaveUp("narrow");
    const barredFor = Date.parse(setback?.until ?? "") / 1000 - decision.at;
    assert.ok(Math.abs(barredFor - 60) < 0.01, `barred for ${barredFor} s`);
    await until("it to be rolled back", async () => (await scene.replicas("narrow-large")) === 0);
    // One is enough for the load.
    assert.match(await planned("narrow"), /^small×[12]$/);
    assert.deepEqual([...refusals("narrow")], ["Unschedulable"]);
    onlyOldServed("narrow");

    await addNode("narrow-2", "narrow", 8);
    const tries = (): number =>
      scaleWrites(scene.ownWrites(), "narrow-large").filter(({ replicas }) => replicas > 0).length;
    const before = tries();
    await until("another try", () => tries() > before, AFTER_BACK_OFF);
    const until0 = Date.parse(setback?.until ?? "") / 1000;
    const again = scaleWrites(scene.ownWrites(), "narrow-large").findLast(({ replicas }) => replicas > 0);
    assert.ok((again?.at ?? 0) >= until0, "not before the back-off is over");
    await endsAsUndisturbed(scene, "narrow", 1);
  });

  test("more replicas without room", async () => {
    const small = deploymentObject("short-small", { pod: onlyOn("short") });
    await scene.plane.apply(small, ...deploymentsOf("short").slice(1));
    const traffic = scene.traffic("short");
    traffic.at(60);
    await scene.plane.apply(pipelineObject({ name: "short" }));
    await until("as many to be the most as have room", async () => (await setbackOf("short"))?.most === 4);
    await until("that many to be planned", async () => (await planned("short")).startsWith("small×4,"));
    await until("that many to be asked for", async () => (await scene.replicas("short-small")) === 4);
    assert.equal(await scene.condition("Feasible", "short"), "False BestEffort");

    await addNode("short-2", "short", 8);
    await until("enough after the back-off", async () => (await scene.replicas("short-small")) >= 7, AFTER_BACK_OFF);
    await until("a feasible plan", async () => (await scene.condition("Feasible", "short")) === "True Feasible");
    const fewest = scaleWrites(scene.ownWrites(), "short-small").map(({ replicas }) => replicas);
    assert.ok(Math.min(...fewest) >= 4, `never fewer than are Ready: ${fewest.join()}`);
  });

  test("a pod that never gets Ready", async () => {
    const spec = { rollout: { progressDeadlineSeconds: 5, drainSeconds: 1 } };
    await applySwitching(scene, "never", { annotations: { "test.ipa/never-ready": "true" }, spec });
    await barred("never");
    const setback = await setbackOf("never");
    assert.deepEqual([setback?.most, setback?.failures], [0, 1]);
    await until("it to be rolled back", async () => (await scene.replicas("never-large")) === 0);
    const wanted = controller.decisions("never").find(({ decision: { plan } }) => plan[0]?.variant === "large");
    const waited = gaveUp("never").decision.at - (wanted?.decision.at ?? Infinity);
    assert.ok(waited >= 5, `not before the deadline, after ${waited} s`);
    await until("a second failure", async () => (await setbackOf("never"))?.failures === 2, AFTER_BACK_OFF);
    const second = await setbackOf("never");
    const length = Date.parse(second?.until ?? "") - Date.now();
    assert.ok(length > 100_000, `the next back-off is longer: ${length / 1000} s`);
    onlyOldServed("never");
  });

  test("a quota", async () => {
    const priority = { apiVersion: "scheduling.k8s.io/v1", kind: "PriorityClass", metadata: { name: "few" }, value: 1 };
    const scopeSelector = { matchExpressions: [{ scopeName: "PriorityClass", operator: "In", values: ["few"] }] };
    const quota = {
      apiVersion: "v1",
      kind: "ResourceQuota",
      metadata: { name: "few", namespace: "default" },
      spec: { hard: { pods: "3" }, scopeSelector },
    };
    await scene.plane.apply(priority, quota);
    await applySwitching(scene, "quota", { pod: { priorityClassName: "few" } });
    await barred("quota");
    await until("it to be rolled back", async () => (await scene.replicas("quota-large")) === 0);
    assert.deepEqual([...refusals("quota")], ["Quota"]);
    onlyOldServed("quota");
  });

  test("no cores for the old and the new variant", async () => {
    await applySwitching(scene, "tight", { spec: { limits: { replicas: 20, cores: 4 } } });
    await until("a plan", async () => (await planned("tight")) !== "");
    await until("some decisions", () => controller.decisions("tight").length >= 20);
    onlyOldServed("tight");
    assert.deepEqual(scaleWrites(scene.ownWrites(), "tight-large"), [], "the switch is not offered");
  });

  test("just enough cores for the old and the new variant", async () => {
    await applySwitching(scene, "fits", { spec: { limits: { replicas: 20, cores: 6 } } });
    await endsAsUndisturbed(scene, "fits");
    const began = { "fits-small": { replicas: 2, cores: 1 }, "fits-large": { replicas: 0, cores: 2 } };
    const most = mostCores(scene.ownWrites(), began);
    assert.ok(most <= 6, `${most} cores`);
  });

  test("cores that others than the plan's ask for", async () => {
    const began = {
      "others-small": { replicas: 1, cores: 1 },
      "others-large": { replicas: 1, cores: 2 },
      "others-fast": { replicas: 1, cores: 1 },
      "others-precise": { replicas: 1, cores: 1 },
    };
    await scene.plane.apply(
      ...Object.entries(began).map(([name, { replicas, cores }]) =>
        deploymentObject(name, { replicas, cpu: String(cores) }),
      ),
    );
    // Of as many the first in the file is taken to serve.
    const all = Object.keys(began).map((name) => `deployment/${name}`);
    await scene.plane.kubectl("wait", "--for=condition=Available", ...all, "--timeout=60s");
    const { spec, ...object } = pipelineObject({ name: "others", dataPlane: "Service" });
    const movement = { stabilization: "10s", tolerance: "0.1" };
    scene.traffic("others").at(30);
    await scene.plane.apply({
      ...object,
      spec: {
        ...spec,
        objective: { kind: "weighted", alpha: 1, beta: 1 },
        limits: { replicas: 20, cores: 7 },
        adaptation: { ...spec.adaptation, movement },
      },
    });
    const { condition } = stepsOf(() => scene);
    await condition("others", "Applied", "False NoCores");
    assert.equal(await scene.replicas("others-small"), 3, "two more fit");
    await condition("others", "Applied", "True Applied");
    const end = await Promise.all(Object.keys(began).map(scene.replicas));
    assert.deepEqual(end, [4, 0, 2, 0]);
    const most = mostCores(scene.ownWrites(), began);
    assert.ok(most <= 7, `${most} cores`);
  });
});

/** Of a Pod. */
function onlyOn(pool: string): object {
  return { nodeSelector: { pool }, tolerations: [{ operator: "Exists" }] };
}
