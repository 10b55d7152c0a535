import { parentPort, workerData } from "node:worker_threads";
import { InputError, type InputErrorCode } from "../core/errors.ts";
import type { Figures } from "../core/sweep-row.ts";
import { learntBy } from "../formats/files.ts";
import { figuresOf } from "../report/sweep.ts";
import { summarise } from "../report/summary.ts";
import { runner, runsOf, type Sweep, type SweepRun } from "../study/sweep.ts";
import { traceEnd } from "../workload/trace.ts";

// A thread that carries out runs of a sweep: it is given the sweep when it begins, then the number of one run after
// the other. Both sides make the same list of runs from the sweep.

/** What the thread says: how much of its run is done, then what came of it, or why the input cannot be right. */
export type Report =
  | { readonly share: number }
  | { readonly figures: Figures }
  | { readonly refusal: { readonly code: InputErrorCode; readonly message: string } };

/** Shares are for people: more often than this is of no use. */
const EVERY_MS = 100;

const tell = (report: Report): void => parentPort?.postMessage(report);
const runs = runsOf(workerData as Sweep);
const carryOut = runner(learntBy);

parentPort?.on("message", (number: number) => {
  const run = runs[number];
  if (run === undefined) throw new RangeError(`there is no run ${number}`);
  void answer(run);
});

async function answer(run: SweepRun): Promise<void> {
  const { setup, trace, seed } = run;
  let told = performance.now();
  try {
    const finished = await carryOut(run, (now) => {
      if (performance.now() - told < EVERY_MS) return;
      told = performance.now();
      tell({ share: now / traceEnd(trace) });
    });
    const { pipeline, policy } = setup;
    const summary = summarise([finished], {
      pipeline: pipeline.name,
      trace: trace.name,
      policy,
      seeds: [seed],
      accuracyMetric: pipeline.objective.accuracy,
      sla: pipeline.sla.seconds,
      warmup: 0,
      wall: null,
    });
    tell({ figures: figuresOf(summary) });
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    tell({ refusal: { code: error.code, message: error.message } });
  }
}
