// One run of our simulator for bench/simulator.ts, in a process of its own so that its memory can be told.
// Reads a task as JSON from standard input and writes a report. Timed is `replay`: the draws, the
// planner in the loop, all statistics.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { percentile } from "../src/core/percentile.ts";
import type { Plan } from "../src/core/plan.ts";
import type { Run } from "../src/core/run-log.ts";
import { loadPipeline } from "../src/formats/files.ts";
import { replay } from "../src/study/replay.ts";
import { assemble, defaultEngine, defaultQueueing } from "../src/study/setup.ts";

export interface Task {
  /** The only batch size of each stage. */
  readonly batch: number;
  /** Requests per second in each second. */
  readonly rates: readonly number[];
  /** Whether service times are drawn; else each is its mean. */
  readonly noise: boolean;
  /**
   * File for the records, 64-bit floats: departures by request, then for each stage batch sizes by
   * request. Empty for none.
   */
  readonly records: string;
  /** File for the instants of the arrivals, 64-bit floats; only with `records`. */
  readonly arrivals: string;
}

export interface Counts {
  readonly arrived: number;
  readonly served: number;
  readonly late: number;
  readonly dropped: number;
  /** Latency, seconds; null if none was served. */
  readonly p50: number | null;
  readonly p99: number | null;
}

/** What each of the simulators writes. */
export interface Report {
  readonly seconds: number;
  /** Most memory that was resident, bytes; 0 where the system does not tell. */
  readonly peak: number;
  readonly run: Counts;
  readonly intervals: readonly Counts[];
}

export interface OurReport extends Report {
  readonly schedule: readonly { readonly at: number; readonly plan: Plan }[];
  readonly replicasStarted: number;
  readonly switches: number;
}

const task = JSON.parse(readFileSync(0, "utf8")) as Task;
const file = await loadPipeline(fileURLToPath(new URL("../pipelines/video.yaml", import.meta.url)));
const pipeline = { ...file, stages: file.stages.map((stage) => ({ ...stage, batches: [task.batch] })) };
const { predictor } = pipeline.adaptation;
const planner = await assemble({
  pipeline,
  policy: "ipa",
  predictor,
  queueing: defaultQueueing,
  engine: defaultEngine,
});
const kept = task.records !== "";
const options = {
  service: task.noise ? "lognormal" : "deterministic",
  keepRequests: kept,
  keepVisits: kept,
} as const;

const from = performance.now();
const run = replay(planner, { kind: "rates", name: "bench", rates: Float64Array.from(task.rates) }, 1, options);
const seconds = (performance.now() - from) / 1000;

if (kept) writeRecords(run);
const { offered, served, late, dropped } = run.requests;
const report: OurReport = {
  seconds,
  peak: peak(),
  run: {
    arrived: offered,
    served,
    late,
    dropped,
    p50: percentile(run.latencies, 0.5),
    p99: percentile(run.latencies, 0.99),
  },
  intervals: run.intervals.map((row) => ({
    arrived: row.arrived,
    served: row.served,
    late: row.late,
    dropped: row.dropped,
    p50: row.latencyP50,
    p99: row.latencyP99,
  })),
  schedule: run.intervals.map((row) => ({ at: row.from, plan: row.plan })),
  replicasStarted: run.replicasStarted,
  switches: run.switches,
};
process.stdout.write(JSON.stringify(report));

function writeRecords({ requestRecords: requests, visitRecords: visits }: Run): void {
  if (requests === null || visits === null) throw new Error("the run kept no records");
  const count = requests.arrival.length;
  const records = new Float64Array(count * (1 + pipeline.stages.length));
  records.set(requests.departure);
  visits.request.forEach((request, row) => {
    records[count * (1 + (visits.stage[row] ?? 0)) + request] = visits.batchSize[row] ?? 0;
  });
  writeFileSync(task.records, records);
  writeFileSync(task.arrivals, requests.arrival);
}

function peak(): number {
  try {
    return 1024 * Number(/VmHWM:\s*(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))?.[1]);
  } catch {
    return 0;
  }
}
