import assert from "node:assert/strict";
import { after, test } from "node:test";
import { decideThread } from "../../src/commands/decide-thread.ts";
import type { Question } from "../../src/controller/context.ts";
import { givenUp } from "../../src/core/given-up.ts";
import { tick } from "../../src/core/loop.ts";
import { plannerDigest } from "../../src/formats/decision-journal.ts";
import { loadPipeline } from "../../src/formats/files.ts";
import { assemble } from "../../src/study/setup.ts";

const pipeline = await loadPipeline("pipelines/video.yaml");

function question(engine: string, rate: number, stages = 1, interval = 10): Question {
  // As many stages as it takes for the search of all plans to last.
  const copies = Array.from({ length: stages }, (_, i) =>
    pipeline.stages.map((stage, s) => ({
      ...stage,
      name: `${stage.name}-${i}`,
      after: i + s === 0 ? [] : [`${pipeline.stages[(s + 1) % 2]?.name}-${s === 0 ? i - 1 : i}`],
    })),
  ).flat();
  const of = {
    ...pipeline,
    stages: copies,
    sla: { ...pipeline.sla, seconds: 60 },
    adaptation: { ...pipeline.adaptation, interval },
  };
  const setup = { pipeline: of, policy: "ipa", predictor: "max", queueing: "tail", engine };
  const load = { end: 1000, step: 5, rates: Array.from({ length: 24 }, () => rate) };
  const seen = { now: 1000, load, running: [], replicas: [], stages: [], state: null };
  return { setup, digest: plannerDigest(setup), seen, recall: null };
}

test("a thread decides as the loop does", async () => {
  const thread = decideThread(60);
  after(thread.end);
  const asked = question("exact", 20);
  const answer = await thread.decide(asked);
  assert.deepEqual(answer.decision, tick(await assemble(asked.setup), asked.seen));
  assert.ok(answer.promised !== null && answer.promised.cores > 0);
});

test("what takes too long is given up and the plan held, and what waited behind it is decided all the same", async () => {
  const thread = decideThread(3);
  after(thread.end);
  const asked = question("exhaustive", 20, 6);
  const late = thread.decide(asked);
  const waited = new Promise((resolve) => setTimeout(resolve, 1500)).then(() => thread.decide(question("exact", 20)));
  const { seen, decision, promised, seconds } = await late;
  assert.deepEqual({ seen, decision, promised }, { seen: asked.seen, decision: givenUp(asked.seen), promised: null });
  assert.ok(seconds >= 2.9, String(seconds));
  assert.equal((await waited).decision.reason, "first");
  assert.equal((await thread.decide(question("exact", 30))).decision.reason, "first");
});

test("who waits for others for more than a turn is answered without a decision", async () => {
  const thread = decideThread(3);
  after(thread.end);
  await thread.decide(question("exact", 20));
  // Each takes all of its time, and so the last one, of an interval of 1 s, would wait for 6 s.
  const hard = [6, 7].map((stages) => thread.decide(question("exhaustive", 20, stages)));
  const last = await thread.decide(question("exact", 20, 1, 1));
  assert.equal(last.decision.reason, "held-timeout");
  assert.ok(last.seconds >= 3.9, String(last.seconds));
  // It has left the queue.
  await Promise.all(hard);
  assert.equal((await thread.decide(question("exact", 20, 1, 1))).decision.reason, "first");
});

test("what takes too long again and again is not asked for a while, and others need not wait", async () => {
  const thread = decideThread(0.5);
  after(thread.end);
  const asked = question("exhaustive", 20, 6);
  for (let n = 0; n < 3; n++) assert.ok((await thread.decide(asked)).seconds >= 0.4);
  const { decision, seconds } = await thread.decide(asked);
  assert.deepEqual([decision, seconds], [givenUp(asked.seen), 0]);
  // A change of it makes it another.
  assert.ok((await thread.decide(question("exhaustive", 20, 7))).seconds >= 0.4);
});

test("the time that a thread takes to begin is not counted, nor that of those before", async () => {
  // A decision takes a few milliseconds, a thread several hundred to begin.
  const thread = decideThread(0.2);
  after(thread.end);
  const answers = await Promise.all(Array.from({ length: 50 }, (_, i) => thread.decide(question("exact", 5 + i))));
  assert.equal(answers.at(-1)?.decision.reason, "first");
});

test("a fault in a decision is told, and the next one is made", async () => {
  const thread = decideThread(60);
  after(thread.end);
  const asked = question("exact", 20);
  const broken = { ...asked, digest: "another", setup: { ...asked.setup, policy: "no such policy" } };
  await assert.rejects(thread.decide(broken), /no such policy/);
  assert.equal((await thread.decide(asked)).decision.reason, "first");
});

test("a planner that was forgotten decides as before", async () => {
  const thread = decideThread(60, 0);
  after(thread.end);
  const [one, another] = [question("exact", 20), question("highs", 20)];
  const first = await thread.decide(one);
  await thread.decide(another);
  assert.deepEqual((await thread.decide(one)).decision, first.decision);
  assert.equal((await thread.decide(another)).decision.reason, "first");
});
