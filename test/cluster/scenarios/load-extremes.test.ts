import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import { after, before, describe, test } from "node:test";
import { exponential, stream } from "../../../src/workload/streams.ts";
import { until } from "../control-plane/until.ts";
import type { ControllerProcess } from "../scene/controller.ts";
import { deploymentObject, deploymentsOf, pipelineObject, type PipelineOptions } from "../scene/objects.ts";
import { scaleWrites, type ScaleWrite } from "../scene/scale-writes.ts";
import { openScene, withoutScene, type Scene } from "../scene/scene.ts";
import { stepsOf } from "../scene/steps.ts";

const { adaptation } = pipelineObject().spec;
/** Seconds; long beside all else that lasts. */
const STABILIZATION = 15;
const slow = { ...adaptation, movement: { ...adaptation.movement, stabilization: `${STABILIZATION}s` } };

describe("loads that are hard", { skip: withoutScene(), concurrency: true }, () => {
  let scene: Scene;
  let controller: ControllerProcess;
  before(async () => {
    scene = await openScene();
    controller = await scene.controller();
  });
  after(() => scene?.close());

  const writesOf = (name: string): readonly ScaleWrite[] =>
    scaleWrites(scene.ownWrites(), ...["small", "large", "fast", "precise"].map((variant) => `${name}-${variant}`));
  const numbers = (deployment: string): readonly number[] =>
    scaleWrites(scene.ownWrites(), deployment).map(({ replicas }) => replicas);
  const { condition, reach, patch } = stepsOf(() => scene);
  const messageOf = async (name: string, type: string): Promise<string> =>
    (await scene.status(name)).conditions?.find((one) => one.type === type)?.message ?? "";
  const begin = async (
    options: PipelineOptions & { readonly name: string },
    deployments = deploymentsOf(options.name),
  ) => {
    await scene.plane.apply(...deployments, pipelineObject(options));
  };
  const decisionsOf = (name: string) => controller.decisions(name);

  test("zero traffic", async () => {
    const traffic = scene.traffic("night");
    traffic.at(30);
    const [detect, classify] = pipelineObject({ name: "night" }).spec.stages;
    const least = detect?.variants.map((variant) => ({ ...variant, minReplicas: 2 }));
    // A predictor that forgets at once: only the stabilisation holds the plan.
    const spec = { adaptation: { ...slow, predictor: "reactive" }, stages: [{ ...detect, variants: least }, classify] };
    await begin({ name: "night", spec });
    await reach("night-small", 4);
    await reach("night-fast", 2);
    await pause(2000);
    traffic.at(0);
    const since = Date.now() / 1000;
    await reach("night-small", 2);
    await reach("night-fast", 1);
    await pause(5000);
    const writes = writesOf("night");
    // What was still to come up may come up.
    const down = writes.filter(({ at, name, replicas }, i) => {
      const before = writes.slice(0, i).findLast((one) => one.name === name);
      return at > since && before !== undefined && replicas < before.replicas;
    });
    assert.ok(down.length > 0);
    // It counts from the last decision that was made for the greater load.
    const asked = decisionsOf("night").findLast(({ decision }) => (decision.load ?? 0) > 29);
    const from = asked?.decision.at ?? Infinity;
    assert.ok(
      down.every(({ at }) => at >= from + STABILIZATION),
      "nothing goes down within the stabilisation",
    );
    assert.deepEqual([numbers("night-small").at(-1), numbers("night-fast").at(-1)], [2, 1]);
    assert.ok(
      writes.every(({ replicas }) => replicas > 0),
      "nothing goes to 0",
    );
    assert.equal(await scene.condition("Ready", "night"), "True Ready");
    assert.equal((await scene.status("night")).load?.observedRps, "0");
  });

  test("zero traffic from the beginning", async () => {
    // What runs may be for a load that nobody has seen.
    await begin({ name: "idle", spec: { adaptation: slow } }, [
      deploymentObject("idle-small", { replicas: 5 }),
      ...deploymentsOf("idle").slice(1),
    ]);
    await condition("idle", "MetricsAvailable", "False Absent");
    await pause(3000);
    scene.traffic("idle");
    const since = Date.now() / 1000;
    await reach("idle-small", 1);
    await pause(3000);
    const written = writesOf("idle").filter(({ status }) => status === 200);
    assert.deepEqual(
      written.map(({ name, replicas }) => [name, replicas]),
      [["idle-small", 1]],
    );
    const first = decisionsOf("idle").find(({ decision }) => decision.load === 0);
    assert.ok(first !== undefined && (written[0]?.at ?? 0) >= since + STABILIZATION, "not before the stabilisation");
  });

  test("unreachable SLA", async () => {
    const traffic = scene.traffic("late");
    traffic.at(30);
    // One request alone takes 150 ms on the fastest models, and 180 ms at the 99th percentile.
    await begin({ name: "late", spec: { sla: { latency: "100ms" } } });
    await condition("late", "Feasible", "False BestEffort");
    await until("more replicas all the same", () => (numbers("late-small").at(-1) ?? 0) >= 4);
    const { plan } = await scene.status("late");
    assert.equal(plan?.feasible, false);
    assert.ok(Number(plan?.latencySeconds) > 0.15, `it promises ${plan?.latencySeconds} s`);
    assert.match(await messageOf("late", "Feasible"), /no plan keeps every limit.*promises 0\.\d+ s/);
    assert.equal(await scene.condition("Ready", "late"), "False BestEffort");
    assert.equal(await scene.condition("Applied", "late"), "True Applied");
  });

  test("unreachable SLA, onInfeasible: Hold", async () => {
    const traffic = scene.traffic("hold");
    traffic.at(5);
    await begin({ name: "hold", spec: { onInfeasible: "Hold", limits: { replicas: 2 } } });
    await condition("hold", "Ready", "True Ready");
    traffic.at(60);
    await condition("hold", "Feasible", "False Held");
    const [before, decided] = [writesOf("hold").length, decisionsOf("hold").length];
    await until("more decisions", () => decisionsOf("hold").length > decided + 10);
    assert.ok((decisionsOf("hold").at(-1)?.decision.load ?? 0) > 55);
    assert.equal(writesOf("hold").length, before, "nothing is written while the plan is held");
    assert.match(await messageOf("hold", "Feasible"), /the plan in force is held, and its queues grow without end/);
    const { plan } = await scene.status("hold");
    assert.deepEqual([plan?.feasible, plan?.latencySeconds], [false, undefined]);
    // What can be kept again is.
    await patch("hold", { limits: { replicas: 20 } });
    await reach("hold-small", 7);
    await condition("hold", "Ready", "True Ready");
  });

  test("more load than limits.cores carries", async () => {
    const traffic = scene.traffic("small");
    traffic.at(60);
    await begin({ name: "small", spec: { limits: { replicas: 20, cores: 4 } } });
    await condition("small", "Feasible", "False BestEffort");
    // The slower stage carries twenty requests per second with what is allowed, whatever else is done.
    await reach("small-small", 2);
    await pause(3000);
    const counts: Record<string, number> = { "small-small": 1, "small-fast": 1 };
    for (const { name, replicas } of writesOf("small")) {
      counts[name] = replicas;
      const cores = Object.values(counts).reduce((sum, count) => sum + count, 0);
      assert.ok(cores <= 4, `${cores} cores were asked for`);
    }
    assert.match(await messageOf("small", "Feasible"), /queues grow without end/);
  });

  test("2↔1 flapping under constant load", async () => {
    const gap = exponential(stream(1, "flapping"));
    const traffic = scene.traffic("edge", gap);
    // One replica carries ten one by one; what comes is now a little more than the plan for one, now a little less.
    traffic.at(9.5);
    await begin({ name: "edge", spec: { adaptation: { ...adaptation, predictor: "reactive" } } });
    await until("a decision", () => decisionsOf("edge").some(({ decision }) => decision.load !== null));
    await pause(15_000);
    const settled = writesOf("edge").length;
    assert.ok(settled <= 4, `${settled} writes at first`);
    const decided = decisionsOf("edge").length;
    await until("thirty decisions more", () => decisionsOf("edge").length >= decided + 30);
    const loads = decisionsOf("edge")
      .flatMap(({ seen }) => seen.load.rates)
      .filter((rate) => rate !== null);
    assert.ok(Math.min(...loads) < 7 && Math.max(...loads) > 11, "the load goes up and down");
    assert.equal(writesOf("edge").length, settled, "what hovers moves nothing");
  });
});
