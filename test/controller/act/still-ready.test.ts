import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { whyNotTo } from "../../../src/controller/act/still-ready.ts";
import type { Answer } from "../../../src/controller/context.ts";
import type { Sound } from "../../../src/controller/known.ts";
import { podIndex } from "../../../src/controller/see/pods.ts";
import { parseSelector } from "../../../src/controller/see/selector.ts";
import { givenUp } from "../../../src/core/given-up.ts";
import type { Observation } from "../../../src/core/cluster.ts";
import { tick } from "../../../src/core/loop.ts";
import type { Target } from "../../../src/core/control.ts";
import type { Switch } from "../../../src/core/switch.ts";
import { parseResource } from "../../../src/formats/resource.ts";
import { assemble } from "../../../src/study/setup.ts";
import { pipelineObject, profiles } from "../../cluster/scene/objects.ts";
import { stagePlan } from "../../fixtures.ts";

const built = parseResource(pipelineObject({ dataPlane: "Service" }), new Map(Object.entries(profiles)), "shop");
const sound: Sound = { ...built, outdated: null };
/** 6 rps: one of small is enough, and two of large. */
const load = { end: 500, step: 1, rates: Array.from({ length: 30 }, () => 6) };

type Ready = Readonly<Record<"small" | "large", number>>;

/** What the Pods and the Service are now; of those that are not ready the index knows, too. */
function live(ready: Ready, selects: "small" | "large" | "others" | null) {
  const pods = podIndex();
  for (const [app, count] of Object.entries(ready)) {
    for (let k = 0; k < 3; k++) {
      const status = { phase: "Running", conditions: [{ type: "Ready", status: k < count ? "True" : "False" }] };
      pods.put({ apiVersion: "v1", kind: "Pod", metadata: { name: `${app}-${k}`, labels: { app } }, spec: {}, status });
    }
  }
  const service = {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "detect" },
    spec: { selector: { app: selects } },
  };
  const scales = {
    known: (_: string, { variant }: Target) => ({
      replicas: 3,
      selector: parseSelector(`app=${variant}`),
      at: 0,
      since: 0,
    }),
  };
  return { namespace: "default", pods, scales, service: () => (selects === null ? undefined : service) };
}

function seeing(phase: Switch["phase"] | null, ready: Ready, routed: "small" | "large"): Observation {
  const switching = { from: stagePlan("detect", "small", 2), phase: phase ?? "Ready", since: 490 };
  const count = (stage: string, variant: string, isReady: number, serves: boolean) => ({
    stage,
    variant,
    ready: isReady,
    starting: 3 - isReady,
    serving: serves ? isReady : 0,
  });
  return {
    now: 500,
    load,
    running: [stagePlan("detect", "large", 2), stagePlan("classify", "fast", 1)],
    replicas: [
      count("detect", "small", ready.small, routed === "small"),
      count("detect", "large", ready.large, routed === "large"),
      count("classify", "fast", 1, true),
    ],
    stages: [],
    state: phase === null ? null : { rollouts: { detect: { switching, setbacks: [] } } },
  };
}

describe("requests are led to a variant by what is ready now", () => {
  const planner = assemble({
    pipeline: built.pipeline,
    policy: "ipa",
    predictor: "max",
    queueing: "tail",
    engine: "exhaustive",
  });
  const answerTo = async (seen: Observation, isLate: boolean): Promise<Answer> => {
    const decision = isLate ? givenUp(seen) : tick(await planner, seen);
    return { seen, decision, promised: null, seconds: 0 };
  };
  const both = { small: 2, large: 2 };

  test("as decided while that many are ready", async () => {
    for (const isLate of [false, true]) {
      const answer = await answerTo(seeing("Ready", both, "small"), isLate);
      const to = (ready: Ready, selects: "small" | "large" | "others" | null = "small") =>
        whyNotTo("large", 0, live(ready, selects), sound, { answer });
      assert.equal(to(both), null);
      assert.match(to({ small: 2, large: 1 }) ?? "", /^stage detect: .* too few of large are ready by now \(1\)$/);
      assert.match(to({ small: 2, large: 0 }) ?? "", /\(0\)$/);
      // As much as serves is enough; of nothing, one.
      assert.equal(to({ small: 0, large: 1 }), null);
      assert.match(to({ small: 0, large: 0 }) ?? "", /too few of large/);
      // Where the Service selects nothing that is known, what it selects may be ready.
      assert.match(to({ small: 0, large: 0 }, "others") ?? "", /too few of large/);
      // Nothing is lost where there is none.
      assert.equal(to({ small: 0, large: 0 }, null), null);
    }
  });

  test("back, unless enough of the new variant are ready again, or none of the old one is", async () => {
    const answer = await answerTo(seeing("Draining", { small: 2, large: 0 }, "large"), false);
    assert.equal(answer.decision.state?.rollouts?.["detect"]?.switching?.phase, "Returning");
    const to = (ready: Ready) => whyNotTo("small", 0, live(ready, "large"), sound, { answer });
    assert.equal(to({ small: 2, large: 0 }), null);
    assert.match(to(both) ?? "", /enough of large are ready again/);
    assert.match(to({ small: 0, large: 0 }) ?? "", /^stage detect/);
  });

  test("not by a status that somebody lost: what serves stays until enough are ready", async () => {
    const answer = await answerTo(seeing(null, { small: 2, large: 0 }, "small"), true);
    const to = (ready: Ready) => whyNotTo("large", 0, live(ready, "small"), sound, { answer });
    assert.match(to({ small: 2, large: 1 }) ?? "", /too few of large/);
    assert.equal(to(both), null);
  });

  test("all that are planned must be ready where the load is not known", async () => {
    const unknown = { ...load, rates: load.rates.map(() => null) };
    const answer = await answerTo({ ...seeing("Ready", both, "small"), load: unknown }, true);
    const to = (ready: Ready) => whyNotTo("large", 0, live(ready, "small"), sound, { answer });
    assert.match(to({ small: 1, large: 1 }) ?? "", /too few of large/);
    assert.equal(to({ small: 1, large: 2 }), null);
  });
});
