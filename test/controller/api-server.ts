import { setTimeout } from "node:timers/promises";
import type { Kube } from "../../src/kube/client.ts";
import { KubeError } from "../../src/kube/errors.ts";
import type { KubeObject } from "../../src/kube/objects.ts";

/** What of an API server a controller meets that only looks: objects that stay as they are, and numbers of replicas. */
export interface Stored {
  /** In whatever namespace. */
  readonly objects: readonly KubeObject[];
  /** By name of what has a `/scale`; its Pods have the label `app` with that name. */
  readonly replicas: Readonly<Record<string, number>>;
}

/** One in whose stead nothing is written but the status of pipelines, which is passed to `told`. */
export function apiServer({ objects, replicas }: Stored, told: (status: object) => void = () => {}): Kube {
  const stored = (plural: string): readonly KubeObject[] =>
    objects.filter(({ kind }) => `${kind.toLowerCase()}s` === plural);
  const kube: Pick<Kube, "get" | "list" | "apply" | "discover" | "watch"> = {
    get: async ({ plural, name, subresource }) => {
      const found = subresource === "scale" ? scaleOf(name, replicas[name]) : named(stored(plural), name);
      if (found === undefined) throw new KubeError(`there is no ${name}`, { status: 404, reason: "NotFound" });
      return found;
    },
    list: async ({ plural }, { fieldSelector } = {}) => {
      const [, name] = fieldSelector?.split("=") ?? [];
      const all = stored(plural);
      return {
        items: name === undefined ? all : all.filter((one) => one.metadata.name === name),
        resourceVersion: "1",
      };
    },
    apply: async ({ name, subresource }, body) => {
      if (subresource !== "status") throw new RangeError(`${subresource} of ${name} is written`);
      told((body as { readonly status: object }).status);
      return body as KubeObject;
    },
    discover: async () => [],
    // Nothing comes.
    watch: async function* (_of, _query, signal) {
      while (!signal.aborted) {
        await setTimeout(1000, undefined, { signal, ref: false }).catch(() => {});
        yield { type: "BOOKMARK", object: { metadata: { resourceVersion: "1" } } } as never;
      }
    },
  };
  return kube as Kube;
}

function named(objects: readonly KubeObject[], name: string): KubeObject | undefined {
  return objects.find(({ metadata }) => metadata.name === name);
}

function scaleOf(name: string, replicas: number | undefined): KubeObject | undefined {
  if (replicas === undefined) return undefined;
  return {
    apiVersion: "autoscaling/v1",
    kind: "Scale",
    metadata: { name },
    spec: { replicas },
    status: { selector: `app=${name}` },
  };
}

/** The Pods of what has a `/scale`; the first `ready` of them are Ready. */
export function podsOf(
  name: string,
  { ready, all, cores }: Readonly<Record<"ready" | "all" | "cores", number>>,
): readonly KubeObject[] {
  return Array.from({ length: all }, (_, i) => ({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: `${name}-${i}`, namespace: "default", labels: { app: name } },
    spec: { containers: [{ resources: { requests: { cpu: cores } } }] },
    status: { phase: "Running", conditions: [{ type: "Ready", status: i < ready ? "True" : "False" }] },
  }));
}
