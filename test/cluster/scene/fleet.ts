import type { Exposition } from "../control-plane/exposition.ts";
import { deploymentObject, profileCsv } from "./objects.ts";

// Many pipelines of one make, as one cluster may have them: three stages of three variants each.

const STAGES = ["detect", "crop", "classify"] as const;
/** Accuracy, cores of a replica, and seconds that it takes for one request. */
const VARIANTS = [
  ["small", "0.6", 1, 0.05],
  ["medium", "0.7", 1, 0.1],
  ["large", "0.8", 2, 0.2],
] as const;

export interface Fleet {
  readonly names: readonly string[];
  /** Of the profiles, by key of a ConfigMap. */
  readonly profiles: Readonly<Record<string, string>>;
  /** The first variant of each stage runs; the others wait. */
  readonly deployments: readonly object[];
  readonly pipelines: readonly object[];
}

export interface FleetOptions {
  readonly pipelines: number;
  /** Between two decisions, seconds. */
  readonly interval: number;
  /** What a load is the mean over; at least the time between two scrapes, seconds. */
  readonly loadWindow: number;
  /** How much load a predictor sees, seconds. */
  readonly history: number;
}

export function fleetOf({ pipelines, ...timing }: FleetOptions): Fleet {
  const names = Array.from({ length: pipelines }, (_, p) => `pipeline-${p + 1}`);
  return {
    names,
    profiles: Object.fromEntries(STAGES.map((stage) => [`${stage}.csv`, profile()])),
    deployments: names.flatMap((name) =>
      STAGES.flatMap((stage) =>
        VARIANTS.map(([variant, , cores], v) =>
          deploymentObject(`${name}-${stage}-${variant}`, { replicas: v === 0 ? 1 : 0, cpu: String(cores) }),
        ),
      ),
    ),
    pipelines: names.map((name) => pipelineOf(name, timing)),
  };
}

function profile(): string {
  return profileCsv(
    VARIANTS.flatMap(([variant, , cores, seconds]) =>
      [1, 2, 4, 8].map((batch) => [variant, cores, batch, seconds * (1 + 0.8 * (batch - 1))] as const),
    ),
  );
}

function pipelineOf(name: string, { interval, loadWindow, history }: Omit<FleetOptions, "pipelines">): object {
  return {
    apiVersion: "ipa.dev/v1alpha1",
    kind: "InferencePipeline",
    metadata: { name, namespace: "default" },
    spec: {
      sla: { latency: "2s" },
      objective: { kind: "weighted", alpha: 20, beta: 1 },
      mode: "Act",
      limits: { replicas: 20 },
      load: { prometheus: { selector: seriesOf(name) } },
      adaptation: { interval: `${interval}s`, predictor: "max", loadWindow: `${loadWindow}s`, history: `${history}s` },
      rollout: { progressDeadlineSeconds: 600, drainSeconds: 2 },
      stages: STAGES.map((stage, s) => ({
        name: stage,
        after: STAGES.slice(Math.max(0, s - 1), s),
        profile: `${stage}.csv`,
        dataPlane: "Service",
        service: { port: 80, targetPort: 8080 },
        variants: VARIANTS.map(([variant, accuracy, cores]) => ({
          name: variant,
          accuracy,
          cores,
          scaleTargetRef: { kind: "Deployment", name: `${name}-${stage}-${variant}` },
        })),
      })),
    },
  };
}

function seriesOf(pipeline: string): string {
  return `requests_total{pipeline="${pipeline}"}`;
}

/** The same load on every pipeline of a fleet from now on, requests per second. */
export function showConstantLoad(exposition: Exposition, { names }: Fleet, rate: number): void {
  const began = Date.now() / 1000;
  // Not whole ones: of a few requests a scrape the one that falls on this side or that is a tenth.
  for (const name of names) exposition.set(seriesOf(name), (now) => rate * (now - began));
}
