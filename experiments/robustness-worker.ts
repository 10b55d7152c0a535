// One arm on one pipeline and workload, with services and start-ups that differ from what is assumed: the work of robustness.ts.
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { tick } from "../src/core/loop.ts";
import type { Pipeline } from "../src/core/pipeline.ts";
import type { Run } from "../src/core/run-log.ts";
import { slowedBy } from "../src/core/slowdown.ts";
import { loadPipeline, loadTrace } from "../src/formats/files.ts";
import { simulate } from "../src/sim/simulator.ts";
import { remembering } from "../src/study/remember.ts";
import { scenarioOf } from "../src/study/replay.ts";
import { perSecond, type Trace } from "../src/workload/trace.ts";
import { answerTasks } from "./parallel.ts";
import { arms, perCore, PLAIN, ready, sizesOf, type Arm, type Ready, type Size } from "./robustness/arms.ts";

export interface Task {
  readonly pipeline: string;
  readonly workload: string;
  readonly arm: string;
  /** Seconds until a new replica serves. */
  readonly startUp: number;
  /** True service times over the profile's, each tried. */
  readonly services: readonly number[];
  readonly seeds: readonly number[];
}

/** Means over the seeds. */
interface Measured {
  /** Share of the requests answered within the SLA. */
  readonly onTime: number;
  /** Accuracy of these, over all requests. */
  readonly accuracy: number;
  readonly cores: number;
  /** Of plans, and of replicas begun to start, an hour. */
  readonly changes: number;
  readonly starts: number;
}

/** What comes of one service. */
export interface Answer extends Omit<Task, "services">, Measured {
  readonly service: number;
  readonly size: Size;
}

/** Other arrivals of the same workload. */
const FITTING_SEEDS = [1001, 1002, 1003, 1004, 1005];
/** What each must keep, so that 99 % are on time with others. */
const SAFELY = 0.995;

const root = fileURLToPath(new URL("..", import.meta.url));

answerTasks(async ({ services, ...task }: Task): Promise<readonly Answer[]> => {
  const { workload, startUp, seeds } = task;
  const arm = arms.find(({ name }) => name === task.arm);
  if (arm === undefined) throw new RangeError(`there is no arm ${task.arm}`);
  const trace = await loadTrace(join(root, "traces", `${workload}.csv`));
  const rates = perSecond(trace);
  const mean = rates.reduce((a, b) => a + b, 0) / rates.length;
  const profiled = await perCore(await loadPipeline(join(root, "pipelines", `${task.pipeline}.yaml`)), mean);
  const size = await fitted(arm, profiled, startUp, trace);
  const of = await ready(arm, profiled, startUp, trace, size);
  return services.map((service) => ({ ...task, service, size, ...measure(of, trace, service, seeds) }));
});

/** With services as slow as its margin allows for: the size that gives the most on-time accuracy per core, of those that keep the promise safely with every seed; the plain one, where none does. */
async function fitted(arm: Arm, profiled: Pipeline, startUp: number, trace: Trace): Promise<Size> {
  const [only, ...others] = sizesOf(arm);
  if (only !== undefined && others.length === 0) return only;
  let best = { size: PLAIN, ratio: 0 };
  for (const size of sizesOf(arm)) {
    const of = await ready(arm, profiled, startUp, trace, size);
    let ratio = 0;
    for (const seed of FITTING_SEEDS) {
      const { onTime, accuracy, cores } = measure(of, trace, 1 + arm.margin, [seed]);
      ratio = onTime >= SAFELY ? ratio + accuracy / cores : -Infinity;
      if (ratio < 0) break;
    }
    if (ratio > best.ratio) best = { size, ratio };
  }
  return best.size;
}

function measure({ planner, ...start }: Ready, trace: Trace, service: number, seeds: readonly number[]): Measured {
  const make = remembering(planner);
  const runs = seeds.map((seed) => {
    const scenario = scenarioOf(planner, trace, seed, start);
    return simulate({ ...scenario, pipeline: slowed(scenario.pipeline, service) }, (seen) => tick(planner, seen, make));
  });
  const over = (of: (run: Run) => number): number => runs.reduce((sum, run) => sum + of(run), 0) / runs.length;
  const hourly = (count: number, seconds: number): number => (3600 * count) / seconds;
  return {
    onTime: over(({ requests }) => (requests.served - requests.late) / requests.offered),
    accuracy: over(({ accuracyOnTime }) => accuracyOnTime ?? 0),
    cores: over(({ costCores }) => costCores),
    changes: over(({ planChanges, duration }) => hourly(planChanges, duration)),
    starts: over(({ replicasStarted, duration }) => hourly(replicasStarted, duration)),
  };
}

function slowed(pipeline: Pipeline, factor: number): Pipeline {
  return {
    ...pipeline,
    stages: pipeline.stages.map((stage) => ({
      ...stage,
      variants: stage.variants.map((variant) => slowedBy(variant, factor)),
    })),
  };
}
