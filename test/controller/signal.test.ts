import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { decideThread } from "../../src/commands/decide-thread.ts";
import type { Decide } from "../../src/controller/context.ts";
import { control, type Leadership } from "../../src/controller/controller.ts";
import type { Memory } from "../../src/controller/memory.ts";
import type { QuerySamples } from "../../src/controller/see/prometheus.ts";
import type { ControllerMetrics } from "../../src/controller/tell/metrics.ts";
import { controllerMetrics } from "../../src/controller/tell/metrics.ts";
import { KubeError } from "../../src/kube/errors.ts";
import type { Kube } from "../../src/kube/client.ts";
import type { KubeObject } from "../../src/kube/objects.ts";
import { until } from "../cluster/control-plane/until.ts";
import { pipelineObject, profilesObject } from "../cluster/scene/objects.ts";
import { apiServer, podsOf } from "./api-server.ts";
import { surroundingsOf, turnOf } from "./turns.ts";

describe("numbers for others to set", () => {
  const thread = decideThread(60);
  after(() => thread.end());

  const pipeline: KubeObject = { ...pipelineObject({ mode: "Signal" }) };
  const stored = {
    objects: [pipeline, profilesObject(), ...podsOf("shop-small", { ready: 4, all: 4, cores: 1 })],
    replicas: { "shop-small": 4, "shop-large": 0, "shop-fast": 1, "shop-precise": 0 },
  };
  /** A counter of so many requests per second. */
  const queryOf =
    (rate: number): QuerySamples =>
    async (_selector, seconds, at) => {
      const instants = Array.from({ length: 2 * seconds }, (_, i) => at - seconds + (i + 1) / 2);
      return [{ labels: {}, samples: instants.map((one) => ({ at: one, value: rate * (one - at + seconds) })) }];
    };
  /** One replica is enough. */
  const query = queryOf(5);
  const desired = async (metrics: ControllerMetrics): Promise<readonly string[]> => {
    const text = await metrics.registry.metrics();
    return [...text.matchAll(/^ipa_desired_replicas\{.*variant="(.*)"\} (.*)$/gm)].map(([, of, n]) => `${of} ${n}`);
  };

  test("do not fall while watches have told nothing for long", async () => {
    for (const [stale, wanted] of [
      [[], "small 1"],
      [["pods"], "small 4"],
    ] as const) {
      const surroundings = surroundingsOf({ decide: thread.decide, query });
      await turnOf(apiServer(stored), pipeline, surroundings, null, { stale: () => stale });
      assert.deepEqual(await desired(surroundings.metrics), [wanted, "fast 1"]);
    }
  });

  test("are of the variant in force, however few there are of it by then", async () => {
    const others = podsOf("shop-large", { ready: 2, all: 2, cores: 2 });
    let now = Date.now() / 1000;
    const surroundings = surroundingsOf({ decide: thread.decide, query, clock: () => now });
    let memory: Memory | null = null;
    for (const small of [4, 1]) {
      const own = podsOf("shop-small", { ready: small, all: small, cores: 1 });
      const replicas = { ...stored.replicas, "shop-small": small, "shop-large": 2 };
      const kube = apiServer({ objects: [pipeline, profilesObject(), ...own, ...others], replicas });
      memory = await turnOf(kube, pipeline, surroundings, memory);
      assert.deepEqual(await desired(surroundings.metrics), ["small 1", "fast 1"]);
      now += 400;
    }
  });

  /** What is in force and planned in turns one after the other, with what runs then. */
  const turns = async (
    dataPlane: "None" | "Service",
    all: readonly (readonly [mode: "Observe" | "Recommend" | "Signal" | "Act", small: number, large: number])[],
    spec: Readonly<Record<string, unknown>> = {},
  ): Promise<readonly string[]> => {
    let memory: Memory | null = null;
    let now = Date.now() / 1000;
    const said: string[] = [];
    const asked = new Error("what acts is only asked for");
    for (const [mode, small, large] of all) {
      const own = pipelineObject({ mode, dataPlane, spec });
      const runs = { small, large, fast: 1, precise: 1 };
      const pods = Object.entries(runs).flatMap(([name, count]) =>
        podsOf(`shop-${name}`, { ready: count, all: count, cores: name === "large" ? 2 : 1 }),
      );
      const replicas = Object.fromEntries(Object.entries(runs).map(([name, count]) => [`shop-${name}`, count]));
      const kube = apiServer({ objects: [own, profilesObject(), ...pods], replicas });
      const decide: Decide = async (question) => {
        said.push(`${mode}: ${question.seen.running.map((one) => `${one.variant} ${one.replicas}`).join(", ")}`);
        if (mode === "Act") throw asked;
        return thread.decide(question);
      };
      const surroundings = surroundingsOf({ decide, query: queryOf(12), clock: () => now });
      const turn: Promise<Memory | null> = turnOf(kube, own, surroundings, memory);
      memory = await turn.catch((error: unknown) => {
        if (error !== asked) throw error;
        return memory;
      });
      now += 60;
      if (mode === "Recommend") said.push(`then ${memory?.plan.map(({ variant }) => variant).join(", ")}`);
    }
    return said;
  };

  test("are of what runs when they begin, not of what was recommended", async () => {
    assert.deepEqual(
      await turns("Service", [
        ["Recommend", 4, 1],
        ["Signal", 4, 1],
        ["Signal", 1, 4],
      ]),
      ["Recommend: small 4, fast 1", "then small, precise", "Signal: small 4, fast 1", "Signal: small 1, fast 1"],
    );
  });

  test("what was only recommended is no switch, and keeps none away", async () => {
    const adaptation = { movement: { switchInterval: "1h" } };
    const said = await turns(
      "Service",
      [
        ["Recommend", 4, 1],
        ["Recommend", 4, 1],
      ],
      { adaptation },
    );
    assert.deepEqual(
      said.filter((text) => text.startsWith("then")),
      ["then small, precise", "then small, precise"],
    );
  });

  test("what most replicas run is in force when a pipeline begins to act, or to signal", async () => {
    for (const mode of ["Signal", "Act"] as const) {
      assert.deepEqual(
        await turns("None", [
          ["Recommend", 4, 0],
          ["Recommend", 1, 5],
          [mode, 1, 5],
        ]),
        [
          "Recommend: small 4, fast 1",
          "then small, fast",
          "Recommend: large 5, fast 1",
          "then large, fast",
          `${mode}: large 5, fast 1`,
        ],
      );
      assert.deepEqual(
        await turns("None", [
          ["Recommend", 4, 0],
          [mode, 1, 5],
        ]),
        ["Recommend: small 4, fast 1", "then small, fast", `${mode}: large 5, fast 1`],
      );
      // Whatever was in force before it only observed.
      assert.deepEqual(
        await turns("None", [
          ["Signal", 4, 0],
          ["Observe", 1, 5],
          [mode, 1, 5],
        ]),
        ["Signal: small 4, fast 1", `${mode}: large 5, fast 1`],
      );
    }
  });

  test("are gone with the lead, also while a turn goes on", async () => {
    let [isLost, hangs, waiting] = [false, false, 0];
    const late = Promise.withResolvers<void>();
    const decide: Decide = async (question) => {
      if (hangs) {
        waiting += 1;
        await late.promise;
      }
      return thread.decide(question);
    };
    const metrics = controllerMetrics();
    const [ending, leadership] = [new AbortController(), { term: () => null } as Leadership];
    const { log, ...surroundings } = surroundingsOf({ decide, query, metrics });
    const options = {
      namespaces: ["default"],
      lease: { namespace: "default", name: "ipa", seconds: 1 },
      identity: "a",
      port: 0,
      looksForNamespaces: false,
    };
    const kube = withLease(apiServer(stored), () => isLost);
    const ended = control(kube, surroundings, options, leadership, log, ending.signal);
    try {
      await until("what is desired", async () => (await desired(metrics)).length === 2);
      hangs = true;
      await until("a turn that goes on", () => waiting > 0);
      assert.equal((await desired(metrics)).length, 2);
      isLost = true;
      await until("the lead to be lost", async () => /^ipa_leader 0$/m.test(await metrics.registry.metrics()));
      assert.deepEqual(await desired(metrics), []);
    } finally {
      late.resolve();
      ending.abort();
      await ended;
    }
    assert.deepEqual(await desired(metrics), []);
  });
});

/** With one Lease, that somebody else takes once it is lost. */
function withLease(kube: Kube, isLost: () => boolean): Kube {
  let lease: KubeObject | null = null;
  const put = async (body: object): Promise<KubeObject> => {
    if (isLost()) throw new KubeError("it is another's", { status: 409, reason: "Conflict" });
    return (lease = body as KubeObject);
  };
  return {
    ...kube,
    get: async (at, how) => {
      if (at.plural !== "leases") return kube.get(at, how);
      if (lease === null) throw new KubeError("there is no Lease", { status: 404, reason: "NotFound" });
      return isLost() ? { ...lease, spec: { holderIdentity: "b", leaseDurationSeconds: 60 } } : lease;
    },
    create: (_of, body) => put(body),
    replace: (_at, body) => put(body),
  };
}
