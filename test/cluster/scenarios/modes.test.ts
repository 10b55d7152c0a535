import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { until } from "../control-plane/until.ts";
import type { ControllerProcess } from "../scene/controller.ts";
import { scaleWrites } from "../scene/scale-writes.ts";
import { openScene, withoutScene, type Scene } from "../scene/scene.ts";
import { stepsOf } from "../scene/steps.ts";
import type { Traffic } from "../scene/traffic.ts";
import type { Write } from "../scene/audit.ts";

function autoscaler(deployment: string): object {
  return {
    apiVersion: "autoscaling/v2",
    kind: "HorizontalPodAutoscaler",
    metadata: { name: deployment, namespace: "default" },
    spec: { scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: deployment }, maxReplicas: 20 },
  };
}

describe("how far a controller goes", { skip: withoutScene() }, () => {
  let scene: Scene;
  before(async () => {
    scene = await openScene();
  });
  after(() => scene?.close());

  /** What moves something of a pipeline: replicas and traffic. */
  const moves = (name: string): readonly Write[] =>
    scene
      .ownWrites()
      .filter(
        ({ resource, name: of, status }) =>
          status < 300 && of.startsWith(`${name}-`) && (resource.endsWith("/scale") || resource === "services"),
      );
  const { condition, lastNumber, reach, patch, begin: beginWith } = stepsOf(() => scene);
  const decisionsOf = ({ decisions }: ControllerProcess, name: string) => decisions(name);
  /** Waits for some decisions more on a pipeline. */
  const decided = async (controller: ControllerProcess, name: string, more: number): Promise<void> => {
    const from = decisionsOf(controller, name).length;
    await until(`${more} decisions more on ${name}`, () => decisionsOf(controller, name).length >= from + more);
  };
  /** Samples of a metric of a pipeline, as "variant value". */
  const metric = async (
    { url }: ControllerProcess,
    metricName: string,
    pipeline: string,
  ): Promise<readonly string[]> => {
    const text = await (await fetch(`${url}/metrics`)).text();
    return text.split("\n").flatMap((line) => {
      if (!line.startsWith(`${metricName}{`) || !line.includes(`pipeline="${pipeline}"`)) return [];
      return `${/variant="([^"]*)"/.exec(line)?.[1] ?? ""} ${line.split(" ").at(-1)}`;
    });
  };
  const begin = (name: string, mode: string, dataPlane: "None" | "Service" = "None"): Promise<Traffic> =>
    beginWith({ name, mode, dataPlane }, 30);
  const wanted = ["small 4", "large 0", "fast 2", "precise 0"];

  test("--max-mode caps all pipelines", async () => {
    const capped = await scene.controller("--max-mode", "Recommend");
    await begin("capped", "Act", "Service");
    await until("a recommendation", async () =>
      (await metric(capped, "ipa_recommended_replicas", "capped")).includes("small 4"),
    );
    await decided(capped, "capped", 3);
    assert.deepEqual(moves("capped"), []);
    assert.deepEqual(await metric(capped, "ipa_desired_replicas", "capped"), []);
    assert.equal(await scene.condition("Applied", "capped"), "False NotActing");
    assert.equal(await scene.condition("Ready", "capped"), "True Ready");
    await capped.stop();
  });

  describe("of several controllers the one that leads", { concurrency: true }, () => {
    let [leader, follower]: ControllerProcess[] = [];
    const lead = (): ControllerProcess => {
      if (leader === undefined) throw new Error("nobody leads");
      return leader;
    };
    before(async () => {
      const both = [await scene.controller(), await scene.controller()];
      const leads = async ({ url }: ControllerProcess): Promise<boolean> =>
        (await (await fetch(`${url}/metrics`)).text()).includes("\nipa_leader 1\n");
      [leader, follower] = await until("one to lead", async () => {
        for (const [i, one] of both.entries())
          if (await leads(one)) return [one, both[1 - i]].flatMap((some) => some ?? []);
        return null;
      });
    });

    test("Observe decides nothing", async () => {
      await begin("observe", "Observe");
      await condition("observe", "Ready", "True Ready");
      await begin("beside", "Recommend");
      await decided(lead(), "beside", 12);
      assert.deepEqual(decisionsOf(lead(), "observe"), [], "there is no line in the journal");
      assert.deepEqual(await metric(lead(), "ipa_recommended_replicas", "observe"), []);
      assert.deepEqual(moves("observe"), []);
      assert.equal((await scene.status("observe")).plan, undefined);
      assert.match((await metric(lead(), "ipa_load_observed_rps", "observe")).join(), /3\d|2\d/);
      // A load that only grew is told again after a minute.
      const told = async (): Promise<boolean> => Number((await scene.status("observe")).load?.observedRps) > 20;
      await until("the load in the status", told);
    });

    test("Recommend tells what it would do", async () => {
      await begin("recommend", "Recommend", "Service");
      await until(
        "a recommendation",
        async () => (await metric(lead(), "ipa_recommended_replicas", "recommend")).join() === wanted.join(),
      );
      await condition("recommend", "Ready", "True Ready");
      await decided(lead(), "recommend", 3);
      assert.deepEqual(await metric(lead(), "ipa_desired_replicas", "recommend"), []);
      assert.deepEqual(moves("recommend"), []);
      assert.equal((await scene.status("recommend")).plan?.stages[0]?.replicas, 4);
    });

    test("Signal exports what others are to set, on the leader alone", async () => {
      await begin("signal", "Signal");
      await until(
        "what is desired",
        async () => (await metric(lead(), "ipa_desired_replicas", "signal")).join() === "small 4,fast 2",
      );
      await decided(lead(), "signal", 3);
      assert.deepEqual(moves("signal"), []);
      assert.ok(follower !== undefined);
      assert.deepEqual(await metric(follower, "ipa_desired_replicas", "signal"), []);
      assert.deepEqual(await metric(follower, "ipa_recommended_replicas", "signal"), []);
      assert.deepEqual(decisionsOf(follower, "signal"), []);
      // What is not understood any more is not desired any more.
      await patch("signal", { profilesFrom: { configMap: "nowhere" } });
      await condition("signal", "Ready", "False NotFound");
      assert.deepEqual(await metric(lead(), "ipa_desired_replicas", "signal"), []);
    });

    test("Signal leads an HPA up and down", async () => {
      const name = "followed";
      await scene.plane.apply(...["small", "fast"].map((variant) => autoscaler(`${name}-${variant}`)));
      const traffic = await begin(name, "Signal", "Service");
      // As an HPA does that has this metric for its target.
      const follow = async (): Promise<boolean> => {
        const desired = await metric(lead(), "ipa_desired_replicas", name);
        assert.ok(
          desired.every((one) => /^(?:small|fast) /.test(one)),
          `nothing is said of what does not serve: ${desired.join()}`,
        );
        for (const one of desired) {
          const [variant, replicas] = one.split(" ");
          await scene.plane.kubectl("scale", `deployment/${name}-${variant}`, `--replicas=${replicas}`);
        }
        return desired.length > 0;
      };
      const followTo = (small: number): Promise<unknown> =>
        until(`${small} replicas`, async () => (await follow()) && (await scene.replicas(`${name}-small`)) === small);
      await followTo(4);
      traffic.at(5);
      await followTo(1);
      assert.deepEqual(moves(name), []);
    });

    test("the annotation paused freezes one pipeline", async () => {
      const traffic = await begin("paused", "Act");
      await reach("paused-small", 4);
      await scene.plane.kubectl("annotate", "ipl", "paused", "ipa.dev/paused=true");
      await condition("paused", "Ready", "False Paused");
      const [moved, count] = [moves("paused").length, decisionsOf(lead(), "paused").length];
      traffic.at(100);
      const beside = await begin("unpaused", "Act");
      beside.at(50);
      await until("others to be controlled", () => (lastNumber("unpaused-small") ?? 0) >= 5);
      await decided(lead(), "unpaused", 5);
      assert.equal(moves("paused").length, moved);
      assert.equal(decisionsOf(lead(), "paused").length, count, "nothing is decided");
      assert.equal(await scene.replicas("paused-small"), 4);
      await scene.plane.kubectl("annotate", "ipl", "paused", "ipa.dev/paused-");
      await until("the load to be followed again", () => (lastNumber("paused-small") ?? 0) >= 10);
      await condition("paused", "Ready", "True Ready");
    });

    test("leaving Act and coming back moves nothing", async () => {
      const traffic = await begin("leaving", "Act", "Service");
      await reach("leaving-small", 4);
      await condition("leaving", "Ready", "True Ready");
      await decided(lead(), "leaving", 5);
      const before = moves("leaving").length;
      await patch("leaving", { mode: "Recommend" });
      await condition("leaving", "Applied", "False NotActing");
      await decided(lead(), "leaving", 8);
      await patch("leaving", { mode: "Act" });
      await condition("leaving", "Applied", "True Applied");
      await decided(lead(), "leaving", 8);
      assert.deepEqual(moves("leaving").slice(before), []);

      await patch("leaving", { mode: "Recommend" });
      await condition("leaving", "Applied", "False NotActing");
      traffic.at(60);
      await until("more to be recommended", async () =>
        (await metric(lead(), "ipa_recommended_replicas", "leaving")).includes("small 7"),
      );
      await decided(lead(), "leaving", 3);
      assert.deepEqual(moves("leaving").slice(before), []);
      await patch("leaving", { mode: "Act" });
      await reach("leaving-small", 7);
      const forced = scaleWrites(scene.ownWrites(), "leaving-small").filter((one) => one.forced);
      assert.equal(forced.length, 1);
    });
  });
});
