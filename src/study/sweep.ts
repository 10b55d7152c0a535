import type { Planner } from "../core/decide.ts";
import type { Knowledge } from "../core/predictors/predictor.ts";
import type { Objective, Pipeline } from "../core/pipeline.ts";
import type { Run } from "../core/run-log.ts";
import type { Setup } from "../core/setup.ts";
import type { Coordinates } from "../core/sweep-row.ts";
import type { Trace } from "../workload/trace.ts";
import { futureOf, replay } from "./replay.ts";
import { assemble, defaultEngine, defaultQueueing } from "./setup.ts";

/** What is swept over: each combination is a run. Of an absent list what the pipeline says holds. */
export interface Sweep {
  readonly pipelines: readonly Pipeline[];
  readonly traces: readonly Trace[];
  readonly policies?: readonly string[] | undefined;
  readonly predictors?: readonly string[] | undefined;
  readonly queueing?: readonly string[] | undefined;
  /** Latencies promised, seconds. */
  readonly slas?: readonly number[] | undefined;
  /** Weights; only for weighted objectives. */
  readonly alphas?: readonly number[] | undefined;
  readonly betas?: readonly number[] | undefined;
  readonly seeds?: readonly number[] | undefined;
}

/** One run of a sweep. Runs that differ only in their seed share their setup and trace. */
export interface SweepRun {
  readonly setup: Setup;
  readonly trace: Trace;
  readonly seed: number;
  readonly coordinates: Coordinates;
}

/** All runs, in the order of the rows: the first list changes slowest, the seed fastest. */
export function runsOf(sweep: Sweep): readonly SweepRun[] {
  const runs: SweepRun[] = [];
  for (const [setup, trace] of settingsOf(sweep)) {
    for (const seed of sweep.seeds ?? [1]) {
      runs.push({ setup, trace, seed, coordinates: coordinatesOf(runs.length, setup, trace, seed) });
    }
  }
  return runs;
}

function* settingsOf(sweep: Sweep): Generator<readonly [Setup, Trace]> {
  const { policies = ["ipa"], queueing: models = [defaultQueueing] } = sweep;
  for (const of of sweep.pipelines)
    for (const trace of sweep.traces)
      for (const policy of policies)
        for (const predictor of sweep.predictors ?? [of.adaptation.predictor])
          for (const queueing of models)
            for (const pipeline of variationsOf(of, sweep))
              yield [{ pipeline, policy, predictor, queueing, engine: defaultEngine }, trace];
}

/** The pipeline under each SLA and pair of weights. */
function variationsOf(pipeline: Pipeline, { slas, alphas, betas }: Sweep): readonly Pipeline[] {
  const { sla, objective } = pipeline;
  const objectives: readonly Objective[] =
    objective.kind !== "weighted"
      ? [objective]
      : (alphas ?? [objective.alpha]).flatMap((alpha) =>
          (betas ?? [objective.beta]).map((beta) => ({ ...objective, alpha, beta })),
        );
  return (slas ?? [sla.seconds]).flatMap((seconds) =>
    objectives.map((varied) => ({ ...pipeline, sla: { ...sla, seconds }, objective: varied })),
  );
}

function coordinatesOf(run: number, setup: Setup, trace: Trace, seed: number): Coordinates {
  const { pipeline, policy, predictor, queueing } = setup;
  const { objective, sla } = pipeline;
  const weighted = objective.kind === "weighted";
  return {
    run,
    pipeline: pipeline.name,
    trace: trace.name,
    policy,
    predictor,
    queueing,
    sla_s: sla.seconds,
    alpha: weighted ? objective.alpha : null,
    beta: weighted ? objective.beta : null,
    seed,
    accuracy_metric: objective.accuracy,
  };
}

/** Carries out runs; `onTick` is told of each decision's instant, seconds. */
export type Runner = (run: SweepRun, onTick?: (now: number) => void) => Promise<Run>;

/** A runner that keeps the planner of the last run for the next seed. `learntBy`: what a predictor needs to have learnt. */
export function runner(learntBy: (predictor: string) => Promise<Knowledge>): Runner {
  let last: { readonly setup: Setup; readonly trace: Trace; readonly planner: Planner } | undefined;
  return async ({ setup, trace, seed }, onTick) => {
    if (last?.setup !== setup || last.trace !== trace) {
      const future = futureOf(trace, setup.pipeline.adaptation.loadWindow);
      last = { setup, trace, planner: await assemble(setup, { future, ...(await learntBy(setup.predictor)) }) };
    }
    return replay(last.planner, trace, seed, {}, onTick);
  };
}
