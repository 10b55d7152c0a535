import fc from "fast-check";
import { accuracyMetrics, type AccuracyMetricName } from "../../src/core/accuracy.ts";
import type { Objective, Pins, Pipeline, Stage } from "../../src/core/pipeline.ts";

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

const stages = fc.array(variants, { minLength: 1, maxLength: 3 }).map((all) =>
  all.map((ofStage, s): Stage => ({
    name: `stage-${s}`,
    after: s === 0 ? [] : [`stage-${s - 1}`],
    fanOut: 1,
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

/** A random small pipeline: 1–3 stages, every metric and kind of objective, with and without rows. */
const randomPipeline: fc.Arbitrary<Pipeline> = fc
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
    },
    reproduction: { capacity, latency, infeasible: "best-effort", roundLoad },
    policies: { ipa: { "stage-0": pins } },
  }));

/** A pipeline and a load, requests per second before the margin. */
export const randomCase = fc.record({ pipeline: randomPipeline, load: fraction(0, 60) });
