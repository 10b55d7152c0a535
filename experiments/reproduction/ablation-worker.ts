// Replays one seed of a published run with each predictor: a task of predictor-ablation.ts.
import type { Pipeline } from "../../src/core/pipeline.ts";
import type { Predictor } from "../../src/core/predictors/predictor.ts";
import { lstm } from "../../src/core/predictors/lstm.ts";
import { maximum, reactive } from "../../src/core/predictors/simple.ts";
import { oracle } from "../../src/core/predictors/oracle.ts";
import { loadLstm } from "../../src/formats/files.ts";
import { futureOf } from "../../src/study/replay.ts";
import { assemble } from "../../src/study/setup.ts";
import { answerTasks } from "../parallel.ts";
import { pipelineOf, policyOf, type PublishedRun } from "./published-runs.ts";
import { measure, traceOf, type Mode } from "./replayed-runs.ts";

export interface AblationTask {
  readonly run: PublishedRun;
  readonly seed: number;
  readonly mode: Mode;
  /** Seconds until a new replica serves. */
  readonly startUp: number;
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

answerTasks<AblationTask, readonly AblationAnswer[]>(async ({ run, seed, mode, startUp, trainings }) => {
  const [shipped, trace] = [await pipelineOf(run), await traceOf(run.workload)];
  const pipeline: Pipeline = {
    ...shipped,
    stages: shipped.stages.map((stage) => ({
      ...stage,
      variants: stage.variants.map((variant) => ({ ...variant, startUp: { mean: startUp } })),
    })),
  };
  const setup = { pipeline, policy: policyOf(run), predictor: "max", queueing: "paper", engine: "exact" };
  const planner = await assemble(setup);
  const predictors: readonly (readonly [string, Predictor])[] = [
    ["lstm", lstm({ lstm: await loadLstm() })],
    ...(await Promise.all(
      trainings.map(async (one) => [`lstm, training ${one}`, lstm({ lstm: await loadLstm(one) })] as const),
    )),
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
