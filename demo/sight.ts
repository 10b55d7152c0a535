import type { PipelineStatus } from "../src/formats/status-schema.ts";
import type { Kube } from "../src/kube/client.ts";
import type { KubeObject } from "../src/kube/objects.ts";
import { NAME, pipeline } from "./pipeline.ts";

/** What there is of a variant. */
export interface VariantSight {
  readonly name: string;
  /** Replicas asked for, and those that are ready. */
  readonly replicas: number;
  readonly ready: number;
  /** Whether the stage's requests go to it. */
  readonly serves: boolean;
}

export interface StageSight {
  readonly name: string;
  readonly variants: readonly VariantSight[];
  /** Phase of the switch under way, and from which variant; null: none is. */
  readonly switching: { readonly phase: string; readonly from: string } | null;
}

export interface EventSight {
  readonly id: string;
  readonly reason: string;
  readonly note: string;
}

/** What can be seen of the pipeline in the cluster. */
export interface Sight {
  readonly status: PipelineStatus;
  readonly stages: readonly StageSight[];
  /** Oldest first. */
  readonly events: readonly EventSight[];
}

export async function look(kube: Kube): Promise<Sight> {
  const namespace = "default";
  const list = (group: string, version: string, plural: string): Promise<readonly KubeObject[]> =>
    kube.list({ group, version, plural, namespace }).then(({ items }) => items);
  const [found, deployments, services, events] = await Promise.all([
    list("ipa.dev", "v1alpha1", "inferencepipelines"),
    list("apps", "v1", "deployments"),
    list("", "v1", "services"),
    list("events.k8s.io", "v1", "events"),
  ]);
  const status = (found.find(({ metadata }) => metadata.name === NAME)?.status ?? {}) as PipelineStatus;
  return {
    status,
    stages: pipeline.spec.stages.map((stage) => stageSight(stage, status, deployments, services)),
    events: events.filter(({ regarding }) => (regarding as { kind?: string }).kind === pipeline.kind).map(eventSight),
  };
}

function stageSight(
  stage: (typeof pipeline.spec.stages)[number],
  { rollouts = [] }: PipelineStatus,
  deployments: readonly KubeObject[],
  services: readonly KubeObject[],
): StageSight {
  const service = services.find(({ metadata }) => metadata.labels?.["ipa.dev/stage"] === stage.name);
  const selected = (service?.spec as { readonly selector?: { readonly app?: string } } | undefined)?.selector?.app;
  const switching = rollouts.find((one) => one.stage === stage.name)?.switching;
  return {
    name: stage.name,
    variants: stage.variants.map(({ name, scaleTargetRef }) => {
      const deployment = deployments.find(({ metadata }) => metadata.name === scaleTargetRef.name);
      const { replicas = 0 } = (deployment?.spec ?? {}) as { readonly replicas?: number };
      const { readyReplicas = 0 } = (deployment?.status ?? {}) as { readonly readyReplicas?: number };
      return { name, replicas, ready: readyReplicas, serves: selected === scaleTargetRef.name };
    }),
    switching: switching === undefined ? null : { phase: switching.phase, from: switching.from.variant },
  };
}

function eventSight({ metadata, reason, note }: KubeObject): EventSight {
  return { id: metadata.uid ?? metadata.name, reason: String(reason), note: String(note) };
}
