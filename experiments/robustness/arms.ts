// What is compared: ways to run a pipeline, all with the same objective.
import { assess } from "../../src/core/assess.ts";
import { decide, type Planner } from "../../src/core/decide.ts";
import { defaults, unrestrained, type Movement, type Pipeline, type PolicyByStage } from "../../src/core/pipeline.ts";
import { futureOf } from "../../src/study/replay.ts";
import { assemble, defaultEngine } from "../../src/study/setup.ts";
import { planCores } from "../../src/core/plan.ts";
import type { Trace } from "../../src/workload/trace.ts";

export interface Arm {
  readonly name: string;
  readonly policy: string;
  readonly queueing: "paper" | "tail";
  /** Of an arm that is not fitted. */
  readonly predictor: string;
  readonly movement: Movement;
  /** What is fitted to the workload: the replicas that stand by, the budget and the predictor; or the plan of time 0, for hpa also its target. */
  readonly sized?: "standby" | "plan" | "target";
  /** Service times are taken as (1 + this) times the profile's. */
  readonly margin: number;
}

/** How an arm is fitted to a workload; loads as shares of the greatest. */
export interface Size {
  /** Whose best plan stands by, or is the plan of time 0. */
  readonly share: number;
  /** Whose best plan's cores are the budget. */
  readonly budget: number;
  readonly predictor: string;
  /** Seconds. */
  readonly stabilization: number;
  /** That hpa aims at. */
  readonly utilization: number;
}

export const PLAIN: Size = { share: 1, budget: 1, predictor: "max", stabilization: 300, utilization: 0.8 };
const SHARES = [0, 0.5, 0.75, 0.85, 0.9, 0.95, 1];
const BUDGETS = [0.9, 0.95, 1];
const UTILIZATIONS = [0.5, 0.65, 0.8];

/** What is tried for an arm. */
export function sizesOf({ sized }: Arm): readonly Size[] {
  if (sized === undefined) return [PLAIN];
  if (sized !== "standby") {
    const plans = SHARES.filter((share) => share > 0).map((share) => ({ ...PLAIN, share }));
    const targets = sized === "target" ? UTILIZATIONS : [PLAIN.utilization];
    return targets.flatMap((utilization) => plans.map((plan) => ({ ...plan, utilization })));
  }
  const loads = BUDGETS.flatMap((budget) =>
    SHARES.filter((share) => share <= budget).map((share) => ({ share, budget })),
  );
  return ["evident", "max"].flatMap((predictor) =>
    [300, 60, 10].flatMap((stabilization) => loads.map((of) => ({ ...PLAIN, ...of, predictor, stabilization }))),
  );
}

/** Enough for the slowest service that is tried. */
const MARGIN = 0.5;

const free = { queueing: "tail", predictor: "max", movement: unrestrained, margin: 0 } as const;
const moving = { ...free, movement: defaults.adaptation.movement } as const;
const wide = { ...moving, sized: "standby" } as const;

export const STANDBY = "ipa, movement, standby";

export const arms: readonly Arm[] = [
  { ...free, name: "ipa, paper", policy: "ipa", queueing: "paper" },
  { ...free, name: "ipa, tail", policy: "ipa" },
  { ...free, name: "ipa, tail, oracle", policy: "ipa", predictor: "oracle" },
  { ...moving, name: "ipa, movement", policy: "ipa" },
  { ...wide, name: STANDBY, policy: "ipa" },
  { ...wide, name: `${STANDBY}, margin`, policy: "ipa", margin: MARGIN },
  { ...free, name: "fa2-low", policy: "fa2-low" },
  { ...free, name: "fa2-high", policy: "fa2-high" },
  { ...free, name: "rim", policy: "rim" },
  { ...free, name: "hpa", policy: "hpa" },
  { ...free, name: "hpa, sized", policy: "hpa", sized: "target" },
  { ...free, name: "switcher", policy: "switcher" },
  { ...free, name: "switcher, sized", policy: "switcher", sized: "plan" },
  { ...free, name: "static", policy: "static" },
  { ...free, name: "static, margin", policy: "static", margin: MARGIN },
  { ...free, name: "static, sized", policy: "static", sized: "plan" },
];

/** A planner, and the load whose plan is in force at time 0, requests per second; undefined: as its policy says. */
export interface Ready {
  readonly planner: Planner;
  readonly startLoad?: number;
}

/** An arm for a pipeline as it is profiled and that starts in `startUp` seconds. */
export async function ready(arm: Arm, profiled: Pipeline, startUp: number, trace: Trace, size: Size): Promise<Ready> {
  const { policy, queueing, sized, margin } = arm;
  const [predictor, movement] =
    sized === "standby"
      ? [size.predictor, { ...arm.movement, stabilization: size.stabilization }]
      : [arm.predictor, arm.movement];
  const of: Pipeline = {
    ...profiled,
    margins: { ...profiled.margins, serviceTime: margin },
    policies: sized === "target" ? { hpa: aimingAt(profiled, size.utilization) } : profiled.policies,
    adaptation: { ...profiled.adaptation, movement },
    stages: profiled.stages.map((stage) => ({
      ...stage,
      variants: stage.variants.map((variant) => ({ ...variant, startUp: { mean: startUp } })),
    })),
  };
  const future = futureOf(trace, of.adaptation.loadWindow);
  const peak = future(0, Infinity);
  const pipeline = sized === "standby" ? await withStandby(of, size.budget * peak, size.share * peak) : of;
  const planner = await assemble({ pipeline, policy, predictor, queueing, engine: defaultEngine }, { future });
  return { planner, ...(sized === "plan" || sized === "target" ? { startLoad: size.share * peak } : {}) };
}

function aimingAt({ stages }: Pipeline, utilization: number): PolicyByStage {
  return Object.fromEntries(stages.map(({ name }) => [name, { utilization }]));
}

/** Of each stage the variant stands by that is best for a load, in the replicas which that takes; the budget is what another load takes. */
async function withStandby(of: Pipeline, budget: number, load: number): Promise<Pipeline> {
  const planner = await planning(of);
  const plan = load > 0 ? decide(planner, load, []).plan : [];
  // What stands by must fit.
  const cores = Math.max(planCores(of, decide(planner, budget, []).plan), load > 0 ? planCores(of, plan) : 0);
  const standby = (stage: string, variant: string): { readonly standby?: number } => {
    const chosen = plan.find((one) => one.stage === stage && one.variant === variant);
    return chosen === undefined ? {} : { standby: chosen.replicas };
  };
  return {
    ...of,
    limits: { ...of.limits, cores },
    stages: of.stages.map((stage) => ({
      ...stage,
      variants: stage.variants.map((variant) => ({ ...variant, ...standby(stage.name, variant.name) })),
    })),
  };
}

/**
 * A pipeline whose best plan for a load has the greatest accuracy per core of all: accuracy is the share of right
 * answers, and a core weighs what that plan makes of it (Dinkelbach 1967). Without margins of its own.
 */
export async function perCore(of: Pipeline, load: number): Promise<Pipeline> {
  let ratio = 0;
  for (;;) {
    const objective = { kind: "weighted", accuracy: "pas", alpha: 1, beta: ratio, delta: 1e-9 } as const;
    const pipeline: Pipeline = { ...of, objective, margins: defaults.margins };
    const planner = await planning(pipeline);
    const { planned, plan } = decide(planner, load, []);
    const { accuracy, cores } = assess(planner, planned, plan);
    // It rises to the greatest, and then stays.
    if (accuracy / cores <= ratio * (1 + 1e-12)) return pipeline;
    ratio = accuracy / cores;
  }
}

function planning(pipeline: Pipeline): Promise<Planner> {
  return assemble({ pipeline, policy: "ipa", predictor: "max", queueing: "tail", engine: defaultEngine });
}
