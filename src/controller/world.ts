import { setTimeout } from "node:timers/promises";
import type { Kube } from "../kube/client.ts";
import type { KubeObject, ResourcePath } from "../kube/objects.ts";
import type { Change } from "../kube/object-copy.ts";
import { reflect, type Reflection } from "../kube/reflector.ts";
import { PIPELINES } from "./pipelines.ts";
import { podIndex, type PodIndex } from "./pods.ts";
import { PIPELINE_LABEL } from "./services.ts";

/** What a controller knows of one namespace, kept up to date by watches. */
export interface World {
  readonly namespace: string;
  readonly pipelines: () => readonly KubeObject[];
  readonly pods: PodIndex;
  /** HPAs, and ScaledObjects where there is such a kind. */
  readonly autoscalers: () => readonly KubeObject[];
  /** The Service of a name, if a controller keeps it. */
  readonly service: (name: string) => KubeObject | undefined;
  /** The ConfigMap of a name; undefined if there is none. Watched from the first time it is asked for. */
  readonly configMap: (name: string) => Promise<KubeObject | undefined>;
  readonly synced: Promise<unknown>;
}

/** How long the first look at a ConfigMap may take, ms. */
const CONFIG_MAP_WITHIN = 3000;

const of = (group: string, version: string, plural: string, namespace: string): ResourcePath => ({
  group,
  version,
  plural,
  namespace,
});

/** Begins to watch a namespace. `failed` is told what a watch meets; it goes on by itself. */
export function watchNamespace(
  kube: Kube,
  namespace: string,
  handlers: {
    readonly pipelineChanged: (object: KubeObject, change: Change) => void;
    readonly failed: (what: string, error: unknown) => void;
  },
  signal: AbortSignal,
): World {
  const pods = podIndex();
  const watch = (
    resource: ResourcePath,
    query: { readonly labelSelector?: string; readonly fieldSelector?: string } = {},
    changed: (object: KubeObject, change: Change) => void = () => {},
  ): Reflection =>
    reflect(
      kube,
      resource,
      query,
      { changed, synced: () => {}, failed: (error) => handlers.failed(resource.plural, error) },
      signal,
    );
  const pipelines = watch({ ...PIPELINES, namespace }, {}, handlers.pipelineChanged);
  const podWatch = watch(of("", "v1", "pods", namespace), {}, (pod, change) =>
    change === "Deleted" ? pods.remove(pod) : pods.put(pod),
  );
  const hpas = watch(of("autoscaling", "v2", "horizontalpodautoscalers", namespace));
  let scaledObjects: Reflection | null = null;
  // KEDA need not be there; an HPA of its is seen in any case.
  const keda = kube.discover("keda.sh/v1alpha1").then(
    () => {
      scaledObjects = watch(of("keda.sh", "v1alpha1", "scaledobjects", namespace));
    },
    () => {},
  );
  const services = watch(of("", "v1", "services", namespace), { labelSelector: PIPELINE_LABEL });
  const configMaps = new Map<string, Reflection>();
  return {
    namespace,
    pipelines: pipelines.items,
    pods,
    autoscalers: () => [...hpas.items(), ...(scaledObjects?.items() ?? [])],
    service: (name) => services.items().find(({ metadata }) => metadata.name === name),
    configMap: async (name) => {
      const known =
        configMaps.get(name) ??
        watch(of("", "v1", "configmaps", namespace), { fieldSelector: `metadata.name=${name}` });
      configMaps.set(name, known);
      // One that may not be read never comes.
      await Promise.race([known.synced, setTimeout(CONFIG_MAP_WITHIN)]);
      return known.items()[0];
    },
    synced: Promise.all([keda, ...[pipelines, podWatch, hpas, services].map(({ synced }) => synced)]),
  };
}
