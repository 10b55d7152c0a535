import { InputError, lookUp } from "./errors.ts";
import { allowedOf, pinnedReplicas } from "./pins.ts";
import type { Pins, PinsByStage, Pipeline, Stage, Variant } from "./pipeline.ts";

/** A policy is data: pins by stage name. */
export interface Policy {
  readonly name: string;
  readonly pins: PinsByStage;
}

interface PolicyKind {
  readonly pins: (pipeline: Pipeline, overrides: PinsByStage) => PinsByStage;
  readonly describes: string;
}

export const policyKinds = {
  ipa: {
    pins: (_pipeline, overrides) => overrides,
    describes: "variant, batch and replicas are free",
  },
  "fa2-low": {
    pins: (pipeline, overrides) => fixVariants(pipeline, overrides, (a, b) => a.accuracy < b.accuracy),
    describes:
      "the least accurate variant of each stage that may run, unless the file pins others; batch and replicas are free",
  },
  "fa2-high": {
    pins: (pipeline, overrides) => fixVariants(pipeline, overrides, (a, b) => a.accuracy > b.accuracy),
    describes:
      "the most accurate variant of each stage that may run, unless the file pins others; batch and replicas are free",
  },
  rim: {
    pins: fixReplicas,
    describes: "the number of replicas of each stage that the file pins; variant and batch are free",
  },
} satisfies Record<string, PolicyKind>;

/** The named policy for a pipeline, with what its file fixes for it. */
export function policyOf(pipeline: Pipeline, name: string): Policy {
  const kind = lookUp<PolicyKind>("policy", policyKinds, name);
  return { name, pins: kind.pins(pipeline, pipeline.policies[name] ?? {}) };
}

function byStage(pipeline: Pipeline, overrides: PinsByStage, pin: (stage: Stage) => Pins): PinsByStage {
  return Object.fromEntries(pipeline.stages.map((stage) => [stage.name, { ...pin(stage), ...overrides[stage.name] }]));
}

function fixVariants(pipeline: Pipeline, overrides: PinsByStage, better: (a: Variant, b: Variant) => boolean) {
  return byStage(pipeline, overrides, (stage) => {
    const [first, ...others] = allowedOf(pipeline.limits, stage, overrides[stage.name]).map(({ variant }) => variant);
    // Nothing may run: there is nothing to fix.
    if (first === undefined) return {};
    // Of equals the first in the file stays.
    return { variants: [others.reduce((best, variant) => (better(variant, best) ? variant : best), first).name] };
  });
}

function fixReplicas(pipeline: Pipeline, overrides: PinsByStage) {
  const missing = pipeline.stages.filter((stage) => pinnedReplicas(stage, overrides[stage.name]).length === 0);
  if (missing.length > 0) {
    throw new InputError(
      "bad_value",
      `policy rim needs a fixed number of replicas for ${missing.map((stage) => `stage "${stage.name}"`).join(", ")}. ` +
        `Give it in the pipeline file as policies.rim.<stage>.replicas, or as the stage's own pin.replicas.`,
    );
  }
  return overrides;
}
