import fc from "fast-check";
import { accuracyMetrics, type AccuracyMetricName } from "../../src/core/accuracy.ts";
import { unrestrained, type Objective, type Pins, type Pipeline, type Stage } from "../../src/core/pipeline.ts";
import type { Policy } from "../../src/core/policies.ts";

const metrics = Object.keys(accuracyMetrics) as AccuracyMetricName[];

const fraction = (min: number, max: number): fc.Arbitrary<number> => fc.double({ min, max, noNaN: true });

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

const stagesOf = (placing: Placing, most: number): fc.Arbitrary<readonly Stage[]> =>
  fc
    .array(variants, { minLength: 1, maxLength: most })
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

/** The same with branches, joins and fan-out. */
export const randomGraphCase: fc.Arbitrary<Case> = fc.record({
  pipeline: pipelineOf(stagesOf(inGraph, 4)),
  load: fraction(0, 60),
});

/** The same with pins, forbids and bounds of replicas. */
export const randomPinnedCase = withPins(randomCase);
export const randomPinnedGraphCase = withPins(randomGraphCase);
