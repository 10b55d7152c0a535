// Replays one seed of a published run with each predictor: a task of predictor-ablation.ts.
import type { Predictor } from "../../src/core/predictors/predictor.ts";
import { maximum, reactive } from "../../src/core/predictors/simple.ts";
import { oracle } from "../../src/core/predictors/oracle.ts";
import { futureOf } from "../../src/study/replay.ts";
import { assemble } from "../../src/study/setup.ts";
import { answerTasks } from "../parallel.ts";
import { trainedLstm } from "./predicted-loads.ts";
import { scaledGuesses } from "./profile-changes.ts";
import { pipelineOf, policyOf, type PublishedRun } from "./published-runs.ts";
import { measure, traceOf, type Mode } from "./replayed-runs.ts";

export interface AblationTask {
  readonly run: PublishedRun;
  readonly seed: number;
  readonly mode: Mode;
  /** Seconds until a new replica serves. */
  readonly startUp: number;
  /** How much faster every variant is where its profile is a guess. */
  readonly guesses: number;
  /** Trainings of the LSTM, besides the shipped one. */
  readonly trainings: readonly number[];
}

export interface AblationAnswer {
  readonly predictor: string;
  readonly dropped: number;
  readonly late: number;
  readonly cores: number;
  /** Starting and draining replicas included. */
  readonly heldCores: number;
}

answerTasks<AblationTask, readonly AblationAnswer[]>(async (task) => {
  const { run, seed, mode, startUp, guesses, trainings } = task;
  const pipeline = await pipelineOf(run, { profiles: scaledGuesses(guesses), startUp });
  const trace = await traceOf(run.workload);
  const setup = { pipeline, policy: policyOf(run), predictor: "max", queueing: "paper", engine: "exact" };
  const planner = await assemble(setup);
  const predictors: readonly (readonly [string, Predictor])[] = [
    ["lstm", await trainedLstm()],
    ...(await Promise.all(trainings.map(async (one) => [`lstm, training ${one}`, await trainedLstm(one)] as const))),
    ["reactive", reactive],
    ["max", maximum],
    ["oracle", oracle({ future: futureOf(trace, pipeline.adaptation.loadWindow) })],
  ];
  return predictors.map(([name, predictor]) => {
    const { measured } = measure(run, { ...planner, predictor }, trace, seed, mode);
    return {
      predictor: name,
      dropped: measured.dropped_share,
      late: 1 - measured.sla_attainment,
      cores: measured.planned_cores,
      heldCores: measured.cost_cores,
    };
  });
});
