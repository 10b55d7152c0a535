import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import { after, before, describe, test } from "node:test";
import { until } from "../control-plane/until.ts";
import type { ControllerProcess } from "../scene/controller.ts";
import { deploymentsOf, pipelineObject, type PipelineOptions } from "../scene/objects.ts";
import { scaleWrites, type ScaleWrite } from "../scene/scale-writes.ts";
import { openScene, withoutScene, type Scene } from "../scene/scene.ts";
import { stepsOf } from "../scene/steps.ts";
import type { Traffic } from "../scene/traffic.ts";

/** Longer than history and stabilisation of `pipelineObject`: what was going to fall has. */
const LONG = 18_000;

describe("a load that is not known", { skip: withoutScene(), concurrency: true }, () => {
  let scene: Scene;
  let controller: ControllerProcess;
  before(async () => {
    scene = await openScene();
    controller = await scene.controller();
  });
  after(() => scene?.close());

  const writesOf = (name: string): readonly ScaleWrite[] =>
    scaleWrites(scene.ownWrites(), `${name}-small`, `${name}-fast`);
  const { begin, condition, lastNumber, reach } = stepsOf(() => scene);
  const series = (name: string): string => `requests_total{pipeline="${name}"}`;
  const lastReason = (name: string): string | undefined => controller.decisions(name).at(-1)?.decision.reason;

  async function busy(name: string, spec: PipelineOptions["spec"] = {}): Promise<Traffic> {
    const traffic = await begin({ name, spec }, 30);
    await reach(`${name}-small`, 4);
    await condition(name, "Ready", "True Ready");
    return traffic;
  }

  /** Nothing is written for a long time, and the status says why. */
  async function held(name: string, reason: string): Promise<void> {
    const before = writesOf(name);
    const plan = (await scene.status(name)).plan?.stages;
    await pause(LONG);
    assert.deepEqual(writesOf(name).slice(before.length), [], "the last plan is held");
    assert.deepEqual((await scene.status(name)).plan?.stages, plan);
    assert.equal(lastReason(name), "held-no-data");
    assert.match(await scene.condition("MetricsAvailable", name), new RegExp(`^False (?:${reason})$`));
    assert.match(await scene.condition("Ready", name), new RegExp(`^False (?:${reason})$`));
  }

  /** It follows the load again: up, and in the end down. */
  async function recovers(name: string, traffic: Traffic): Promise<void> {
    traffic.at(50);
    await condition(name, "MetricsAvailable", "True Fresh");
    await until(`${name} to follow its load again`, () => (lastNumber(`${name}-small`) ?? 0) >= 5);
    await condition(name, "Ready", "True Ready");
  }

  test("stale metrics", async () => {
    await busy("stale");
    scene.exposition.remove(series("stale"));
    await condition("stale", "MetricsAvailable", "False Stale");
    // Once it is out of sight it is absent; nothing goes down then either.
    await held("stale", "Stale|Absent");
    assert.equal(await scene.condition("MetricsAvailable", "stale"), "False Absent");
    await recovers("stale", scene.traffic("stale"));
  });

  test("NaN metrics", async () => {
    await busy("nan");
    scene.exposition.set(series("nan"), NaN);
    await condition("nan", "MetricsAvailable", "False NotANumber");
    await held("nan", "NotANumber");
    await recovers("nan", scene.traffic("nan"));
  });

  test("absent metrics", async () => {
    await scene.plane.apply(...deploymentsOf("absent"), pipelineObject({ name: "absent" }));
    await scene.plane.kubectl("scale", "deployment/absent-small", "--replicas=6");
    await condition("absent", "MetricsAvailable", "False Absent");
    await held("absent", "Absent");
    assert.deepEqual(writesOf("absent"), [], "what runs is left as it is found");
    assert.equal(await scene.replicas("absent-small"), 6);
    await scene.plane.kubectl("scale", "deployment/absent-small", "--replicas=1");
    await recovers("absent", scene.traffic("absent"));
  });

  test("absent for longer than the stabilisation, and then low", async () => {
    const stabilization = 15;
    const { adaptation } = pipelineObject().spec;
    const movement = { ...adaptation.movement, stabilization: `${stabilization}s` };
    await busy("low", { adaptation: { ...adaptation, movement } });
    scene.exposition.remove(series("low"));
    await condition("low", "MetricsAvailable", "False Absent");
    await pause(1000 * stabilization);
    const before = writesOf("low").length;
    const since = Date.now() / 1000;
    scene.traffic("low").at(2);
    await reach("low-small", 1);
    const [first] = writesOf("low").slice(before);
    assert.ok((first?.at ?? 0) >= since + stabilization, `down ${(first?.at ?? 0) - since} s after it was seen again`);
    await condition("low", "Ready", "True Ready");
  });

  test("a series that vanishes among others", async () => {
    const traffic = await busy("some", {
      load: { prometheus: { selector: 'requests_total{pipeline=~"some|other"}' } },
    });
    const other = scene.traffic("other");
    other.at(30);
    await until("both to count", () => (lastNumber("some-small") ?? 0) >= 7);
    const before = writesOf("some").length;
    scene.exposition.remove(series("other"));
    await condition("some", "MetricsAvailable", "False SeriesVanished");
    assert.equal(writesOf("some").length, before, "half of the load is not taken for all of it");
    // Out of sight after the history, it is the load that there is.
    await condition("some", "MetricsAvailable", "True Fresh");
    traffic.at(30);
    await reach("some-small", 4);
  });

  test("fallback", async () => {
    await busy("plan-b", {
      load: { prometheus: { selector: series("plan-b") }, fallback: { afterSeconds: 8, load: "70" } },
    });
    const before = writesOf("plan-b").length;
    scene.exposition.remove(series("plan-b"));
    const since = Date.now() / 1000;
    await until("the plan for the fallback", () => (lastNumber("plan-b-small") ?? 0) >= 8);
    const later = writesOf("plan-b").slice(before);
    assert.ok(
      later.every(({ at }) => at >= since + 8),
      "not before afterSeconds",
    );
    assert.match(await scene.condition("MetricsAvailable", "plan-b"), /^False (?:Stale|Absent)$/);
    const { conditions } = await scene.status("plan-b");
    assert.match(
      conditions?.find(({ type }) => type === "MetricsAvailable")?.message ?? "",
      /planning for spec\.load\.fallback/,
    );
    scene.traffic("plan-b").at(30);
    await condition("plan-b", "MetricsAvailable", "True Fresh");
    await reach("plan-b-small", 4);
  });

  test("fallback below the load of before", async () => {
    const { adaptation } = pipelineObject().spec;
    // Both times well within the history of 10 s, all of which an assumed load might be taken to show.
    const seconds = 7;
    const movement = { ...adaptation.movement, stabilization: `${seconds}s` };
    await busy("less", {
      adaptation: { ...adaptation, movement },
      load: { prometheus: { selector: series("less") }, fallback: { afterSeconds: seconds, load: "2" } },
    });
    const before = writesOf("less").length;
    scene.exposition.remove(series("less"));
    await condition("less", "MetricsAvailable", "False Stale");
    const since = Date.now() / 1000;
    await reach("less-small", 1);
    const [first] = writesOf("less").slice(before);
    // The condition is seen a little after it is so.
    assert.ok((first?.at ?? 0) >= since + 2 * seconds - 1, `down ${(first?.at ?? 0) - since} s after it was lost`);
  });
});
