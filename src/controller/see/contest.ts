import type { Target } from "../../core/control.ts";
import type { KubeObject } from "../../kube/objects.ts";

/** A reference to what is scaled, as HPAs, ScaledObjects and pipelines write it. */
interface ScaleTargetRef {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly name?: string;
}

/** What scales which targets, found by target without looking at each. */
export interface Claims {
  /** An object as it is now. */
  readonly put: (object: KubeObject) => void;
  readonly remove: (object: KubeObject) => void;
  /** Those that name a target. */
  readonly of: (target: Target) => readonly KubeObject[];
}

/** `targetsOf` tells what an object scales. */
export function claims(targetsOf: (object: KubeObject) => readonly (ScaleTargetRef | undefined)[]): Claims {
  const claimed = new Map<string, readonly string[]>();
  const byTarget = new Map<string, Map<string, KubeObject>>();
  const remove = (object: KubeObject): void => {
    const id = idOf(object);
    for (const key of claimed.get(id) ?? []) {
      const claimants = byTarget.get(key);
      claimants?.delete(id);
      if (claimants?.size === 0) byTarget.delete(key);
    }
    claimed.delete(id);
  };
  return {
    remove,
    put: (object) => {
      remove(object);
      const id = idOf(object);
      const keys = targetsOf(object).flatMap((ref) => (ref === undefined ? [] : keyOf(ref)));
      claimed.set(id, keys);
      for (const key of keys) byTarget.set(key, (byTarget.get(key) ?? new Map<string, KubeObject>()).set(id, object));
    },
    of: (target) => [...(byTarget.get(keyOf(target)) ?? new Map<string, KubeObject>()).values()],
  };
}

/** Of HPAs and ScaledObjects. */
export function autoscalerClaims(): Claims {
  return claims(({ spec }) => [(spec as { readonly scaleTargetRef?: ScaleTargetRef } | undefined)?.scaleTargetRef]);
}

/** Of pipelines. */
export function pipelineClaims(): Claims {
  type Spec = {
    readonly stages?: readonly { readonly variants?: readonly { readonly scaleTargetRef?: ScaleTargetRef }[] }[];
  };
  return claims(
    ({ spec }) =>
      ((spec ?? {}) as Spec).stages?.flatMap(({ variants = [] }) => variants.map((one) => one.scaleTargetRef)) ?? [],
  );
}

/** An autoscaler that sets the replicas of a target, in words; null if there is none. */
export function autoscalerOf(target: Target, autoscalers: Claims): string | null {
  const [found] = autoscalers.of(target);
  return found === undefined ? null : `${found.kind} ${found.metadata.name}`;
}

/** An older pipeline that has a target too, in words; null if there is none. Of one age, the one whose name comes first. */
export function olderPipelineOf(target: Target, own: KubeObject, pipelines: Claims): string | null {
  const found = pipelines.of(target).find((other) => other.metadata.uid !== own.metadata.uid && isOlder(other, own));
  return found === undefined ? null : `pipeline ${found.metadata.name}`;
}

function isOlder(one: KubeObject, other: KubeObject): boolean {
  const [a, b] = [one, other].map(({ metadata }) => `${metadata.creationTimestamp ?? ""} ${metadata.name}`);
  return (a ?? "") < (b ?? "");
}

function idOf({ kind, metadata }: KubeObject): string {
  return `${kind}/${metadata.name}`;
}

/** A target whatever the version of its group. */
function keyOf({ apiVersion = "apps/v1", kind = "Deployment", name = "" }: ScaleTargetRef): string {
  const [, group = ""] = apiVersion.split("/").toReversed();
  return `${group}/${kind}/${name}`;
}
