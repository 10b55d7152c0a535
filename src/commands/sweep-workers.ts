import { on } from "node:events";
import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import { InputError } from "../core/errors.ts";
import type { Figures } from "../core/sweep-row.ts";
import type { Sweep, SweepRun } from "../study/sweep.ts";
import type { Report } from "./sweep-worker.ts";

/** A worker's file is TypeScript where this one is, and JavaScript in a package that was compiled. */
function workerFile(name: string): URL {
  return new URL(`./${name}${extname(import.meta.url)}`, import.meta.url);
}

/** Told as runs go on; `share` is how much of a run is done, in [0, 1]. */
export interface Listener<T> {
  readonly onShare: (run: T, share: number) => void;
  readonly onDone: (run: T, figures: Figures) => void;
}

/** Carries out runs of a sweep on so many threads; when one fails, none goes on. */
export async function carryOut<T extends SweepRun>(
  sweep: Sweep,
  runs: readonly T[],
  threads: number,
  listener: Listener<T>,
): Promise<void> {
  const queue = runs.values();
  const workers = Array.from(
    { length: Math.min(threads, runs.length) },
    () => new Worker(workerFile("sweep-worker"), { workerData: sweep }),
  );
  try {
    await Promise.all(workers.map((worker) => work(worker, queue, listener)));
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}

/** Gives a worker one run after the other until the queue, which all workers share, is empty. */
async function work<T extends SweepRun>(worker: Worker, queue: Iterator<T>, listener: Listener<T>): Promise<void> {
  // An iterator over events loses none, and throws the worker's error if it has one.
  const reports = on(worker, "message");
  for (let next = queue.next(); next.done !== true; next = queue.next()) {
    const run = next.value;
    worker.postMessage(run.coordinates.run);
    listener.onDone(run, await figuresOf(reports, (share) => listener.onShare(run, share)));
  }
}

/** What came of the run that the worker was given. */
async function figuresOf(reports: AsyncIterator<unknown[]>, onShare: (share: number) => void): Promise<Figures> {
  for (;;) {
    const { value } = await reports.next();
    const [report] = value as [Report];
    if ("figures" in report) return report.figures;
    if ("refusal" in report) throw new InputError(report.refusal.code, report.refusal.message);
    onShare(report.share);
  }
}
