// One arm on one pipeline and workload, with services and start-ups that differ from what is assumed: the work of robustness.ts.
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { tick } from "../src/core/loop.ts";
import type { Pipeline } from "../src/core/pipeline.ts";
import { loadPipeline, loadTrace } from "../src/formats/files.ts";
import { simulate } from "../src/sim/simulator.ts";
import { remembering } from "../src/study/remember.ts";
import { scenarioOf } from "../src/study/replay.ts";
import { perSecond } from "../src/workload/trace.ts";
import { answerTasks } from "./parallel.ts";
import { arms, perCore, plannerOf } from "./robustness/arms.ts";

export interface Task {
  readonly pipeline: string;
  readonly workload: string;
  readonly arm: string;
  /** True service times over the profile's. */
  readonly service: number;
  /** Seconds until a new replica serves. */
  readonly startUp: number;
  readonly seeds: readonly number[];
}

/** Means over the seeds. */
export interface Answer extends Task {
  /** Share of the requests answered within the SLA. */
  readonly onTime: number;
  /** Accuracy of these, over all requests. */
  readonly accuracy: number;
  readonly cores: number;
  /** Of plans, and of replicas begun to start, an hour. */
  readonly changes: number;
  readonly starts: number;
}

const root = fileURLToPath(new URL("..", import.meta.url));

answerTasks(async (task: Task): Promise<Answer> => {
  const { workload, service, startUp, seeds } = task;
  const arm = arms.find(({ name }) => name === task.arm);
  if (arm === undefined) throw new RangeError(`there is no arm ${task.arm}`);
  const trace = await loadTrace(join(root, "traces", `${workload}.csv`));
  const rates = perSecond(trace);
  const mean = rates.reduce((a, b) => a + b, 0) / rates.length;
  const profiled = await perCore(await loadPipeline(join(root, "pipelines", `${task.pipeline}.yaml`)), mean);
  const planner = await plannerOf(arm, profiled, startUp, trace);
  const make = remembering(planner);
  const runs = seeds.map((seed) => {
    const scenario = scenarioOf(planner, trace, seed);
    return simulate({ ...scenario, pipeline: slowed(scenario.pipeline, service) }, (seen) => tick(planner, seen, make));
  });
  const over = (of: (run: (typeof runs)[number]) => number): number =>
    runs.reduce((sum, run) => sum + of(run), 0) / runs.length;
  const hourly = (count: number, seconds: number): number => (3600 * count) / seconds;
  return {
    ...task,
    onTime: over(({ requests }) => (requests.served - requests.late) / requests.offered),
    accuracy: over(({ accuracyOnTime }) => accuracyOnTime ?? 0),
    cores: over(({ costCores }) => costCores),
    changes: over(({ planChanges, duration }) => hourly(planChanges, duration)),
    starts: over(({ replicasStarted, duration }) => hourly(replicasStarted, duration)),
  };
});

function slowed(pipeline: Pipeline, factor: number): Pipeline {
  return {
    ...pipeline,
    stages: pipeline.stages.map((stage) => ({
      ...stage,
      variants: stage.variants.map((variant) => ({
        ...variant,
        profile: variant.profile.map((point) => ({ ...point, mean: point.mean * factor, p99: point.p99 * factor })),
      })),
    })),
  };
}
