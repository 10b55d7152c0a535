// How fast is the simulator? Against the same model in SimPy and in C++: requests per second and memory.
//
//   node bench/simulator.ts [--quick] [--python PATH] [--out FOLDER]
//
// The video pipeline under policy ipa, ticks of 10 s, start-ups of 5 s, all batches pinned to 1, then to 8; Poisson
// arrivals at 200 rps with a slow swing, so that replicas come and go; lognormal service, drops by age. Ours plans
// as it goes, and also counts costs, accuracies and waits; the peers are given the plans of our run. All three
// count each interval's and the run's requests, late ones, drops, and percentiles of latency.
//
// First all must agree, with deterministic service, on bursts that bring drops and switches: every departure
// within 1e-9 s, every batch and every interval; else the script fails and says where.
//
// Needs g++ and a Python with simpy; a peer that cannot run is left out. Each run is a process of its own; timed
// is the run within it, draws included, the start of the process and the reading of its input not. Takes a
// minute (--quick: 10 s), prints a table and writes simulator.json.
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Progress } from "../src/commands/progress.ts";
import { loadPipeline, loadTrace, writeWhole } from "../src/formats/files.ts";
import { decimals, seconds as short } from "../src/report/numbers.ts";
import { textTable } from "../src/report/text-table.ts";
import { serviceTable } from "../src/sim/pool.ts";
import { perSecond } from "../src/workload/trace.ts";
import type { Counts, OurReport, Report, Task } from "./simulator-ours.ts";

const BATCHES = [1, 8];
const LOAD = 200;
/** The load swings by this share of its mean, once in so many seconds. */
const SWING = 0.25;
const PERIOD = 600;
/** What our speed should be, as a multiple of the peer's. */
const GOALS = { SimPy: 40, "C++": 1 / 3 };
const AGREEMENT = 1e-9;

const { values: flags } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    python: { type: "string", default: process.env["IPA_PYTHON"] ?? "python3" },
    out: { type: "string", default: "out/bench" },
  },
});
const out = resolve(flags.out);
/** Runs of each, interleaved; the fastest counts: what else the machine does can only slow one down. */
const rounds = flags.quick ? 1 : 5;
/** Periods of the load. 42 are five million requests; SimPy gets fewer. */
const periods = flags.quick ? 5 : 42;
const simpyPeriods = flags.quick ? 1 : 2;

type PeerName = keyof typeof GOALS;

interface Peer {
  readonly name: PeerName;
  readonly command: string;
  readonly args: readonly string[];
  readonly periods: number;
}

/** What a peer reads, seconds: our run without the planner. Variants by index, service tables by batch size. */
interface PeerScenario {
  readonly end: number;
  readonly cutOff: number;
  readonly sla: number;
  readonly maxAge: number;
  /** 1 if service times are drawn. */
  readonly noise: 0 | 1;
  /** Requests per second in each second; none where a file gives the instants. */
  readonly rates: readonly number[];
  /** Files of the instants and for the records, as in `Task`; empty for none. */
  readonly arrivals: string;
  readonly records: string;
  /** The variants of each stage. */
  readonly stages: readonly (readonly {
    readonly startUp: number;
    readonly mean: readonly number[];
    readonly sigma: readonly number[];
  }[])[];
  /** The plan of each tick, by stage. */
  readonly schedule: readonly {
    readonly at: number;
    readonly plan: readonly {
      readonly variant: number;
      readonly batch: number;
      readonly timeout: number;
      readonly replicas: number;
    }[];
  }[];
}

const root = fileURLToPath(new URL("..", import.meta.url));
const pipeline = await loadPipeline(join(root, "pipelines/video.yaml"));
mkdirSync(out, { recursive: true });

function output(command: string, args: readonly string[], input = ""): string {
  const { status, error, stdout, stderr } = spawnSync(command, args, { input, maxBuffer: 2 ** 30, encoding: "utf8" });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${command} ${args.join(" ")} failed:\n${stderr}`);
  return stdout;
}

function runs(command: string, ...args: readonly string[]): boolean {
  return spawnSync(command, args).status === 0;
}

function findPeers(): readonly Peer[] {
  const peers: Peer[] = [];
  if (runs(flags.python, "-c", "import simpy")) {
    const args = [join(root, "bench/simulator.py")];
    peers.push({ name: "SimPy", command: flags.python, args, periods: simpyPeriods });
  } else console.log(`SimPy is left out: ${flags.python} cannot import simpy. Give another interpreter by --python.`);
  if (runs("g++", "--version")) {
    const program = join(out, "simulator");
    output("g++", ["-O3", "-march=native", "-std=c++17", join(root, "bench/simulator.cpp"), "-o", program]);
    peers.push({ name: "C++", command: program, args: [], periods });
  } else console.log("C++ is left out: there is no g++.");
  return peers;
}

function runOurs(task: Task): OurReport {
  const program = join(root, "bench/simulator-ours.ts");
  return JSON.parse(output(process.execPath, [program], JSON.stringify(task))) as OurReport;
}

/** Runs a peer on a task that ours has run, up to `end`, seconds. */
function runPeer({ command, args }: Peer, task: Task, ours: OurReport, end: number): Report {
  const sla = pipeline.sla.seconds;
  const scenario: PeerScenario = {
    end,
    cutOff: end + Math.max(60, 2 * sla),
    sla,
    maxAge: 2 * sla,
    noise: task.noise ? 1 : 0,
    rates: task.arrivals === "" ? task.rates.slice(0, end) : [],
    arrivals: task.arrivals,
    records: task.records,
    stages: pipeline.stages.map(({ variants }) =>
      variants.map((variant) => {
        const { mean, sigma } = serviceTable(variant);
        // There is no batch of none.
        return { startUp: variant.startUp.mean, mean: [0, ...mean.slice(1)], sigma: [0, ...sigma.slice(1)] };
      }),
    ),
    schedule: ours.schedule
      .filter(({ at }) => at < end)
      .map(({ at, plan }) => ({
        at,
        plan: plan.map(({ variant, batch, batchTimeout, replicas }, s) => ({
          variant: pipeline.stages[s]?.variants.findIndex(({ name }) => name === variant) ?? -1,
          batch,
          timeout: batchTimeout,
          replicas,
        })),
      })),
  };
  return JSON.parse(output(command, args, JSON.stringify(scenario))) as Report;
}

function readRecords(path: string): Float64Array {
  return new Float64Array(new Uint8Array(readFileSync(path)).buffer);
}

/** The first difference between a peer's run and ours; null if there is none. */
function firstDifference(ours: OurReport, our: Float64Array, report: Report, their: Float64Array): string | null {
  if (their.length !== our.length) return `${their.length} records, ours are ${our.length}`;
  const requests = our.length / (1 + pipeline.stages.length);
  for (const [i, value] of our.entries()) {
    const other = their[i] ?? NaN;
    // Whoever is dropped has no departure.
    if (Math.abs(value - other) <= AGREEMENT || (Number.isNaN(value) && Number.isNaN(other))) continue;
    const column = Math.floor(i / requests);
    const what = column === 0 ? "departs at" : `has at ${pipeline.stages[column - 1]?.name} a batch of`;
    return `request ${i % requests} ${what} ${other}, ours ${value}`;
  }
  const [rows, others] = [
    [ours.run, ...ours.intervals],
    [report.run, ...report.intervals],
  ];
  for (const [k, row] of rows.entries()) {
    const other = others[k];
    if (other !== undefined && sameCounts(row, other)) continue;
    return `${k === 0 ? "run" : `interval ${k - 1}`}: ${JSON.stringify(other)}, ours ${JSON.stringify(row)}`;
  }
  return others.length > rows.length ? `${others.length - 1} intervals, ours are ${rows.length - 1}` : null;
}

function sameCounts(a: Counts, b: Counts): boolean {
  const columns = ["arrived", "served", "late", "dropped", "p50", "p99"] as const;
  return columns.every((name) => {
    const [x, y] = [a[name], b[name]];
    return x === y || (x !== null && y !== null && Math.abs(x - y) <= AGREEMENT);
  });
}

/** Ends the script if a peer does not do what ours does. */
async function requireAgreement(peers: readonly Peer[]): Promise<void> {
  const bursty = perSecond(await loadTrace(join(root, "traces/bursty.csv")));
  // Squared, so that bursts are too high to serve in time: some requests are dropped.
  const rates = Array.from(bursty, (rate) => rate ** 2 / 5);
  for (const batch of BATCHES) {
    const [arrivals, records] = [join(out, "arrivals.bin"), join(out, "records.bin")];
    const task: Task = { batch, rates, noise: false, arrivals, records };
    const ours = runOurs(task);
    const our = readRecords(records);
    for (const peer of peers) {
      const report = runPeer(peer, task, ours, rates.length);
      const difference = firstDifference(ours, our, report, readRecords(records));
      if (difference !== null) {
        console.error(`${peer.name} does not agree with ours at batch ${batch}: ${difference}.`);
        process.exit(1);
      }
    }
    const { arrived, dropped } = ours.run;
    console.log(
      `Batch ${batch}: ${["ours", ...peers.map(({ name }) => name)].join(", ")} agree on all of ${arrived} requests ` +
        `(${dropped} dropped, ${ours.replicasStarted} replicas started, ${ours.switches} switches).`,
    );
  }
}

interface Result {
  readonly batch: number;
  readonly name: string;
  readonly requests: number;
  readonly seconds: number;
  readonly perSecond: number;
  readonly peak: number;
  readonly run: Counts;
}

function resultOf(batch: number, name: string, reports: readonly Report[]): Result {
  const fastest = reports.toSorted((a, b) => a.seconds - b.seconds)[0];
  if (fastest === undefined) throw new RangeError("nothing was measured");
  const { seconds, peak, run } = fastest;
  return { batch, name, requests: run.arrived, seconds, perSecond: run.arrived / seconds, peak, run };
}

function measure(peers: readonly Peer[]): readonly Result[] {
  const rates = Array.from({ length: periods * PERIOD }, (_, second) => {
    return LOAD * (1 + SWING * Math.sin((2 * Math.PI * second) / PERIOD));
  });
  const progress = new Progress();
  const results = BATCHES.flatMap((batch, b) => {
    const task: Task = { batch, rates, noise: true, arrivals: "", records: "" };
    const reports: Record<string, Report[]> = {};
    for (let round = 0; round < rounds; round++) {
      progress.update((b + round / rounds) / BATCHES.length, `batch ${batch}`);
      const ours = runOurs(task);
      (reports["ours"] ??= []).push(ours);
      for (const peer of peers) (reports[peer.name] ??= []).push(runPeer(peer, task, ours, peer.periods * PERIOD));
    }
    return Object.entries(reports).map(([name, some]) => resultOf(batch, name, some));
  });
  progress.done();
  return results;
}

function ratios(results: readonly Result[]) {
  const speeds = (name: string) => new Map(results.filter((r) => r.name === name).map((r) => [r.batch, r.perSecond]));
  const ours = speeds("ours");
  return Object.entries(GOALS).flatMap(([peer, goal]) =>
    [...speeds(peer)].map(([batch, speed]) => ({ peer, batch, goal, ratio: (ours.get(batch) ?? NaN) / speed })),
  );
}

const peers = findPeers();
await requireAgreement(peers);
const results = measure(peers);
console.log(
  textTable(
    ["batch", "", "requests", "s", "requests/s", "p50 (s)", "p99 (s)", "late", "dropped", "peak (MB)"].map(
      (title, c) => ({ title, align: c === 1 ? "left" : "right" }),
    ),
    results.map(({ batch, name, requests, seconds, perSecond: speed, peak, run }) => [
      String(batch),
      name,
      String(requests),
      short(seconds),
      decimals(speed, 0),
      short(run.p50),
      short(run.p99),
      String(run.late),
      String(run.dropped),
      decimals(peak > 0 ? peak / 1e6 : null, 0),
    ]),
  ),
);
const compared = ratios(results);
for (const { peer, batch, goal, ratio } of compared) {
  console.log(`Batch ${batch}: ours is ${short(ratio)} times as fast as ${peer}; the goal is ${short(goal)}.`);
}
const path = join(out, "simulator.json");
await writeWhole(path, `${JSON.stringify({ results, ratios: compared }, null, 2)}\n`);
console.log(`Written: ${path}`);
