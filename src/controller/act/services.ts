import type { StageControl } from "../../core/control.ts";
import { KubeError } from "../../kube/errors.ts";
import type { Kube } from "../../kube/client.ts";
import type { KubeObject, ResourcePath } from "../../kube/objects.ts";
import { FIELD_MANAGER } from "./scales.ts";
import { parseSelector, type Selector } from "../see/selector.ts";
import type { TargetView } from "../see/targets.ts";

/** The label of a Service that a controller keeps for a stage: its pipeline's name. */
export const PIPELINE_LABEL = "ipa.dev/pipeline";
const STAGE_LABEL = "ipa.dev/stage";

/** The variant whose Pods a stage's Service selects; null if there is none such. */
export function servedBy(
  service: KubeObject | undefined,
  views: readonly Pick<TargetView, "target" | "scale">[],
): string | null {
  const selector = service === undefined ? {} : labelsOf(service);
  const found = views.find(({ scale }) => sameLabels(scale.selector.labels, selector));
  return found?.target.variant ?? null;
}

/** The Pods that a Service selects. */
export function selectorOf(service: KubeObject): Selector {
  const labels = Object.entries(labelsOf(service));
  return parseSelector(labels.map((label) => label.join("=")).join(","));
}

function labelsOf({ spec }: KubeObject): Readonly<Record<string, string>> {
  return ((spec ?? {}) as { readonly selector?: Readonly<Record<string, string>> }).selector ?? {};
}

function sameLabels(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  return Object.keys(a).length === Object.keys(b).length && Object.entries(a).every(([key, value]) => b[key] === value);
}

/** Lets a stage's Service select the Pods of a variant, by one patch; makes the Service where there is none. Returns what stands in the way; null if nothing does. */
export async function route(
  kube: Kube,
  pipeline: KubeObject,
  { stage, service }: StageControl,
  selector: Selector,
): Promise<string | null> {
  if (service === null) throw new RangeError(`stage "${stage}" has no Service`);
  const { name: pipelineName, namespace = "" } = pipeline.metadata;
  if (!selector.isPlain) {
    return `a Service cannot select by "${selector.text}". Give the target a selector of plain labels.`;
  }
  const of: ResourcePath = { group: "", version: "v1", plural: "services", namespace };
  const found = await kube.get({ ...of, name: service.name }).catch((error: unknown) => {
    if (error instanceof KubeError && error.status === 404) return null;
    throw error;
  });
  if (found !== null && found.metadata.labels?.[PIPELINE_LABEL] !== pipelineName) {
    return `Service ${service.name} is not this pipeline's. Remove it, or name another in service.name.`;
  }
  const body = {
    apiVersion: "v1",
    kind: "Service",
    // Not owned by the pipeline: who deletes it must not cut its traffic off.
    metadata: { name: service.name, namespace, labels: { [PIPELINE_LABEL]: pipelineName, [STAGE_LABEL]: stage } },
    spec: {
      selector: selector.labels,
      ports: [{ name: "serve", port: service.port, targetPort: service.targetPort, protocol: "TCP" }],
    },
  };
  // Forced: its label says that it is ours.
  await kube.apply({ ...of, name: service.name }, body, { fieldManager: FIELD_MANAGER, force: true });
  return null;
}
