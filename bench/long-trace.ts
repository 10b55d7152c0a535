// How long does a replay of the whole 22-day trace take, every decision made in the loop?
//
//   node bench/long-trace.ts [--damping N] [--out FOLDER]
//
// Video pipeline, policy IPA, tail model, decisions every 10 s for loads rounded up to 1 rps, Poisson arrivals,
// lognormal service, drops, a log of each interval. Needs the trace: `ipa trace fetch`, or IPA_TRACE. At damping 1
// (121 million requests) it takes 4 GiB of memory. Prints seconds and writes long-trace.json.
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Progress } from "../src/commands/progress.ts";
import { findLongTrace, loadPipeline, readPacked, writeWhole } from "../src/formats/files.ts";
import { parsePublicTrace } from "../src/formats/public-trace.ts";
import { decimals, percent } from "../src/report/numbers.ts";
import { replay } from "../src/study/replay.ts";
import { assemble, defaultEngine } from "../src/study/setup.ts";

const { values: flags } = parseArgs({
  options: {
    damping: { type: "string", multiple: true, default: ["8", "1"] },
    out: { type: "string", default: "out/bench" },
  },
});
const path = await findLongTrace();
if (path === null) {
  console.log("The replay of the 22-day trace is left out: it is not here. Set IPA_TRACE, or run `ipa trace fetch`.");
  process.exit();
}
const root = fileURLToPath(new URL("..", import.meta.url));
const text = await readPacked(path);
const seconds = text.trim().split(/\s+/).length;
const of = await loadPipeline(join(root, "pipelines", "video.yaml"));
const results = [];
for (const damping of flags.damping.map(Number)) {
  const rates = parsePublicTrace(text, path, { from: 0, to: seconds, damping });
  const pipeline = {
    ...of,
    limits: { ...of.limits, replicas: 1000 },
    adaptation: { ...of.adaptation, loadStep: 1 },
  };
  const planner = await assemble({
    pipeline,
    policy: "ipa",
    predictor: "max",
    queueing: "tail",
    engine: defaultEngine,
  });
  const progress = new Progress();
  const start = performance.now();
  const before = process.cpuUsage();
  const run = replay(planner, { kind: "rates", name: "22 days", rates }, 1, {}, (now) =>
    progress.update(now / seconds, `damping ${damping}`),
  );
  const cpu = process.cpuUsage(before);
  progress.done();
  const { offered, served, late } = run.requests;
  const result = {
    damping,
    requests: offered,
    decisions: run.decisions,
    wall_s: (performance.now() - start) / 1000,
    cpu_s: (cpu.user + cpu.system) / 1e6,
    on_time: (served - late) / offered,
    cost_cores: run.costCores,
    memory_mib: process.resourceUsage().maxRSS / 1024,
  };
  results.push(result);
  console.log(
    `damping ${damping}: ${decimals(offered / 1e6, 1)} million requests, ${run.decisions} decisions in ${decimals(result.wall_s, 1)} s ` +
      `(${decimals(result.cpu_s, 1)} s of CPU); ${percent(result.on_time, 2)} % on time, ${decimals(run.costCores, 2)} cores; ` +
      `memory ${decimals(result.memory_mib, 0)} MiB`,
  );
}
const file = join(flags.out, "long-trace.json");
await writeWhole(file, `${JSON.stringify({ node: process.version, results }, null, 2)}\n`);
console.log(`Written: ${file}`);
