import { autoscale, SYNC_PERIOD } from "./rules/autoscaler.ts";
import type { Observation } from "./cluster.ts";
import type { Decision, Planner } from "./decide.ts";
import { InputError, lookUp } from "./errors.ts";
import { against, allowedOf, pinnedReplicas } from "./pins.ts";
import type { Pins, PolicyByStage, Pipeline, Stage, Variant } from "./pipeline.ts";
import { switchByQueue } from "./rules/switcher.ts";

/** What is fixed, by stage name; and what decides, if not the planner. */
export interface Policy {
  readonly name: string;
  readonly pins: PolicyByStage;
  readonly rule?: Rule;
  /** Seconds between two decisions; absent: the pipeline's interval. */
  readonly interval?: number;
  /** Which load of a trace the plan at time 0 is made for; absent: `beginning`. */
  readonly start?: StartLoad;
}

/**
 * What a policy makes of what runs, in the planner's place. Pure and synchronous, as the loop is: what it must remember is
 * in the state.
 */
export type Rule = (planner: Planner, seen: Observation) => Pick<Decision, "plan" | "reason" | "state">;

/** The mean of a trace's first seconds, or of all of it, or its greatest: the latter two only a simulation knows. */
export type StartLoad = "beginning" | "mean" | "peak";

interface PolicyKind extends Pick<Policy, "rule" | "interval" | "start"> {
  readonly pins: (pipeline: Pipeline, overrides: PolicyByStage) => PolicyByStage;
  /** Whether the file may set it a target utilisation. */
  readonly utilization?: true;
  readonly describes: string;
}

const asFile: PolicyKind["pins"] = (_pipeline, overrides) => overrides;

export const policyKinds = {
  ipa: {
    pins: asFile,
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
  hpa: {
    pins: asFile,
    rule: autoscale,
    interval: SYNC_PERIOD,
    utilization: true,
    describes:
      "replicas follow how busy they are, as Kubernetes' Horizontal Pod Autoscaler has it; variants and batches stay",
  },
  switcher: {
    pins: asFile,
    rule: switchByQueue,
    start: "mean",
    describes:
      "within the cores of the first plan, less accurate and faster plans while the queue is deep, more accurate ones while it is short",
  },
  static: {
    pins: asFile,
    rule: (_planner, { running, state }) => ({ plan: running, reason: "unchanged", state }),
    start: "peak",
    describes: "the best plan for the greatest load of the trace, which never changes",
  },
} satisfies Record<string, PolicyKind>;

/** The policies that the file may set a target utilisation. */
export function policiesByUtilization(): readonly string[] {
  return Object.entries<PolicyKind>(policyKinds).flatMap(([name, { utilization }]) => (utilization ? name : []));
}

/** The named policy for a pipeline, with what its file fixes for it; an InputError if that leaves a stage nothing to run. */
export function policyOf(pipeline: Pipeline, name: string): Policy {
  const kind = lookUp<PolicyKind>("policy", policyKinds, name);
  const { pins, utilization: _utilization, describes: _describes, ...decides } = kind;
  const fixed = pins(pipeline, pipeline.policies[name] ?? {});
  const contradictions = pipeline.stages.flatMap((stage) => {
    const places = against(pipeline.limits, stage, fixed[stage.name]);
    if (places.length === 0) return [];
    return `policy ${name} leaves stage "${stage.name}" nothing to run: policies.${name}.${stage.name} contradicts ${places.join(", and ")}.`;
  });
  if (contradictions.length === 0) return { name, pins: fixed, ...decides };
  const todo = "Make the pipeline file's pins agree, or use another policy.";
  throw new InputError("bad_value", [...contradictions, todo].join(" "));
}

function byStage(pipeline: Pipeline, overrides: PolicyByStage, pin: (stage: Stage) => Pins): PolicyByStage {
  return Object.fromEntries(pipeline.stages.map((stage) => [stage.name, { ...pin(stage), ...overrides[stage.name] }]));
}

function fixVariants(pipeline: Pipeline, overrides: PolicyByStage, better: (a: Variant, b: Variant) => boolean) {
  return byStage(pipeline, overrides, (stage) => {
    const [first, ...others] = allowedOf(pipeline.limits, stage, overrides[stage.name]).map(({ variant }) => variant);
    // Nothing may run: there is nothing to fix.
    if (first === undefined) return {};
    // Of equals the first in the file stays.
    return { variants: [others.reduce((best, variant) => (better(variant, best) ? variant : best), first).name] };
  });
}

function fixReplicas(pipeline: Pipeline, overrides: PolicyByStage) {
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
