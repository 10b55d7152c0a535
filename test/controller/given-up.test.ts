import assert from "node:assert/strict";
import { test } from "node:test";
import { journalOf } from "../../src/controller/tell/journal.ts";
import { controllerMetrics } from "../../src/controller/tell/metrics.ts";
import { countDecision } from "../../src/controller/tell/publish.ts";
import { setupsWith } from "../../src/controller/setups.ts";
import { givenUp } from "../../src/core/given-up.ts";
import { parseDecisions } from "../../src/formats/decision-journal.ts";
import { pipelineOf, plan, variant } from "../fixtures.ts";

const pipeline = pipelineOf([[variant("small", { 1: 0.2 })]]);
const load = { end: 100, step: 1, rates: [1, 1] };
const seen = { now: 100, load, running: plan(["small", 2]), replicas: [], stages: [], state: null };
const answer = { seen, decision: givenUp(seen), promised: null };

test("a decision that was given up is journalled with the time that it was waited for", () => {
  const lines: string[] = [];
  const writer = { host: "here", version: "0", ring: null, failed: assert.ifError };
  const journal = journalOf({ ...writer, print: (text) => lines.push(text) });
  const question = { ...setupsWith({ queueing: "tail", engine: "exact" })(pipeline), seen, recall: null };
  const id = journal("test/demo", question, { ...answer, seconds: 1.25 });
  const entry = parseDecisions([{ path: "j", text: lines.join("") }]).entries.get(id);
  assert.equal(entry?.meta.solve_seconds, 1.25);
  assert.equal(entry.decision.reason, "held-timeout");
});

test("and counted with it; what was not even tried is no time that a decision took", async () => {
  const metrics = controllerMetrics();
  for (const seconds of [1.25, 0]) {
    countDecision({ metrics }, { namespace: "test", pipeline: "demo" }, pipeline, { ...answer, seconds });
  }
  const text = await metrics.registry.metrics();
  assert.match(text, /^ipa_decision_duration_seconds_sum 1\.25$/m);
  assert.match(text, /^ipa_decision_duration_seconds_count 1$/m);
  assert.match(text, /^ipa_decisions_total\{.*reason="HeldTimeout"\} 2$/m);
});
