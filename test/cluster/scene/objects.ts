// Objects of a cluster that has pipelines: small ones, that live fast.

/** A model that answers in 100 ms; a replica carries 10 requests per second one by one. `large` takes twice as long. */
export const profiles = {
  "detect.csv": profileCsv([
    ["small", 1, 1, 0.1],
    ["small", 1, 2, 0.18],
    ["large", 2, 1, 0.2],
    ["large", 2, 2, 0.36],
  ]),
  "classify.csv": profileCsv([
    ["fast", 1, 1, 0.05],
    ["fast", 1, 2, 0.09],
    ["precise", 1, 1, 0.1],
    ["precise", 1, 2, 0.18],
  ]),
};

/** A profile of variants whose 99th percentile is a fifth above the mean. */
export function profileCsv(
  rows: readonly (readonly [variant: string, cores: number, batch: number, seconds: number])[],
): string {
  const header =
    "variant,cores,batch,latency_mean_s,latency_mean_provenance,latency_p99_s,latency_p99_provenance,throughput_rps,throughput_provenance,source";
  const lines = rows.map(
    ([variant, cores, batch, seconds]) =>
      `${variant},${cores},${batch},${seconds},measured,${1.2 * seconds},measured,,,test`,
  );
  return [header, ...lines, ""].join("\n");
}

export interface PipelineOptions {
  readonly name?: string;
  readonly mode?: string;
  readonly dataPlane?: "None" | "Service" | "Gateway";
  /** Merged into the spec. */
  readonly spec?: Readonly<Record<string, unknown>>;
}

/** Two stages of two variants each, decided on every second. */
export function pipelineObject({ name = "shop", mode = "Act", dataPlane = "None", spec = {} }: PipelineOptions = {}) {
  const stage = (
    stageName: string,
    after: readonly string[],
    variants: readonly (readonly [string, string, number])[],
  ) => ({
    name: stageName,
    after,
    profile: `${stageName}.csv`,
    dataPlane,
    ...(dataPlane === "Service" ? { service: { port: 80, targetPort: 8080 } } : {}),
    variants: variants.map(([variant, accuracy, cores]) => ({
      name: variant,
      accuracy,
      cores,
      scaleTargetRef: { kind: "Deployment", name: `${name}-${variant}` },
    })),
  });
  return {
    apiVersion: "ipa.dev/v1alpha1",
    kind: "InferencePipeline",
    metadata: { name, namespace: "default" },
    spec: {
      sla: { latency: "2s" },
      objective: { kind: "weighted", alpha: 20, beta: 1 },
      mode,
      limits: { replicas: 20 },
      load: { prometheus: { selector: `requests_total{pipeline="${name}"}` } },
      adaptation: {
        interval: "1s",
        predictor: "max",
        loadWindow: "2s",
        history: "10s",
        horizon: "2s",
        movement: { stabilization: "5s", tolerance: "0.1" },
      },
      rollout: { progressDeadlineSeconds: 20, drainSeconds: 2 },
      stages: [
        stage(
          "detect",
          [],
          [
            ["small", "0.6", 1],
            ["large", "0.7", 2],
          ],
        ),
        stage(
          "classify",
          ["detect"],
          [
            ["fast", "0.7", 1],
            ["precise", "0.8", 1],
          ],
        ),
      ],
      ...spec,
    },
  };
}

export function profilesObject(data: Readonly<Record<string, string>> = profiles) {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "ipa-profiles", namespace: "default" }, data };
}

export interface DeploymentOptions {
  readonly replicas?: number;
  readonly cpu?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  /** More of the pods' spec. */
  readonly pod?: object;
}

export function deploymentObject(
  name: string,
  { replicas = 1, cpu = "1", annotations = {}, pod = {} }: DeploymentOptions = {},
) {
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, namespace: "default" },
    spec: {
      replicas,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name }, annotations },
        spec: { ...pod, containers: [{ name: "model", image: "model:1", resources: { requests: { cpu } } }] },
      },
    },
  };
}

/** The same in another namespace than "default". */
export function within<T extends { readonly metadata: object }>(namespace: string, object: T): T {
  return { ...object, metadata: { ...object.metadata, namespace } };
}

/** The Deployments of a pipeline's variants: those of the first variants run, the others wait. */
export function deploymentsOf(name = "shop", annotations: Readonly<Record<string, string>> = {}) {
  return [
    deploymentObject(`${name}-small`, { annotations }),
    deploymentObject(`${name}-large`, { replicas: 0, cpu: "2", annotations }),
    deploymentObject(`${name}-fast`, { annotations }),
    deploymentObject(`${name}-precise`, { replicas: 0, annotations }),
  ];
}
