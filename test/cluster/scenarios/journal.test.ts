import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, mock, test } from "node:test";
import { decideThread } from "../../../src/commands/decide-thread.ts";
import { explainCommand } from "../../../src/commands/explain.ts";
import type { Answer } from "../../../src/controller/context.ts";
import type { Observation } from "../../../src/core/cluster.ts";
import type { Decision } from "../../../src/core/decide.ts";
import { toExactJson } from "../../../src/core/exact-json.ts";
import { tick } from "../../../src/core/loop.ts";
import {
  findDecision,
  parseDecisions,
  type DecisionEntry,
  type DecisionJournal,
} from "../../../src/formats/decision-journal.ts";
import { learntBy } from "../../../src/formats/files.ts";
import { assemble } from "../../../src/study/setup.ts";
import { until } from "../control-plane/until.ts";
import { deploymentsOf, pipelineObject } from "../scene/objects.ts";
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
