import assert from "node:assert/strict";
import { test } from "node:test";
import type { LoopState, Observation } from "../../src/core/cluster.ts";
import { tick } from "../../src/core/loop.ts";
import { defaults, type Pipeline } from "../../src/core/pipeline.ts";
import { decisionText } from "../../src/report/decision-text.ts";
import { decisionReport } from "../../src/report/decision.ts";
import { rate } from "../../src/report/numbers.ts";
import { explainDecision } from "../../src/study/explain-decision.ts";
import { assemble } from "../../src/study/setup.ts";
import { pipelineOf, plan, variant } from "../fixtures.ts";

// A replica of small carries 10 rps with a core, one of large 5.
const small = variant("small", { 1: 0.1 }, { accuracy: 0.5 });
const large = variant("large", { 1: 0.2 }, { accuracy: 0.9 });

async function told(of: Pipeline, seen: Observation): Promise<string> {
  const names = { pipeline: of, policy: "ipa", predictor: "reactive", queueing: "paper", engine: "exhaustive" };
  const planner = await assemble(names);
  const versions = { ipa: "1", node: "v1" };
  const report = decisionReport(
    {
      id: "0123456789abcdef",
      pipeline: "test/demo",
      clock: "2026-01-02T03:04:05.678Z",
      recordedBy: versions,
      explainedBy: versions,
      running: seen.running,
      loadEnd: seen.load.end,
      ...explainDecision(planner, seen, tick(planner, seen)),
    },
    { queueing: "paper", engine: "exhaustive", reason: "as asked for", solveSeconds: 0.1 },
  );
  return decisionText(report);
}

function seen(load: number, running: Observation["running"], state: LoopState | null = null): Observation {
  return { now: 100, load: { end: 100, step: 1, rates: [load] }, running, replicas: [], stages: [], state };
}

const wasFor = (load: number): LoopState => ({ planning: { load, asked: [{ at: 90, load }], switchedAt: {} } });

test("a load that rose: rounded, with what staying would have broken", async () => {
  const text = await told(pipelineOf([[small]]), seen(28.123456789, plan(["small", 2]), wasFor(20)));
  assert.match(
    text,
    /: LoadRose\n.*\nLoad: 28\.12 rps predicted; the last plan was for 20\.\nIn force: s0 small × 2, /,
  );
  assert.match(text, /\nhand-made at 28\.12 rps: the best plan\n/);
  assert.match(
    text,
    /\nStaying with what was in force: 2\.00 cores, pas 0\.5000, queues that grow, objective 3\.0000\. It breaks:\n {2}the capacity of s0, where 28\.12 items come a second and 20 can be served\nThere is no other plan /,
  );
});

test("a load that fell: held for a while, and then staying would have kept all limits", async () => {
  const { adaptation } = pipelineOf([[small]]);
  const slow = { ...adaptation, movement: defaults.adaptation.movement };
  const held = await told(pipelineOf([[small]], { adaptation: slow }), seen(5, plan(["small", 3]), wasFor(30)));
  assert.match(held, /\nLoad: 5 rps predicted; the last plan was for 30, and this one is for 30, since a fall /);
  const text = await told(pipelineOf([[small]]), seen(5, plan(["small", 3]), wasFor(30)));
  assert.match(text, /: LoadFell\n/);
  assert.match(
    text,
    /a latency of 0\.100 s, objective 2\.0000\. It keeps all limits, and would have lost 2\.000 of the objective\.\n/,
  );
});

test("while a switch is under way, what serves", async () => {
  const from = { stage: "s0", variant: "small", batch: 1, batchTimeout: 0, replicas: 2 };
  const switching = { from, phase: "Preparing", since: 90 } as const;
  const state = { ...wasFor(20), rollouts: { s0: { switching, setbacks: [] } } };
  const counts = [
    { stage: "s0", variant: "small", ready: 2, starting: 0, serving: 2 },
    { stage: "s0", variant: "large", ready: 1, starting: 3, serving: 0 },
  ];
  const text = await told(pipelineOf([[small, large]]), { ...seen(20, plan(["large", 4]), state), replicas: counts });
  assert.match(text, /\nIn force: s0 large × 4, batches of 1 \(1 ready; until it takes over, small × 2 serves\)\.\n/);
});

test("what may run is named, with who says so", async () => {
  const text = await told(pipelineOf([[small, large]]), {
    ...seen(20, plan(["small", 2]), wasFor(20)),
    restrictions: [{ stage: "s0", variants: ["small"] }],
  });
  assert.match(
    text,
    /the limit on: what may run\.\n {2}s0: not large \(what the cluster leaves: status\.pinnedKnobs says why\)\n/,
  );
});

test("a load has four digits, or is a whole number", () => {
  const table = [
    [0, "0"],
    [20, "20"],
    [12.3456, "12.35"],
    [123.456, "123.5"],
    [1234.56, "1235"],
    [123456.7, "123457"],
    [0.0123456, "0.01235"],
    [null, "–"],
    [Infinity, "–"],
  ] as const;
  for (const [load, text] of table) assert.equal(rate(load), text);
});
