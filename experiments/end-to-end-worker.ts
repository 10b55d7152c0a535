// One published run in the simulator, over its seeds: the work of end-to-end.ts.
import type { Predictor } from "../src/core/predictors/predictor.ts";
import { assemble } from "../src/study/setup.ts";
import { answerTasks } from "./parallel.ts";
import { trainedLstm } from "./reproduction/predicted-loads.ts";
import { scaledGuesses } from "./reproduction/profile-changes.ts";
import { pipelineOf, policyOf, type PublishedRun } from "./reproduction/published-runs.ts";
import {
  greatestObjective,
  loadsOf,
  mean,
  measure,
  traceOf,
  type Measured,
  type Mode,
} from "./reproduction/replayed-runs.ts";

export interface Task {
  readonly run: PublishedRun;
  readonly mode: Mode;
  /** How much faster every variant is where its profile is a guess. */
  readonly guesses: number;
  /** Seconds until a new replica serves; by default the pipeline's. */
  readonly startUp?: number;
  readonly seeds: readonly number[];
}

export interface Answer extends Task {
  /** By seed. */
  readonly measured: readonly Measured[];
  /** By interval of 10 s, means over the seeds: of the plan in force, cores and accuracy in the reported metric. */
  readonly cores: readonly number[];
  readonly accuracies: readonly number[];
  /** By interval: the trace's mean load, requests per second. */
  readonly loads: readonly number[];
  /** No policy with these pins that carries the load can exceed this mean objective; null if none carries it. */
  readonly greatest: number | null;
}

/** Systems and pipelines see the same arrivals, so that the same series comes again and again. */
function remembered(predictor: Predictor): Predictor {
  const known = new Map<string, number | null>();
  return (load, horizon) => {
    const key = load.rates.join();
    const before = known.get(key);
    if (before !== undefined) return before;
    const predicted = predictor(load, horizon);
    known.set(key, predicted);
    return predicted;
  };
}

const predictor = remembered(await trainedLstm());

answerTasks(async (task: Task): Promise<Answer> => {
  const { run, mode, guesses, startUp, seeds } = task;
  const pipeline = await pipelineOf(run, {
    profiles: scaledGuesses(guesses),
    ...(startUp === undefined ? {} : { startUp }),
  });
  const trace = await traceOf(run.workload);
  const setup = { pipeline, policy: policyOf(run), predictor: "max", queueing: "paper", engine: "exact" };
  const planner = { ...(await assemble(setup)), predictor };
  const runs = seeds.map((seed) => measure(run, planner, trace, seed, mode));
  const byInterval = (of: (one: (typeof runs)[number]) => readonly number[]): readonly number[] =>
    (runs[0] === undefined ? [] : of(runs[0])).map((_, i) => mean(runs.map((one) => of(one)[i] ?? 0)));
  return {
    ...task,
    measured: runs.map(({ measured }) => measured),
    cores: byInterval(({ cores }) => cores),
    accuracies: byInterval(({ accuracies }) => accuracies),
    loads: loadsOf(trace, pipeline.adaptation.interval),
    greatest: greatestObjective(planner, trace),
  };
});
