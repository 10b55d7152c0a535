import fc from "fast-check";
import { accuracyMetrics, type AccuracyMetricName } from "../../src/core/accuracy.ts";
import { assess } from "../../src/core/assess.ts";
import type { Leeway, StageLeeway } from "../../src/core/movement/leeway.ts";
import { plannedLoad } from "../../src/core/load.ts";
import { settingsOf } from "../../src/core/options.ts";
import {
  defaults,
  unrestrained,
  type Objective,
  type Pins,
  type Pipeline,
  type Stage,
} from "../../src/core/pipeline.ts";
import type { Plan, StagePlan } from "../../src/core/plan.ts";
import type { Policy } from "../../src/core/policies.ts";
import { queueingModels } from "../../src/core/queueing/models.ts";
import { visitsOf } from "../../src/core/visits.ts";

const metrics = Object.keys(accuracyMetrics) as AccuracyMetricName[];

const fraction = (min: number, max: number): fc.Arbitrary<number> => fc.double({ min, max, noNaN: true });
const unit = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

const variants = fc.array(
  fc.record({
    accuracy: fc.oneof(fc.constantFrom(0.5, 0.75), fraction(0.1, 1)),
    coresPerReplica: fc.constantFrom(0.5, 1, 2, 4),
    // Seconds that one item takes alone, and what each further one adds.
    alone: fraction(0.01, 0.3),
    further: fraction(0.005, 0.1),
    batches: fc.subarray([1, 2, 4, 8], { minLength: 1, maxLength: 3 }),
  }),
  { minLength: 1, maxLength: 4 },
);

/** Which of the stages before a stage follows, as bits, and its fan-out. */
interface Place {
  readonly after: number;
  readonly fanOut: number;
}

/** Each stage follows the one before it. */
const inChain = (count: number): fc.Arbitrary<readonly Place[]> =>
  fc.constant(Array.from({ length: count }, (_, s) => ({ after: s === 0 ? 0 : 2 ** (s - 1), fanOut: 1 })));

/** Any graph: several first and last stages, branches, joins, nested ones. */
const inGraph = (count: number): fc.Arbitrary<readonly Place[]> =>
  fc.tuple(
    ...Array.from({ length: count }, (_, s) =>
      fc.record({ after: fc.integer({ min: 0, max: 2 ** s - 1 }), fanOut: fc.constantFrom(1, 1, 1, 0.6, 1.5, 2) }),
    ),
  );

type Placing = typeof inChain;

const stagesOf = (placing: Placing, most: number, least = 1): fc.Arbitrary<readonly Stage[]> =>
  fc
    .array(variants, { minLength: least, maxLength: most })
    .chain((all) => fc.tuple(fc.constant(all), placing(all.length)))
    .map(([all, places]) =>
      all.map((ofStage, s): Stage => ({
        name: `stage-${s}`,
        after: all.flatMap((_, i) => ((((places[s]?.after ?? 0) >> i) & 1) === 1 ? [`stage-${i}`] : [])),
        fanOut: places[s]?.fanOut ?? 1,
        variants: ofStage.map(({ accuracy, coresPerReplica, alone, further, batches }, v) => ({
          name: `variant-${v}`,
          accuracy,
          coresPerReplica,
          startUp: { mean: 1 },
          profile: batches.map((batch) => {
            const mean = alone + further * (batch - 1);
            return { batch, mean, p99: 1.5 * mean, throughput: (0.9 * batch) / mean };
          }),
        })),
      })),
    );

const objective: fc.Arbitrary<Objective> = fc
  .record({
    accuracy: fc.constantFrom(...metrics),
    accuracyFloor: fc.option(fraction(0.05, 0.9), { nil: undefined }),
    kind: fc.constantFrom("weighted" as const, "maxAccuracy" as const, "minCost" as const),
    alpha: fc.constantFrom(0, 1, 20),
    beta: fc.constantFrom(0, 0.01, 1),
    delta: fc.constantFrom(0, 1e-6),
  })
  .map(({ accuracy, accuracyFloor, kind, alpha, beta, delta }) => {
    const any = { accuracy, ...(accuracyFloor === undefined ? {} : { accuracyFloor }) };
    return kind === "weighted" ? { ...any, kind, alpha, beta, delta } : { ...any, kind };
  });

/** A random small pipeline: every metric and kind of objective, with and without rows. */
const pipelineOf = (stages: fc.Arbitrary<readonly Stage[]>): fc.Arbitrary<Pipeline> =>
  fc
    .record({
      stages,
      objective,
      seconds: fraction(0.05, 2),
      replicas: fc.integer({ min: 1, max: 12 }),
      batch: fc.constantFrom(2, 8),
      cores: fc.option(fc.integer({ min: 1, max: 40 }), { nil: undefined }),
      margins: fc.record({
        load: fc.constantFrom(0, 0.2),
        serviceTime: fc.constantFrom(0, 0.1),
        throughput: fc.constantFrom(0, 0.1),
      }),
      loadStep: fc.constantFrom(0, 0, 5),
      roundLoad: fc.constantFrom(false, false, true),
      capacity: fc.constantFrom("mean" as const, "mean" as const, "measured" as const),
      latency: fc.constantFrom("mean" as const, "mean" as const, "p99" as const),
      // Of the first stage, if at all.
      pins: fc.constantFrom<Pins[]>({}, {}, {}, { replicas: 2 }, { batches: [1, 4] }, { variants: ["variant-0"] }),
    })
    .map(({ seconds, replicas, batch, cores, loadStep, roundLoad, capacity, latency, pins, ...given }) => ({
      ...given,
      name: "random",
      sla: { seconds, quantile: 0.99 },
      limits: { replicas, batch, ...(cores === undefined ? {} : { cores }) },
      adaptation: {
        interval: 10,
        predictor: "reactive",
        loadWindow: 1,
        history: 120,
        horizon: 20,
        minLoad: 1,
        loadStep,
        movement: unrestrained,
      },
      reproduction: { capacity, latency, infeasible: "best-effort", roundLoad },
      rollout: defaults.rollout,
      policies: { ipa: { "stage-0": pins } },
    }));

/** What a stage pins, forbids and bounds: often nothing, now and then all that it has. */
const pinned = (stage: Stage): fc.Arbitrary<Stage> => {
  const some = <T>(values: readonly T[]): fc.Arbitrary<readonly T[]> => fc.subarray([...values], { minLength: 1 });
  const names = some(stage.variants.map(({ name }) => name));
  const batches = some([1, 2, 4, 8]);
  const replicas = fc.integer({ min: 2, max: 6 });
  const bounds = fc.record(
    {
      minReplicas: fc.integer({ min: 1, max: 3 }),
      maxReplicas: fc.integer({ min: 4, max: 9 }),
      standby: fc.constantFrom(0, 0, 0, 0, 0, 0, 0, 1, 2, 5),
    },
    { requiredKeys: [] },
  );
  const seldom = <T>(arbitrary: fc.Arbitrary<T>) =>
    fc.oneof({ weight: 4, arbitrary: fc.constant({}) }, { weight: 1, arbitrary });
  return fc
    .record({
      pin: seldom(fc.oneof(fc.record({ variants: names, batches }, { requiredKeys: [] }), fc.record({ replicas }))),
      forbid: seldom(fc.record({ variants: names, batches }, { requiredKeys: [] })),
      bounds: fc.array(bounds, { minLength: stage.variants.length, maxLength: stage.variants.length }),
    })
    .map(({ pin, forbid, bounds: ofVariants }) => ({
      ...stage,
      variants: stage.variants.map((variant, v) => ({ ...variant, ...ofVariants[v] })),
      pin,
      forbid,
    }));
};

/** The policy that a random pipeline's pins are of, whether or not they leave a stage something to run. */
export function randomPolicy(pipeline: Pipeline): Policy {
  return { name: "ipa", pins: pipeline.policies["ipa"] ?? {} };
}

interface Case {
  readonly pipeline: Pipeline;
  readonly load: number;
}

const withPins = (cases: fc.Arbitrary<Case>): fc.Arbitrary<Case> =>
  cases.chain(({ pipeline, load }) =>
    fc.tuple(...pipeline.stages.map(pinned)).map((stages) => ({ pipeline: { ...pipeline, stages }, load })),
  );

/** A pipeline and a load, requests per second before the margin. */
export const randomCase: fc.Arbitrary<Case> = fc.record({
  pipeline: pipelineOf(stagesOf(inChain, 3)),
  load: fraction(0, 60),
});

/** Whether each stage follows the one before it, and no other. */
export function isChain({ stages }: Pipeline): boolean {
  return stages.every(
    ({ after }, s) => after.length === Math.min(1, s) && after.every((name) => name === stages[s - 1]?.name),
  );
}

export type Model = keyof typeof queueingModels;

/** A case whose limits and load are set about a plan that was drawn at random, `target`: most have a feasible one. */
export interface FittedCase extends Case {
  readonly target: Plan;
}

/** The same for a latency model. Cases of which a stage may run nothing, or the target cannot carry its load, are left out. */
const fitted = (cases: fc.Arbitrary<Case>, model: Model): fc.Arbitrary<FittedCase> =>
  fc
    .record({
      of: cases,
      picks: fc.array(fc.tuple(unit, unit), { minLength: 4, maxLength: 4 }),
      use: fraction(0.2, 0.9),
      // Tables, as random numbers of a range come from its ends more often than not.
      sla: fc.constantFrom(0.9, 1.01, 1.03, 1.06, 1.1, 1.15, 1.2, 1.3, 1.5, 1.8, 2.2, 3),
      cores: fc.constantFrom(0.9, 1, 1.05, 1.1, 1.15, 1.2, 1.3, 1.4, 1.6, 2),
      floor: fc.constantFrom(1.02, 1, 0.99, 0.97, 0.94, 0.9, 0.85, 0.8, 0.7, 0.5),
    })
    .map(({ of: { pipeline }, picks, use, ...factors }): FittedCase | null => {
      const policy = randomPolicy(pipeline);
      let most = Infinity;
      const target = visitsOf(pipeline.stages).flatMap(({ stage, items }, s): StagePlan[] => {
        const settings = settingsOf(pipeline, stage, policy.pins[stage.name]);
        const [which = 0, howMany = 0] = picks[s] ?? [];
        const setting = settings[Math.floor(which * settings.length)];
        if (setting === undefined) return [];
        const { variant, batch, fewest, capacity } = setting;
        const replicas = fewest + Math.floor(howMany * Math.min(5, setting.most - fewest + 1));
        most = Math.min(most, (replicas * capacity.rate) / items);
        return [{ stage: stage.name, variant: variant.name, batch, batchTimeout: 0, replicas }];
      });
      if (target.length < pipeline.stages.length) return null;
      const load = (use * most) / (1 + pipeline.margins.load);
      const from = { pipeline, policy, queueing: queueingModels[model] };
      const planned = plannedLoad(pipeline, load);
      if (planned > most) return null;
      const { latency, cores, accuracy } = assess(from, planned, target);
      const { limits, objective, sla } = pipeline;
      return {
        load,
        target,
        pipeline: {
          ...pipeline,
          sla: { ...sla, seconds: factors.sla * latency },
          limits: { ...limits, ...(limits.cores === undefined ? {} : { cores: factors.cores * cores }) },
          objective: {
            ...objective,
            ...(objective.accuracyFloor === undefined ? {} : { accuracyFloor: factors.floor * accuracy }),
          },
        },
      };
    })
    .filter((one) => one !== null);

/** Branches, joins and fan-out: up to four stages that are no chain. */
const graphCase = (least: number): fc.Arbitrary<Case> =>
  fc
    .record({ pipeline: pipelineOf(stagesOf(inGraph, 4, least)), load: fraction(0, 60) })
    .filter(({ pipeline }) => !isChain(pipeline));

/** The same with pins, forbids and bounds of replicas. */
export const randomPinnedCase = withPins(randomCase);
export const randomPinnedGraphCase = withPins(graphCase(2));

/** Graphs of three or four stages, most with a feasible plan. */
export const fittedGraphCase = (model: Model): fc.Arbitrary<Case> => fitted(graphCase(3), model);
export const fittedPinnedGraphCase = (model: Model): fc.Arbitrary<Case> =>
  fc.oneof(
    { weight: 4, arbitrary: fitted(withPins(graphCase(3)), model) },
    { weight: 1, arbitrary: withPins(graphCase(3)) },
  );

/** A case with a plan that runs, and what of it one decision may change. */
export interface MovingCase extends FittedCase {
  readonly model: Model;
  readonly running: Plan;
  readonly leeway: Leeway;
}

const withStandby = (cases: fc.Arbitrary<Case>): fc.Arbitrary<Case> =>
  fc
    .tuple(cases, fc.array(fc.constantFrom(0, 0, 0, 1, 2, 3), { minLength: 16, maxLength: 16 }))
    .map(([{ pipeline, load }, counts]) => ({
      load,
      pipeline: {
        ...pipeline,
        stages: pipeline.stages.map((stage, s) => ({
          ...stage,
          variants: stage.variants.map((one, v) => ({ ...one, standby: counts[4 * s + v] ?? 0 })),
        })),
      },
    }));

/** What a stage runs, and its leeway: steps of replicas, if they are bounded, and whether its variant may change. */
const move = fc.record({
  which: unit,
  elsewhere: fc.constantFrom(false, false, true),
  shift: fc.integer({ min: -3, max: 3 }),
  up: fc.option(fc.integer({ min: 0, max: 3 }), { nil: Infinity }),
  down: fc.option(fc.integer({ min: 0, max: 3 }), { nil: Infinity }),
  maySwitch: fc.boolean(),
  far: fc.integer({ min: 0, max: 19 }).map((of) => of === 0),
});

/** Costs of a change, standby, steps, held variants, and plans that run, often within a step of the target. */
const moving = (cases: fc.Arbitrary<Case>, model: Model): fc.Arbitrary<MovingCase> =>
  fc
    .record({
      fit: fitted(withStandby(cases), model),
      cost: fc.record({ start: fc.constantFrom(0, 0.03, 0.5, 20), switch: fc.constantFrom(0, 0.1, 2, 1000) }),
      moves: fc.array(move, { minLength: 4, maxLength: 4 }),
      free: fc.constantFrom(false, false, false, true),
    })
    .map(({ fit, cost, moves, free }): MovingCase => {
      const { adaptation, stages } = fit.pipeline;
      const both = fit.target.map((to, s): readonly [StagePlan, StageLeeway] => {
        const { which = 0, elsewhere, shift = 0, up = 0, down = 0, maySwitch, far } = moves[s] ?? {};
        const variants = stages[s]?.variants ?? [];
        const other = variants[Math.floor(which * variants.length)];
        const variant = elsewhere && other !== undefined ? other.name : to.variant;
        const replicas = Math.max(1, to.replicas + shift);
        const enough = variant === to.variant && !far ? Math.abs(shift) : 0;
        const bounds = { fewest: Math.max(1, replicas - down - enough), most: replicas + up + enough };
        const free = { fewest: 1, most: Infinity };
        const named = variants.map(({ name }) => [name, name === variant ? bounds : free] as const);
        const held = !maySwitch && (variant === to.variant || far);
        return [
          { ...to, variant, replicas, batchTimeout: 0.5 },
          Object.fromEntries(held ? named.filter(([name]) => name === variant) : named),
        ];
      });
      return {
        ...fit,
        model,
        pipeline: { ...fit.pipeline, adaptation: { ...adaptation, movement: { ...adaptation.movement, cost } } },
        running: both.map(([runs]) => runs),
        leeway: free ? [] : both.map(([, leeway]) => leeway),
      };
    });

export const movingChainCase = (model: Model): fc.Arbitrary<MovingCase> => moving(randomCase, model);
export const movingGraphCase = (model: Model): fc.Arbitrary<MovingCase> => moving(graphCase(3), model);
