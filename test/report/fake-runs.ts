import type { IntervalRow, Run } from "../../src/core/run-log.ts";

/** A run with round numbers, to be overridden where a test looks. */
export function fakeRun(overrides: Partial<Run> = {}): Run {
  return {
    duration: 100,
    requests: { offered: 10, served: 8, dropped: 1, inFlight: 1, late: 2 },
    latencies: Float64Array.of(0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 1.5, 2),
    accuracy: 0.8,
    accuracyOnTime: 0.48,
    costCores: 10,
    plannedCores: 9,
    objectiveAccuracy: 0.81,
    objective: 4,
    decisions: 9,
    infeasibleDecisions: 1,
    planChanges: 1,
    replicasStarted: 3,
    switches: 2,
    blocked: 0,
    stages: [fakeStage("detect"), fakeStage("classify")],
    intervals: [],
    requestRecords: null,
    visitRecords: null,
    ...overrides,
  };
}

/** A run in which nothing arrived; time averages over no time are NaN. */
export function emptyRun(): Run {
  const nothing = { offered: 0, served: 0, dropped: 0, inFlight: 0, late: 0 };
  return fakeRun({
    duration: 0,
    requests: nothing,
    latencies: new Float64Array(0),
    accuracy: null,
    accuracyOnTime: null,
    costCores: NaN,
    plannedCores: NaN,
    objectiveAccuracy: NaN,
    objective: NaN,
    stages: [{ ...fakeStage("detect"), costCores: NaN, meanWait: null, meanSojourn: null }],
  });
}

function fakeStage(stage: string) {
  return {
    stage,
    costCores: 5,
    batches: 4,
    items: 8,
    dropped: 1,
    switches: 1,
    replicasStarted: 2,
    meanWait: 0.1,
    meanSojourn: 0.3,
  };
}

interface Character {
  readonly cores: number;
  readonly accuracy: number;
  /** Typical latency, seconds. */
  readonly latency: number;
  readonly seed?: number;
}

/** A run that looks like one: a load with two bursts, costs that follow it, latencies that rise in the bursts. */
export function plausibleRun({ cores, accuracy, latency, seed = 1 }: Character, intervals = 60): Run {
  const noise = (k: number): number => Math.sin(12.9898 * k + 78.233 * seed) * 0.5 + Math.sin(4.1 * k + seed) * 0.5;
  const loadAt = (k: number): number =>
    12 + 20 * Math.exp(-(((k - 18) / 5) ** 2)) + 14 * Math.exp(-(((k - 42) / 4) ** 2)) + noise(k);
  const variants = accuracy > 0.8 ? ["yolov5m", "resnet152"] : ["yolov5n", "resnet18"];
  const rows = Array.from({ length: intervals }, (_, k): IntervalRow => {
    const load = loadAt(k);
    const arrived = Math.round(load * 10);
    const strain = Math.max(0, load - loadAt(k - 1)) / 4;
    const dropped = Math.round(strain * strain * 6);
    return {
      from: k * 10,
      to: k * 10 + 10,
      predicted: k === 0 ? null : loadAt(k - 1) * 1.05,
      planned: Math.max(1, loadAt(k - 1) * 1.1),
      reason: strain > 0.3 ? "load-rose" : "unchanged",
      change: 0,
      feasible: strain < 1,
      plan: variants.map((variant, s) => ({
        stage: s === 0 ? "detect" : "classify",
        variant,
        batch: 2 + 2 * s,
        batchTimeout: 0.1,
        replicas: 2 + Math.round(load / 8),
      })),
      objective: 10 * accuracy - load / 10,
      accuracy: accuracy + 0.02 * Math.sin(k / 6),
      plannedCores: Math.round((cores * load) / 16),
      costCores: (cores * load) / 16 + Math.abs(noise(k)),
      ready: [2 + Math.round(load / 8), 2 + Math.round(load / 8)],
      arrived,
      served: arrived - dropped,
      late: Math.round(strain * 10),
      dropped,
      latencyP50: latency,
      latencyP99: latency * (1.6 + 1.5 * strain + 0.2 * noise(k)),
    };
  });
  const total = (of: (row: IntervalRow) => number): number => rows.reduce((sum, row) => sum + of(row), 0);
  const [offered, served, late] = [total((row) => row.arrived), total((row) => row.served), total((row) => row.late)];
  const latencies = Float64Array.from(
    { length: served },
    (_, i) => latency * Math.exp(0.3 * logit((i + 0.5) / served) * 0.6),
  );
  return fakeRun({
    duration: intervals * 10,
    requests: { offered, served, dropped: offered - served, inFlight: 0, late },
    latencies,
    accuracy,
    accuracyOnTime: (accuracy * (served - late)) / offered,
    costCores: total((row) => row.costCores) / intervals,
    plannedCores: total((row) => row.plannedCores) / intervals,
    objectiveAccuracy: accuracy,
    objective: total((row) => row.objective) / intervals,
    decisions: intervals - 1,
    intervals: rows,
  });
}

function logit(p: number): number {
  return Math.log(p / (1 - p));
}

export const context = {
  pipeline: "video",
  trace: "bursty",
  policy: "ipa",
  seeds: [1],
  sla: 1,
  warmup: 0,
  accuracyMetric: "rank-sum",
  wall: 0.5,
};
