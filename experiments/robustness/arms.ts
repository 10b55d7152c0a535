// What is compared: ways to run a pipeline, all with the same objective.
import { assess } from "../../src/core/assess.ts";
import { decide, type Planner } from "../../src/core/decide.ts";
import { defaults, unrestrained, type Movement, type Pipeline } from "../../src/core/pipeline.ts";
import { futureOf } from "../../src/study/replay.ts";
import { assemble, defaultEngine } from "../../src/study/setup.ts";
import { windowed } from "../../src/core/loop.ts";
import { perSecond, type Trace } from "../../src/workload/trace.ts";

export interface Arm {
  readonly name: string;
  readonly policy: string;
  readonly queueing: "paper" | "tail";
  readonly predictor: string;
  readonly movement: Movement;
  /** Whether replicas stand by that carry the load which 99 % of the requests do not exceed. */
  readonly standby: boolean;
  /** Service times are taken as (1 + this) times the profile's. */
  readonly margin: number;
}

/** Enough for the slowest service that is tried. */
const MARGIN = 0.5;

const free = { queueing: "tail", predictor: "max", movement: unrestrained, standby: false, margin: 0 } as const;
const moving = { ...free, movement: defaults.adaptation.movement } as const;
const wide = { ...moving, predictor: "evident", standby: true } as const;

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
  { ...free, name: "switcher", policy: "switcher" },
  { ...free, name: "static", policy: "static" },
  { ...free, name: "static, margin", policy: "static", margin: MARGIN },
];

/** The planner of an arm for a pipeline as it is profiled and that starts in `startUp` seconds. */
export async function plannerOf(arm: Arm, profiled: Pipeline, startUp: number, trace: Trace): Promise<Planner> {
  const { policy, queueing, predictor, movement, standby, margin } = arm;
  const of: Pipeline = {
    ...profiled,
    margins: { ...profiled.margins, serviceTime: margin },
    adaptation: { ...profiled.adaptation, movement },
    stages: profiled.stages.map((stage) => ({
      ...stage,
      variants: stage.variants.map((variant) => ({ ...variant, startUp: { mean: startUp } })),
    })),
  };
  const pipeline = standby ? await withStandby(of, mostlyBelow(trace, 0.99)) : of;
  const future = futureOf(trace, pipeline.adaptation.loadWindow);
  return assemble({ pipeline, policy, predictor, queueing, engine: defaultEngine }, { future });
}

/** Of each stage the variant stands by that is best for a load, in the replicas which that takes. */
async function withStandby(of: Pipeline, load: number): Promise<Pipeline> {
  const { plan } = decide(await planning(of), load, []);
  const standby = (stage: string, variant: string): { readonly standby?: number } => {
    const chosen = plan.find((one) => one.stage === stage && one.variant === variant);
    return chosen === undefined ? {} : { standby: chosen.replicas };
  };
  return {
    ...of,
    stages: of.stages.map((stage) => ({
      ...stage,
      variants: stage.variants.map((variant) => ({ ...variant, ...standby(stage.name, variant.name) })),
    })),
  };
}

/** The least load, as a mean over 5 s, that at most `1 − share` of the requests see exceeded, requests per second. */
function mostlyBelow(trace: Trace, share: number): number {
  const rates = windowed({ end: 0, step: 1, rates: Array.from(perSecond(trace)) }, 5).rates.flatMap(
    (rate) => rate ?? [],
  );
  const ascending = rates.toSorted((a, b) => a - b);
  const all = ascending.reduce((a, b) => a + b, 0);
  let sum = 0;
  return ascending.find((rate) => (sum += rate) >= share * all) ?? 0;
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
