import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, mock, test } from "node:test";
import { decideThread } from "../../../src/commands/decide-thread.ts";
import { explainCommand } from "../../../src/commands/explain.ts";
import type { Answer, Decide } from "../../../src/controller/context.ts";
import type { Memory } from "../../../src/controller/memory.ts";
import { setupsWith } from "../../../src/controller/setups.ts";
import { prometheus, type QuerySamples } from "../../../src/controller/see/prometheus.ts";
import type { Observation } from "../../../src/core/cluster.ts";
import type { Decision } from "../../../src/core/decide.ts";
import { toExactJson } from "../../../src/core/exact-json.ts";
import { tick } from "../../../src/core/loop.ts";
import type { Pipeline } from "../../../src/core/pipeline.ts";
import {
  findDecision,
  parseDecisions,
  type DecisionEntry,
  type DecisionJournal,
} from "../../../src/formats/decision-journal.ts";
import { learntBy } from "../../../src/formats/files.ts";
import { assemble } from "../../../src/study/setup.ts";
import type { KubeObject } from "../../../src/kube/objects.ts";
import { apiServer, podsOf, type Stored } from "../../controller/api-server.ts";
import { surroundingsOf, turnOf } from "../../controller/turns.ts";
import { until } from "../control-plane/until.ts";
import { deploymentsOf, pipelineObject, profilesObject } from "../scene/objects.ts";
import { openScene, withoutScene, type Scene } from "../scene/scene.ts";

describe("the journal of a run in mode Act", { skip: withoutScene() }, () => {
  const directory = mkdtempSync(join(tmpdir(), "ipa-journal-"));
  const file = join(directory, "journal.jsonl");
  let scene: Scene;
  let journal: DecisionJournal;
  before(async () => {
    scene = await openScene();
    await scene.plane.apply(...deploymentsOf());
    const traffic = scene.traffic();
    traffic.at(0.5);
    // One that a busy machine makes late would be given up, and held.
    const controller = await scene.controller("--decision-timeout", "60");
    await scene.plane.apply(pipelineObject({ dataPlane: "Service" }));
    const serves = (...variants: readonly string[]): Promise<unknown> =>
      until(
        `${variants.join(" and ")} to run`,
        () =>
          controller
            .decisions()
            .at(-1)
            ?.decision.plan.every(({ variant }, s) => variant === variants[s]) ?? false,
      );
    await serves("large", "precise");
    traffic.at(40);
    await serves("small", "fast");
    traffic.at(0.5);
    await serves("large", "precise");
    await until("the switch to be over", async () => (await scene.status()).rollouts === undefined);
    // A fixed number is part of what is seen, too.
    await scene.plane.kubectl("scale", "deployment/shop-precise", "--replicas=3");
    traffic.at(20);
    await until("a pinned target", () => controller.decisions().some(isPinned));
    assert.equal(await controller.stop(), 0);
    writeFileSync(file, controller.output());
    journal = parseDecisions([{ path: file, text: controller.output() }]);
  });
  after(async () => {
    await scene?.close();
    rmSync(directory, { recursive: true });
  });

  test("holds all kinds of decisions, whole", () => {
    assert.deepEqual(journal.torn, []);
    const entries = [...journal.entries.values()];
    assert.ok(entries.length > 30);
    const reasons = new Set(entries.map(({ decision }) => decision.reason));
    for (const reason of ["held-no-data", "load-rose", "unchanged"]) assert.ok(reasons.has(reason as never), reason);
    assert.ok(entries.some(({ seen }) => Object.values(seen.state?.rollouts ?? {}).some(({ switching }) => switching)));
    assert.ok(entries.some(isPinned));
  });

  test("the loop of the simulator decides the same, to the byte", async () => {
    for (const id of journal.entries.keys()) {
      const { entry, setup } = findDecision(journal, id);
      const planner = await assemble(setup, await learntBy(setup.predictor));
      assert.equal(toExactJson(tick(planner, entry.seen)), toExactJson(entry.decision), id);
    }
  });

  test("a controller's thread that is told nothing of plans and memory but what it decided itself decides the same, to the byte", async () => {
    const thread = decideThread(60);
    let before: Decision | null = null;
    try {
      for (const id of journal.entries.keys()) {
        const { entry, setup } = findDecision(journal, id);
        const seen: Observation = before === null ? entry.seen : seenAfter(before, entry.seen);
        if (before === null) assert.equal(seen.state, null);
        const answer: Answer = await thread.decide({ setup, digest: entry.planner, seen, recall: null });
        assert.equal(toExactJson(answer.decision), toExactJson(entry.decision), id);
        before = answer.decision;
      }
    } finally {
      await thread.end();
    }
  });

  test("turns in mode Recommend, of a cluster that is as it was seen, decide the same from what they see, to the byte", async () => {
    const thread = decideThread(60);
    const { status: _status, ...pipeline } = await scene.read("InferencePipeline", "shop");
    const raw = prometheus({ url: scene.prometheus.url, timeoutSeconds: 10, maxBytes: 2 ** 24 });
    let memory: Memory | null = null;
    let state: Memory["state"] = null;
    let routed: Routes = {};
    try {
      for (const id of journal.entries.keys()) {
        const { entry, setup } = findDecision(journal, id);
        const { seen } = entry;
        routed = { ...routed, ...routesOf(seen) };
        const answers: Answer[] = [];
        const decide: Decide = async (question) => {
          assert.equal(question.digest, entry.planner);
          const answer = await thread.decide(question);
          answers.push(answer);
          return answer;
        };
        const surroundings = surroundingsOf({
          decide,
          query: asOf(raw, seen),
          clock: () => seen.now,
          maxMode: "Recommend",
          setupOf: setupsWith({ queueing: setup.queueing, engine: setup.engine }),
        });
        const api = apiServer(storedAs(pipeline, setup.pipeline, seen, routed));
        // What it recommended before was carried out, switches and all, and who took a number back is remembered.
        const before: Memory | null = memory && {
          ...memory,
          mode: "Act",
          state,
          ledger: { ...memory.ledger, pinned: pinnedIn(seen) },
        };
        memory = await turnOf(api, pipeline, surroundings, before);
        assert.equal(memory.mode, "Recommend");
        state = answers[0]?.decision.state ?? null;
        assert.deepEqual(
          answers.map((answer) => toExactJson(answer.seen)),
          [toExactJson(seen)],
          id,
        );
        assert.deepEqual(
          answers.map(({ decision }) => toExactJson(decision)),
          [toExactJson(entry.decision)],
          id,
        );
      }
    } finally {
      await thread.end();
    }
  });

  test("ipa explain makes each decision again", async () => {
    const told: boolean[] = [];
    const print = mock.method(console, "log", () => {});
    try {
      for (const id of journal.entries.keys()) {
        await explainCommand((reproduced) => told.push(reproduced)).parseAsync([file, id], { from: "user" });
      }
    } finally {
      print.mock.restore();
    }
    assert.deepEqual(
      told,
      Array.from(journal.entries, () => true),
    );
    const program = new URL("../../../bin/ipa.mjs", import.meta.url).pathname;
    const last = spawnSync(process.execPath, [program, "explain", file], { encoding: "utf8" });
    assert.equal(last.status, 0, last.stderr);
  });
});

/** Whether the number of a target was fixed for a decision. */
function isPinned({ seen }: DecisionEntry): boolean {
  return seen.restrictions?.some(({ replicas }) => replicas !== undefined) ?? false;
}

/** What a cluster showed, to whoever decided something before: that is in force, but for the numbers that are fixed by others. */
function seenAfter({ plan, state }: Decision, shown: Observation): Observation {
  const running = plan.map((stage) => {
    const fixed = shown.restrictions?.find((one) => one.stage === stage.stage)?.replicas?.[stage.variant];
    return { ...stage, replicas: fixed?.fewest ?? stage.replicas };
  });
  return { ...shown, running, state };
}

/** By stage the variant that its Service selects. */
type Routes = Readonly<Record<string, string>>;

function routesOf({ replicas }: Observation): Routes {
  return Object.fromEntries(replicas.flatMap(({ stage, variant, serving }) => (serving > 0 ? [[stage, variant]] : [])));
}

const targetOf = (variant: string): string => `shop-${variant}`;

/** A cluster that shows what was seen. */
function storedAs(pipeline: KubeObject, { stages }: Pipeline, seen: Observation, routed: Routes): Stored {
  const services = Object.entries(routed).map(([stage, variant]) => ({
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: `shop-${stage}`, namespace: "default", labels: { "ipa.dev/pipeline": "shop" } },
    spec: { selector: { app: targetOf(variant) } },
  }));
  const pods = seen.replicas.flatMap(({ stage, variant, ready, starting }) => {
    const cores = stages
      .find(({ name }) => name === stage)
      ?.variants.find(({ name }) => name === variant)?.coresPerReplica;
    return podsOf(targetOf(variant), { ready, all: ready + starting, cores: cores ?? 0 });
  });
  const asked = seen.replicas.map(({ stage, variant, ready, starting }) => [
    targetOf(variant),
    fixedIn(seen, stage, variant) ?? ready + starting,
  ]);
  return { objects: [pipeline, profilesObject(), ...services, ...pods], replicas: Object.fromEntries(asked) };
}

/** The number that a target was fixed at. */
function fixedIn({ restrictions = [] }: Observation, stage: string, variant: string): number | undefined {
  return restrictions.find((one) => one.stage === stage)?.replicas?.[variant]?.fewest;
}

function pinnedIn(seen: Observation): Memory["ledger"]["pinned"] {
  return seen.replicas.flatMap(({ stage, variant }) =>
    fixedIn(seen, stage, variant) === undefined
      ? []
      : {
          apiVersion: "apps/v1",
          kind: "Deployment",
          name: targetOf(variant),
          since: "2026-01-01T00:00:00Z",
          by: "kubectl",
        },
  );
}

/** What had been scraped by then: a sample may have come between the query and now with an instant before it. */
function asOf(query: QuerySamples, { load: { end, rates } }: Observation): QuerySamples {
  const isUnmeasured = rates.length === 1 && rates[0] === null;
  return async (...asked) => {
    const found = isUnmeasured ? [] : await query(...asked);
    return found.map(({ labels, samples }) => ({ labels, samples: samples.filter(({ at }) => at <= end) }));
  };
}
