// Seeded problems for the solver benchmark: random pipelines of a given size, formulated as IPA does.
import { combineScores } from "../src/core/accuracy.ts";
import { formulate, type Formulation } from "../src/core/formulate.ts";
import { defaults, type Objective, type Pipeline, type Variant } from "../src/core/pipeline.ts";
import { latencyOf, type Option, type Problem } from "../src/core/problem.ts";
import { exact } from "../src/solver/exact.ts";
import { queueingModels } from "../src/core/queueing/models.ts";
import { stream } from "../src/workload/streams.ts";

/** What makes the instances of a class what they are. */
interface InstanceClass {
  readonly describes: string;
  readonly model: keyof typeof queueingModels;
  /** Requests per second, from a uniform draw. */
  readonly load: (draw: number) => number;
  /** The SLA as a multiple of the least latency possible. */
  readonly slack: (draw: number) => number;
  /** Whether accuracy is proportional to the cores that a request costs. */
  readonly correlated: boolean;
  /** Whether there is a core budget, nine tenths of what the best plan without one costs. */
  readonly budget: boolean;
  /** Whether variants come in a few kinds that are alike. */
  readonly tied: boolean;
}

const ipa: InstanceClass = {
  describes: "loads of 5 to 100 rps, SLA 1.3 to 2 times the least latency",
  model: "paper",
  load: (draw) => 5 * 20 ** draw,
  slack: (draw) => 1.3 + 0.7 * draw,
  correlated: false,
  budget: false,
  tied: false,
};

export const instanceClasses = {
  ipa,
  correlated: { ...ipa, correlated: true, describes: "accuracy proportional to the cost of a request" },
  tight: { ...ipa, slack: () => 1.02, describes: "SLA 1.02 times the least latency" },
  ties: { ...ipa, tied: true, describes: "variants of three kinds only: many equal plans" },
  light: { ...ipa, load: () => 0.5, describes: "0.5 rps" },
  heavy: { ...ipa, load: () => 1e4, describes: "10,000 rps" },
  tail: { ...ipa, model: "tail", describes: "the tail model, with its several numbers of replicas" },
  budget: { ...ipa, budget: true, describes: "nine tenths of the cores that the best plan would take" },
  "tail-budget": { ...ipa, model: "tail", budget: true, describes: "the same with the tail model" },
  "tail-correlated": { ...ipa, model: "tail", correlated: true, describes: "both" },
} satisfies Record<string, InstanceClass>;

export type InstanceClassName = keyof typeof instanceClasses;

/** Which stages, by number, each stage follows. */
const graphs = {
  chain: (s) => (s === 0 ? [] : [s - 1]),
  /** One, then two side by side, which the next joins: twice as many paths for every three stages. */
  diamonds: (s) => (s === 0 ? [] : s % 3 === 0 ? [s - 2, s - 1] : [s - (s % 3)]),
  /** All but the first and the last are side by side. */
  wide: (s, stages) => (s === 0 ? [] : s < stages - 1 ? [0] : Array.from({ length: stages - 2 }, (_, i) => i + 1)),
} satisfies Record<string, (s: number, stages: number) => readonly number[]>;

export type Graph = keyof typeof graphs;

const BATCHES = [1, 2, 4, 8, 16, 32, 64];

export interface Instance {
  readonly problem: Problem;
  /** Load → problem, to be timed. */
  readonly formulate: () => Problem;
  readonly from: Formulation;
  readonly load: number;
}

/** One instance: a graph of stages, a load, and an SLA that some plan keeps. */
export function instance(
  name: InstanceClassName,
  stages: number,
  variants: number,
  combine: "sum" | "product",
  seed: number,
  graph: Graph = "chain",
): Instance {
  const kind: InstanceClass = instanceClasses[name];
  const draw = stream(seed, "bench", name, stages, variants, combine);
  const load = kind.load(draw());
  const pipeline: Pipeline = {
    ...defaults,
    name: "bench",
    stages: Array.from({ length: stages }, (_, s) => ({
      name: `s${s}`,
      after: graphs[graph](s, stages).map((before) => `s${before}`),
      fanOut: 1,
      variants: stageVariants(kind, variants, draw),
    })),
    sla: { seconds: 1e9, quantile: 0.99 },
    objective: {
      kind: "weighted",
      accuracy: combine === "sum" ? "average" : "pas",
      alpha: 1,
      beta: 1,
      delta: 1e-6,
    },
    limits: { replicas: 1_000_000, batch: 64 },
    adaptation: { ...defaults.adaptation, loadWindow: 1, minLoad: 0.1 },
    policies: {},
  };
  const from = { policy: { name: "ipa", pins: {} }, queueing: queueingModels[kind.model] };
  const open = formulate({ pipeline, ...from }, load, []);
  const seconds = kind.slack(draw()) * latencyOf(open, open.options.map(quickest));
  // Accuracy and cost matter about as much: α/β is the slope between the cheapest and the most accurate plan, give or take.
  const alpha = slopeOf(open) * 4 ** (draw() - 0.5);
  const limited: Pipeline = {
    ...pipeline,
    sla: { ...pipeline.sla, seconds },
    objective: { kind: "weighted", accuracy: combine === "sum" ? "average" : "pas", alpha, beta: 1, delta: 1e-6 },
  };
  const budgeted = kind.budget
    ? { ...limited, limits: { ...limited.limits, cores: budgetOf(limited, from, load) } }
    : limited;
  const limitedFrom = { pipeline: budgeted, ...from };
  const make = (): Problem => formulate(limitedFrom, load, []);
  return { problem: make(), formulate: make, from: limitedFrom, load };
}

/** Nine tenths of what the best plan without a budget costs, but no less than what is needed. */
function budgetOf(pipeline: Pipeline, from: Omit<Formulation, "pipeline">, load: number): number {
  const coresOf = (objective: Objective): number => {
    const outcome = exact(formulate({ pipeline: { ...pipeline, objective }, ...from }, load, []));
    return "options" in outcome ? outcome.options.reduce((sum, option) => sum + option.cores, 0) : Infinity;
  };
  const { accuracy } = pipeline.objective;
  return Math.max(coresOf({ kind: "minCost", accuracy }), Math.round(0.9 * coresOf(pipeline.objective)));
}

/** Cores per accuracy from the cheapest plan to the most accurate one, whatever their latency. */
function slopeOf({ combine, options }: Problem): number {
  const best = (ofStage: readonly Option[], isBetter: (a: Option, b: Option) => boolean): Option =>
    ofStage.reduce((a, b) => (isBetter(b, a) ? b : a));
  const cheapest = options.map((ofStage) => best(ofStage, (a, b) => a.cores < b.cores));
  const finest = options.map((ofStage) =>
    best(ofStage, (a, b) => a.score > b.score || (a.score === b.score && a.cores < b.cores)),
  );
  const accuracy = (plan: readonly Option[]): number =>
    combineScores(
      combine,
      plan.map(({ score }) => score),
    );
  const cores = (plan: readonly Option[]): number => plan.reduce((sum, option) => sum + option.cores, 0);
  return (cores(finest) - cores(cheapest)) / (accuracy(finest) - accuracy(cheapest));
}

function stageVariants(kind: InstanceClass, count: number, draw: () => number): readonly Variant[] {
  const base = 0.02 * Math.exp(2 * draw());
  const lowest = 0.3 + 0.3 * draw();
  return Array.from({ length: count }, (_, v): Variant => {
    const rank = kind.tied ? Math.ceil((3 * (v + 1)) / count) / 3 : (v + 1) / count;
    const noise = kind.tied ? () => 0.5 : draw;
    const size = Math.exp(2.5 * rank) * (0.8 + 0.4 * noise());
    const cores = [1, 2, 4, 8][Math.min(3, Math.floor(2 * noise() + 2 * rank))] ?? 1;
    const alone = (base * size) / Math.sqrt(cores);
    const slope = 0.3 + 0.6 * noise();
    const accuracy = kind.correlated
      ? Math.min(0.99, 0.2 + 0.05 * alone * cores * (1 / base / 4))
      : Math.min(0.99, lowest + (0.99 - lowest) * rank * (0.9 + 0.1 * noise()));
    return {
      name: `v${v}`,
      accuracy,
      coresPerReplica: cores,
      startUp: { mean: 0 },
      profile: BATCHES.map((batch) => {
        const mean = alone * (1 - slope + slope * batch);
        return { batch, mean, p99: 1.2 * mean };
      }),
    };
  });
}

function quickest(options: readonly Option[]): Option {
  const own = ({ latency }: Option): number => latency.mean + latency.forming + Math.sqrt(latency.excessSquared);
  return options.reduce((a, b) => (own(b) < own(a) ? b : a));
}
