import type { TargetReference } from "../core/control.ts";
import type { KubeObject } from "../kube/objects.ts";

/** A reference to what is scaled, as HPAs and ScaledObjects write it. */
interface ScaleTargetRef {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly name?: string;
}

/** Whether a reference means a target: of one group, whatever its version. */
function means(
  ref: ScaleTargetRef | undefined,
  { apiVersion, kind, name }: TargetReference,
  otherwise: string,
): boolean {
  const groupOf = (text: string): string => text.split("/").toReversed()[1] ?? "";
  return (
    ref !== undefined &&
    ref.name === name &&
    (ref.kind ?? "Deployment") === kind &&
    groupOf(ref.apiVersion ?? otherwise) === groupOf(apiVersion)
  );
}

/** An autoscaler that sets the replicas of a target, in words; null if there is none. */
export function autoscalerOf(target: TargetReference, autoscalers: readonly KubeObject[]): string | null {
  const found = autoscalers.find(({ spec }) =>
    means((spec as { readonly scaleTargetRef?: ScaleTargetRef } | undefined)?.scaleTargetRef, target, "apps/v1"),
  );
  return found === undefined ? null : `${found.kind} ${found.metadata.name}`;
}

/** An older pipeline that has a target too, in words; null if there is none. Of one age, the one whose name comes first. */
export function olderPipelineOf(
  target: TargetReference,
  own: KubeObject,
  pipelines: readonly KubeObject[],
): string | null {
  const found = pipelines.find(
    (other) =>
      other.metadata.uid !== own.metadata.uid &&
      isOlder(other, own) &&
      targetsOf(other).some((ref) => means(ref, target, "apps/v1")),
  );
  return found === undefined ? null : `pipeline ${found.metadata.name}`;
}

function isOlder(one: KubeObject, other: KubeObject): boolean {
  const [a, b] = [one, other].map(({ metadata }) => `${metadata.creationTimestamp ?? ""} ${metadata.name}`);
  return (a ?? "") < (b ?? "");
}

function targetsOf({ spec }: KubeObject): readonly (ScaleTargetRef | undefined)[] {
  type Spec = {
    readonly stages?: readonly { readonly variants?: readonly { readonly scaleTargetRef?: ScaleTargetRef }[] }[];
  };
  return ((spec ?? {}) as Spec).stages?.flatMap(({ variants = [] }) => variants.map((one) => one.scaleTargetRef)) ?? [];
}
