// The configurations of the paper's published runs, as pipelines and policies of ours.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { AccuracyMetricName } from "../../src/core/accuracy.ts";
import type { Margins, Pipeline } from "../../src/core/pipeline.ts";
import type { Plan } from "../../src/core/plan.ts";
import { loadPipeline, type PipelineChanges } from "../../src/formats/files.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** IPA fixes nothing, FA2 the variants, RIM the replicas. */
export const systems = ["IPA", "FA2-low", "FA2-high", "RIM"] as const;

export const workloads = ["bursty", "steady-low", "steady-high", "fluctuating"] as const;
export const pipelines = ["video", "audio-qa", "audio-sent", "sum-qa", "nlp"] as const;

/** One row of published/runs.json; seconds, requests per second, cores; by stage in pipeline order. */
export interface PublishedRun {
  /** 14: the first version's end-to-end runs; 18: the revision's; 16 and 19: the preferences of each. */
  readonly metaseries: number;
  readonly version: "original" | "revised";
  readonly pipeline: string;
  readonly workload: string;
  readonly system: string;
  readonly accuracy: AccuracyMetricName;
  readonly alpha: number;
  readonly beta: number;
  readonly delta: number;
  /** Largest batch and most replicas. */
  readonly batch: number;
  readonly replicas: number;
  readonly margins: Margins;
  readonly threshold_rps: number;
  readonly drop_s: number;
  /** Cores per replica, by stage and variant. */
  readonly cores: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** What was deployed before the first decision. */
  readonly start: { readonly variants: readonly string[]; readonly replicas: readonly number[] };
  readonly variants?: readonly string[];
  readonly fixedReplicas?: readonly number[];
}

export async function publishedRuns(metaseries: readonly number[]): Promise<readonly PublishedRun[]> {
  const text = await readFile(join(root, "experiments/published/runs.json"), "utf8");
  const runs: readonly PublishedRun[] = JSON.parse(text);
  return runs.filter((run) => metaseries.includes(run.metaseries));
}

/** Of equal objectives the authors' solver showed the more accurate; far more than a tie, far less than a batch size counts. */
const ACCURACY_FIRST = 1e-7;

/** What an experiment makes different from the shipped files. */
export interface Difference {
  readonly profiles?: PipelineChanges["profiles"];
  /** Seconds until a new replica serves. */
  readonly startUp?: number;
}

/** The shipped pipeline as a run had it: its weights, caps, margins, cores and pins, and the model that the authors' code solved. */
export function pipelineOf(run: PublishedRun, { profiles, startUp }: Difference = {}): Promise<Pipeline> {
  return loadPipeline(join(root, "pipelines", `${run.pipeline}.yaml`), {
    ...(profiles === undefined ? {} : { profiles }),
    spec: (spec) => ({
      ...spec,
      objective: {
        kind: "weighted",
        accuracy: run.accuracy,
        alpha: run.alpha * (1 + ACCURACY_FIRST),
        beta: run.beta,
        delta: run.delta,
      },
      limits: { replicas: run.replicas, batch: run.batch },
      margins: run.margins,
      adaptation: { ...spec.adaptation, predictor: "max", loadWindow: "1s" },
      ...(startUp === undefined ? {} : { startUp: { mean: `${startUp}s` } }),
      stages: spec.stages.map((stage) => ({
        ...stage,
        variants: stage.variants.map((variant) => ({
          ...variant,
          cores: run.cores[stage.name]?.[variant.name] ?? variant.cores,
        })),
      })),
      policies: {
        [policyOf(run)]: pinsOf(
          run,
          spec.stages.map(({ name }) => name),
        ),
      },
      onInfeasible: "Hold",
      reproduction: { capacity: "measured", latency: "p99", roundLoad: true },
    }),
  });
}

/** The name of our policy for its system. */
export function policyOf({ system }: PublishedRun): string {
  return system.toLowerCase();
}

function pinsOf(run: PublishedRun, stages: readonly string[]) {
  return Object.fromEntries(
    stages.map((stage, s) => {
      const [variant, replicas] = [run.variants?.[s], run.fixedReplicas?.[s]];
      const pins = {
        ...(variant === undefined ? {} : { variants: [variant] }),
        ...(replicas === undefined ? {} : { replicas }),
      };
      return [stage, pins];
    }),
  );
}

/** What was deployed, batches of one. */
export function deployed(run: PublishedRun, pipeline: Pipeline): Plan {
  return pipeline.stages.map(({ name }, s) => ({
    stage: name,
    variant: run.start.variants[s] ?? "",
    batch: 1,
    batchTimeout: 0,
    replicas: run.start.replicas[s] ?? 1,
  }));
}
