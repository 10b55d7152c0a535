import { setTimeout } from "node:timers/promises";
import type { Kube, ListQuery } from "../kube/client.ts";
import { KubeError } from "../kube/errors.ts";
import type { KubeObject, ResourcePath } from "../kube/objects.ts";
import { identityOf, type Change } from "../kube/object-copy.ts";
import { reflect, type Handlers, type Reflection } from "../kube/reflector.ts";
import { autoscalerClaims, pipelineClaims, type Claims } from "./see/contest.ts";
import { PIPELINES } from "./pipelines.ts";
import { podIndex, type PodIndex } from "./see/pods.ts";
import { PIPELINE_LABEL } from "./act/services.ts";

/** What a controller knows of one namespace, kept up to date by watches. */
export interface World {
  readonly namespace: string;
  readonly pipelines: () => readonly KubeObject[];
  readonly pods: PodIndex;
  /** What pipelines scale. */
  readonly claims: Claims;
  /** What HPAs scale, and ScaledObjects where there is such a kind. */
  readonly autoscalers: Claims;
  /** The Service of a name, if a controller keeps it. */
  readonly service: (name: string) => KubeObject | undefined;
  /** The ConfigMap of a name; undefined if there is none. Watched from the first time it is asked for. */
  readonly configMap: (name: string) => Promise<KubeObject | undefined>;
  /** No pipeline names it any more: its watch ends. */
  readonly leaveConfigMap: (name: string) => void;
  readonly synced: Promise<unknown>;
  /** What has not been heard of for so long that it may be otherwise by now; then nothing may be taken away. */
  readonly stale: () => readonly string[];
}

interface ConfigMapWatch {
  readonly reflection: Reflection;
  readonly end: () => void;
  isSynced: boolean;
}

/** How long the first look at a ConfigMap may take, ms. */
const CONFIG_MAP_WITHIN = 3000;
/** Between two tries to find out whether a kind is there, and between two looks whether one that was not has come, ms. */
const DISCOVER_AFTER = 5000;
const LOOK_AGAIN_AFTER = 300_000;
/** A copy that nothing was heard of for longer is not acted on, seconds; what is well is heard of every 45 s. */
const STALE_AFTER = 60;
const KEDA = "keda.sh/v1alpha1";
const SCALED_OBJECT = "ScaledObject";
const SCALED_OBJECTS = "scaledobjects";

const NO_KIND =
  "there is no kind InferencePipeline in this cluster. Install it: kubectl apply --server-side -f deploy/crd.yaml";

/** Whether a namespace is there, who may not look cannot tell from what it lacks the rights to. */
const notAllowed = (namespace: string): string =>
  `If there is a namespace ${namespace}, give the controller's service account its Role there (deploy/watched/role.yaml).`;

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
  const own = pipelineClaims();
  const autoscalers = autoscalerClaims();
  const watch = (
    resource: ResourcePath,
    more: Partial<Handlers> = {},
    query: ListQuery = {},
    until: AbortSignal = signal,
  ): Reflection =>
    reflect(
      kube,
      resource,
      query,
      {
        changed: () => {},
        synced: () => {},
        failed: (error) => handlers.failed(resource.plural, withAdvice(error, namespace)),
        ...more,
      },
      until,
    );
  const indexed = (index: Pick<Claims, "put" | "remove">): Pick<Handlers, "changed"> => ({
    changed: (object, change) => (change === "Deleted" ? index.remove(object) : index.put(object)),
  });
  const pipelines = watch(
    { ...PIPELINES, namespace },
    {
      changed: (object, change) => {
        indexed(own).changed(object, change);
        handlers.pipelineChanged(object, change);
      },
      failed: (error) =>
        handlers.failed(PIPELINES.plural, isAbsent(error) ? new Error(NO_KIND) : withAdvice(error, namespace)),
    },
  );
  // There may be many thousand, of which the index has all that is asked for.
  const podWatch = watch(of("", "v1", "pods", namespace), { ...indexed(pods), kept: identityOf });
  const hpas = watch(of("autoscaling", "v2", "horizontalpodautoscalers", namespace), indexed(autoscalers));
  const services = watch(of("", "v1", "services", namespace), {}, { labelSelector: PIPELINE_LABEL });
  const copies = new Map<string, Reflection>([
    [PIPELINES.plural, pipelines],
    ["pods", podWatch],
    ["horizontalpodautoscalers", hpas],
    ["services", services],
  ]);
  // KEDA need not be there, comes later, or goes; an HPA of its is seen in any case.
  const lookForKeda = (): Promise<void> => lookFor(kube, KEDA, SCALED_OBJECT, { found: watchKeda, failed }, signal);
  const failed = (error: unknown): void => handlers.failed(SCALED_OBJECTS, error);
  const watchKeda = (): void => {
    const ending = new AbortController();
    const endIfGone = (error: unknown): void => {
      if (!isAbsent(error)) return failed(withAdvice(error, namespace));
      for (const one of copies.get(SCALED_OBJECTS)?.items() ?? []) autoscalers.remove(one);
      copies.delete(SCALED_OBJECTS);
      ending.abort();
      setTimeout(LOOK_AGAIN_AFTER, undefined, { signal })
        .then(lookForKeda)
        .catch(() => {});
    };
    const until = AbortSignal.any([signal, ending.signal]);
    const more = { ...indexed(autoscalers), failed: endIfGone };
    copies.set(SCALED_OBJECTS, watch(of("keda.sh", "v1alpha1", SCALED_OBJECTS, namespace), more, {}, until));
  };
  const allSynced = (): Promise<unknown> =>
    Promise.all([...copies.values()].map((copy) => copy.synced.catch(() => signal.throwIfAborted())));
  const configMaps = new Map<string, ConfigMapWatch>();
  const watchConfigMap = (name: string): ConfigMapWatch => {
    const ending = new AbortController();
    const query = { fieldSelector: `metadata.name=${name}` };
    const until = AbortSignal.any([signal, ending.signal]);
    const reflection = watch(of("", "v1", "configmaps", namespace), {}, query, until);
    const begun = { reflection, end: () => ending.abort(), isSynced: false };
    const came = (): void => void (begun.isSynced = true);
    reflection.synced.then(came, () => {});
    configMaps.set(name, begun);
    return begun;
  };
  return {
    namespace,
    pipelines: pipelines.items,
    pods,
    claims: own,
    autoscalers,
    service: services.item,
    configMap: async (name) => {
      const known = configMaps.get(name) ?? watchConfigMap(name);
      if (!known.isSynced) {
        // One that may not be read never comes, nor one that was left meanwhile.
        const late = new AbortController();
        const came = known.reflection.synced.catch(() => signal.throwIfAborted());
        await Promise.race([came, setTimeout(CONFIG_MAP_WITHIN, undefined, { signal: late.signal })]);
        late.abort();
      }
      return known.reflection.item(name);
    },
    leaveConfigMap: (name) => {
      configMaps.get(name)?.end();
      configMaps.delete(name);
    },
    synced: lookForKeda().then(allSynced),
    stale: () => [...copies].flatMap(([what, copy]) => (copy.age() > STALE_AFTER ? what : [])),
  };
}

/** Looks for a kind until it is there. Resolves once it is known whether it is. */
function lookFor(
  kube: Kube,
  apiVersion: string,
  kind: string,
  { found, failed }: { readonly found: () => void; readonly failed: (error: unknown) => void },
  signal: AbortSignal,
): Promise<void> {
  const known = Promise.withResolvers<void>();
  const look = async (): Promise<void> => {
    for (;;) {
      const is = await kube.discover(apiVersion).then(
        (kinds) => kinds.some((one) => one.kind === kind),
        (error: unknown) => {
          if (isAbsent(error)) return false;
          failed(error);
          return null;
        },
      );
      signal.throwIfAborted();
      if (is === true) found();
      if (is !== null) known.resolve();
      if (is === true) return;
      await setTimeout(is === false ? LOOK_AGAIN_AFTER : DISCOVER_AFTER, undefined, { signal });
    }
  };
  look().catch(known.reject);
  return known.promise;
}

function withAdvice(error: unknown, namespace: string): unknown {
  if (!(error instanceof KubeError) || error.status !== 403) return error;
  return new Error(`${error.message}. ${notAllowed(namespace)}`, { cause: error });
}

/** Of a kind: it is not installed. */
function isAbsent(error: unknown): boolean {
  return error instanceof KubeError && error.status === 404;
}
