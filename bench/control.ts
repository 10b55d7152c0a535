// Does one controller keep up with 200 pipelines, and what does that take?
//
//   node bench/control.ts [--quick] [--pipelines 200] [--minutes 3] [--out FOLDER]
//
// Pipelines of three stages of three variants each, mode Act, dataPlane Service, decided on every 10 s, on a control
// plane with KWOK (`npm run cluster:get`) and a real Prometheus, which scrapes every 5 s; `ipa control` with its defaults:
// 20 calls a second. The load does not change. After the start-up, which ends with half a minute without a write, it is
// watched for so many minutes (--quick: 20 pipelines, 1 minute). Needs idle cores: the control plane alone takes one
// at the start. Takes ten minutes, prints a table and writes control.json; the exit code is 1 if a goal is missed.
import { readFileSync } from "node:fs";
import { loadavg } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { writeWhole } from "../src/formats/files.ts";
import { decimals } from "../src/report/numbers.ts";
import { textTable } from "../src/report/text-table.ts";
import { fleetOf, showConstantLoad } from "../test/cluster/scene/fleet.ts";
import { profilesObject } from "../test/cluster/scene/objects.ts";
import { openScene, withoutScene } from "../test/cluster/scene/scene.ts";
import { difference, parseExposition, quantileBound, type Samples } from "./exposition.ts";
import { quantiles } from "./timing.ts";

const GOALS = { writes: 0, delay_s: 1, memory_mb: 300 };

const { values: flags } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    pipelines: { type: "string" },
    minutes: { type: "string" },
    out: { type: "string", default: "out/bench" },
  },
});
const lacking = withoutScene();
if (lacking !== false) {
  console.log(`The controller is left out: ${lacking}.`);
  process.exit();
}
const pipelines = Number(flags.pipelines ?? (flags.quick ? 20 : 200));
const minutes = Number(flags.minutes ?? (flags.quick ? 1 : 3));
/** Of a start-up that is over: no write for so many seconds. */
const QUIET = 30;
/** Longest start-up, seconds. */
const PATIENCE = 1200;

const say = (what: string): void => console.error(`${new Date().toISOString().slice(11, 19)} ${what}`);

const scene = await openScene({ cpus: 4000, nodes: Math.ceil(pipelines / 100), scrapeSeconds: 5 });
try {
  const fleet = fleetOf({ pipelines, interval: 10, loadWindow: 10, history: 120 });
  showConstantLoad(scene.exposition, fleet, 8);
  say(`${fleet.deployments.length} Deployments`);
  await scene.plane.apply(profilesObject(fleet.profiles), ...fleet.deployments);
  await scene.plane.apply(...fleet.pipelines);
  // The control plane has work to do on them, which is not the controller's.
  await pause(pipelines * 200);

  say("start-up");
  const began = performance.now();
  const controller = await scene.controller("--kube-qps", "20");
  const memory: number[] = [];
  const sampler = setInterval(() => memory.push(residentMb(controller.pid)), 1000);
  const ask = async (): Promise<Samples> => parseExposition(await (await fetch(`${controller.url}/metrics`)).text());
  const writes = (samples: Samples): number => totalOf(samples, "ipa_kube_calls_total", ["apply", "patch", "create"]);
  let lastWrite = { count: -1, at: began };
  while (performance.now() - lastWrite.at < QUIET * 1000 || lastWrite.count <= 0) {
    await pause(1000);
    const count = writes(await ask().catch((): Samples => []));
    if (count !== lastWrite.count) lastWrite = { count, at: performance.now() };
    if (performance.now() - began > PATIENCE * 1000) throw new Error(`still writing after ${PATIENCE} s`);
  }
  const startup = { seconds: (lastWrite.at - began) / 1000, memory_max_mb: Math.max(...memory) };
  memory.length = 0;
  const ready = await Promise.all(fleet.names.map((name) => scene.condition("Ready", name)));
  const others = ready.filter((one) => one !== "True Ready");
  if (others.length > 0)
    throw new Error(`nothing is written any more, and ${others.length} are not ready: ${others[0]}`);

  say(`constant load, after a start-up of ${decimals(startup.seconds, 0)} s`);
  const [from, cpuFrom, loadFrom] = [await ask(), cpuSeconds(controller.pid), loadavg()[0] ?? NaN];
  const since = Date.now() / 1000;
  await pause(minutes * 60_000);
  const until = Date.now() / 1000;
  const cpu = cpuSeconds(controller.pid) - cpuFrom;
  const during = difference(await ask(), from);
  clearInterval(sampler);

  const seconds = until - since;
  const count = (name: string): number => totalOf(during, name);
  const written = scene.ownWrites().filter(({ at }) => at >= since && at <= until);
  const verbs = Map.groupBy(
    during.filter(({ name, value }) => name === "ipa_kube_calls_total" && value > 0),
    ({ labels }) => labels["verb"] ?? "",
  );
  const { p50, max } = quantiles(memory);
  const within = during.find(({ name, labels }) => name === "ipa_turn_delay_seconds_bucket" && labels["le"] === "1");
  const results = {
    pipelines,
    seconds,
    load_average: [loadFrom, loadavg()[0] ?? NaN],
    startup,
    memory_mb: { median: p50, max },
    turns: count("ipa_turn_delay_seconds_count"),
    // One that was missed did not begin at all.
    turns_within_1_s:
      (within?.value ?? NaN) / (count("ipa_turn_delay_seconds_count") + count("ipa_turns_missed_total")),
    turn_delay_p99_s: quantileBound(during, "ipa_turn_delay_seconds", 0.99),
    turns_missed: count("ipa_turns_missed_total"),
    decision_mean_ms:
      (1000 * count("ipa_decision_duration_seconds_sum")) / count("ipa_decision_duration_seconds_count"),
    decision_p99_s: quantileBound(during, "ipa_decision_duration_seconds", 0.99),
    cpu_s_per_minute: (60 * cpu) / seconds,
    calls_per_s: Object.fromEntries(
      [...verbs].map(([verb, all]) => [verb, all.reduce((sum, { value }) => sum + value, 0) / seconds]),
    ),
    writes: written.length,
    journal_kb_per_s: controller.output().length / 1000 / ((performance.now() - began) / 1000),
  };
  const calls = Object.entries(results.calls_per_s).map(([verb, rate]) => `${verb} ${decimals(rate, 2)}`);
  const kept = (good: boolean): string => {
    if (!good) process.exitCode = 1;
    return good ? "kept" : "missed";
  };
  console.log(
    textTable(
      [
        { title: `${pipelines} pipelines under a constant load, ${decimals(seconds / 60, 0)} min`, align: "left" },
        { title: "", align: "right" },
        { title: "goal", align: "left" },
      ],
      [
        ["writes besides the Lease", String(results.writes), kept(results.writes === GOALS.writes)],
        [
          "turns begun within 1 s (%)",
          decimals(100 * results.turns_within_1_s, 2),
          kept(results.turns_within_1_s >= 0.99),
        ],
        ["delay of a turn, 99th percentile (s)", `≤ ${results.turn_delay_p99_s}`, ""],
        ["turns; missed", `${results.turns}; ${results.turns_missed}`, ""],
        ["resident memory, most (MB)", decimals(max, 0), kept(max <= GOALS.memory_mb)],
        ["resident memory, median (MB)", decimals(p50, 0), ""],
        [
          "resident memory, most at start-up (MB)",
          decimals(startup.memory_max_mb, 0),
          kept(startup.memory_max_mb <= GOALS.memory_mb),
        ],
        ["CPU (s a minute)", decimals(results.cpu_s_per_minute, 2), ""],
        ["decision, mean (ms)", decimals(results.decision_mean_ms, 2), ""],
        ["decision, 99th percentile (ms)", `≤ ${1000 * results.decision_p99_s}`, ""],
        ["calls a second", calls.join(", "), ""],
        ["journal (kB/s)", decimals(results.journal_kb_per_s, 1), ""],
        ["start-up (s)", decimals(startup.seconds, 0), ""],
        ["load average, before and after", results.load_average.map((load) => decimals(load, 1)).join(", "), ""],
      ],
    ),
  );
  for (const { verb, resource, name, body } of written.slice(0, 5)) {
    console.log(`Written: ${verb} ${resource} ${name} ${JSON.stringify(body)}`);
  }
  const file = join(flags.out, "control.json");
  await writeWhole(file, `${JSON.stringify({ node: process.version, ...results }, null, 2)}\n`);
  console.log(`Written: ${file}`);
} finally {
  await scene.close();
}

function totalOf(samples: Samples, metric: string, verbs?: readonly string[]): number {
  const of = samples.filter(
    ({ name, labels }) => name === metric && (verbs === undefined || verbs.includes(labels["verb"] ?? "")),
  );
  return of.reduce((sum, { value }) => sum + value, 0);
}

/** What a process holds of the memory now, MB. */
function residentMb(pid: number): number {
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return (Number(kib) * 1024) / 1e6;
}

/** Of all threads of a process so far. */
function cpuSeconds(pid: number): number {
  const [user = "", system = ""] = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /, "")
    .split(" ")
    .slice(11);
  return (Number(user) + Number(system)) / 100;
}
