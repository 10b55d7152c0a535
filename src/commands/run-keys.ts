import { createHash } from "node:crypto";
import type { SweepRun } from "../study/sweep.ts";

export interface KeyedRun extends SweepRun {
  /**
   * Of all that its figures depend on: the setup with the pipeline and its profiles, the trace, the seed, and the
   * program. Not of its place in the sweep, so that a longer sweep finds what a shorter one did.
   */
  readonly key: string;
}

/** `program` says which program carries them out. */
export function withKeys(runs: readonly SweepRun[], program: string): readonly KeyedRun[] {
  // Runs share setups and traces, which may be long.
  const setups = new Map(runs.map(({ setup }) => [setup, ""]));
  for (const setup of setups.keys()) setups.set(setup, digest(JSON.stringify(setup)));
  const traces = new Map(runs.map(({ trace }) => [trace, ""]));
  for (const trace of traces.keys()) {
    traces.set(trace, digest(trace.kind, trace.kind === "rates" ? trace.rates : trace.arrivals));
  }
  return runs.map((run) => {
    const parts = [program, process.version, setups.get(run.setup), traces.get(run.trace), run.seed];
    return { ...run, key: digest(JSON.stringify(parts)) };
  });
}

/** Of a whole sweep: its name, and each run with what its row says. */
export function sweepDigest(name: string, runs: readonly KeyedRun[]): string {
  return digest(JSON.stringify([name, runs.map(({ key, coordinates }) => [key, coordinates])]));
}

function digest(...parts: readonly (string | Float64Array)[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest("hex");
}
