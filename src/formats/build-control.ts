import {
  controlDefaults,
  type Control,
  type ServiceTimeMetric,
  type StageControl,
  type Target,
} from "../core/control.ts";
import type { At } from "./check-pins.ts";
import type { PipelineSpec } from "./pipeline-schema.ts";
import { LABEL_VALUE, MOST_OF_LABEL } from "./schema-values.ts";

type StageSpec = PipelineSpec["spec"]["stages"][number];

/** Makes what a cluster needs to know beyond the pipeline, of a file that is right; by stage in a given order. */
export function buildControl({ metadata, spec }: PipelineSpec, stages: readonly { readonly name: string }[]): Control {
  const { mode = controlDefaults.mode, onDelete = controlDefaults.onDelete, load, latency } = spec;
  return {
    mode,
    onDelete,
    load: load?.prometheus === undefined ? null : { selector: load.prometheus.selector },
    latency: latency?.prometheus ?? null,
    fallback: load?.fallback === undefined ? null : { after: load.fallback.afterSeconds, load: load.fallback.load },
    stages: stages.flatMap(({ name }) =>
      spec.stages.filter((stage) => stage.name === name).map((stage) => stageControl(metadata.name, stage)),
    ),
  };
}

function stageControl(pipeline: string, stage: StageSpec): StageControl {
  const { name, dataPlane = controlDefaults.dataPlane, service, serviceTime, variants } = stage;
  return {
    stage: name,
    dataPlane,
    service: service === undefined ? null : { ...service, name: serviceName(pipeline, stage) },
    serviceTime: metricOf(serviceTime),
    targets: variants.map((variant): Target | null => {
      const { scaleTargetRef: target } = variant;
      if (target === undefined) return null;
      return { apiVersion: controlDefaults.apiVersion, ...given(target), variant: variant.name };
    }),
  };
}

function metricOf(serviceTime: StageSpec["serviceTime"]): ServiceTimeMetric | null {
  if (serviceTime?.prometheus === undefined) return null;
  const { sum, count, requests = null, variantLabel = null } = serviceTime.prometheus;
  return { sum, count, requests, variantLabel };
}

function given({ apiVersion, kind, name }: NonNullable<StageSpec["variants"][number]["scaleTargetRef"]>) {
  return apiVersion === undefined ? { kind, name } : { apiVersion, kind, name };
}

function serviceName(pipeline: string, { name, service }: StageSpec): string {
  return service?.name ?? `${pipeline}-${name}`;
}

/** A Service's name is one label of a DNS name. */
const LABEL = /^[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?$/;

/** Whether each target and Service is one stage's alone, and has what it needs. */
export function checkControl({ metadata, spec }: PipelineSpec, at: At): void {
  const targets = new Map<string, string>();
  const services = new Map<string, string>();
  for (const [s, stage] of spec.stages.entries()) {
    checkService(metadata.name, stage, services, (key, text, code) => at(["stages", s, ...key], text, code));
    for (const [v, { name, scaleTargetRef: target }] of stage.variants.entries()) {
      if (target === undefined) continue;
      // Versions of a kind are one kind.
      const [group] = (target.apiVersion ?? controlDefaults.apiVersion).split(/\/?v[0-9][a-z0-9]*$/);
      const id = [group, target.kind, target.name].join("/");
      const taken = targets.get(id);
      targets.set(id, `variant ${name} of stage "${stage.name}"`);
      if (taken === undefined) continue;
      at(
        ["stages", s, "variants", v, "scaleTargetRef", "name"],
        `${target.kind} ${target.name} is that of ${taken} already. Give each variant its own.`,
        "duplicate",
      );
    }
  }
}

function checkService(pipeline: string, stage: StageSpec, taken: Map<string, string>, at: At): void {
  const { name, dataPlane = controlDefaults.dataPlane, service } = stage;
  if (dataPlane !== "Service") {
    if (service !== undefined) {
      at(["service"], `belongs to dataPlane Service, and this is ${dataPlane}. Remove it, or set dataPlane: Service.`);
    }
    return;
  }
  if (service === undefined) return at(["dataPlane"], "Service needs service, with port and targetPort. Add it.");
  for (const [what, label] of [
    ["pipeline", pipeline],
    ["stage", name],
  ]) {
    if (label === undefined || (label.length <= MOST_OF_LABEL && LABEL_VALUE.test(label))) continue;
    at(
      ["service"],
      `has the name of the ${what} as a label, which takes letters, digits, -, _ and . within it, ${MOST_OF_LABEL} at most, and "${label}" is not that. Give the ${what} another name.`,
    );
  }
  const whole = serviceName(pipeline, stage);
  if (!LABEL.test(whole)) {
    at(
      ["service"],
      `"${whole}" cannot be a Service's name: it takes lower-case letters, digits and -. Give service.name.`,
    );
  }
  const other = taken.get(whole);
  taken.set(whole, name);
  if (other !== undefined) {
    at(
      ["service"],
      `Service ${whole} is that of stage "${other}" already. Give each its own service.name.`,
      "duplicate",
    );
  }
}
