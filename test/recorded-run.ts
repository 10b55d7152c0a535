import type { Observation } from "../src/core/cluster.ts";
import type { Decision } from "../src/core/decide.ts";
import { tick } from "../src/core/loop.ts";
import type { Run } from "../src/core/run-log.ts";
import type { Setup } from "../src/core/setup.ts";
import { decisionEntry, decisionLines, plannerDigest, type DecisionEntry } from "../src/formats/decision-journal.ts";
import { simulate } from "../src/sim/simulator.ts";
import { scenarioOf, type ReplayOptions } from "../src/study/replay.ts";
import { assemble } from "../src/study/setup.ts";
import type { Trace } from "../src/workload/trace.ts";

export const meta = {
  clock: "2026-01-02T03:04:05.678Z",
  solve_seconds: 0.25,
  host: "test",
  ipa: "0.1.0+x",
  node: "v0",
};

/** A decision as a controller would journal it. */
export function entryOf(setup: Setup, seen: Observation, decision: Decision): DecisionEntry {
  return decisionEntry({ pipeline: "test/demo", planner: plannerDigest(setup), seen, decision, meta });
}

/** All entries as they are written, the planners' lines between. */
export function textOf(setup: Setup, entries: readonly DecisionEntry[]): string {
  const written = new Set<string>();
  return entries.map((entry) => decisionLines(entry, setup, written)).join("");
}

/** A simulated run, with what every decision saw and said. */
export async function recordRun(
  setup: Setup,
  trace: Trace,
  options: ReplayOptions = {},
): Promise<{ readonly run: Run; readonly entries: readonly DecisionEntry[] }> {
  const planner = await assemble(setup);
  const entries: DecisionEntry[] = [];
  const run = simulate(scenarioOf(planner, trace, 1, options), (seen) => {
    const decision = tick(planner, seen);
    entries.push(entryOf(setup, seen, decision));
    return decision;
  });
  return { run, entries };
}
