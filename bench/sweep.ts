// How much faster is a sweep on more threads?
//
//   node bench/sweep.ts [--quick] [--workers 2] [--out FOLDER]
//
// The video pipeline on the bursty trace, four policies, seven weights, 300 seeds (--quick: 60), as `ipa sweep` on
// one worker and on several, each a process of its own, timed from its start to its end. Rounds are interleaved;
// the fastest of each counts: what else the machine does can only slow one down. Needs idle cores. Fails unless all
// give the same bytes. Takes five minutes (--quick: 25 s), prints a table and writes sweep.json.
//
// Each thread compiles the program for itself, one to two seconds of work that one worker gets from the idle cores
// beside it, for nothing: short sweeps, as with --quick, gain less.
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { writeWhole } from "../src/formats/files.ts";
import { decimals } from "../src/report/numbers.ts";
import { textTable } from "../src/report/text-table.ts";
import { timed } from "./timing.ts";

/** What two workers should be, as a multiple of one's speed. */
const GOAL = 1.8;

const { values: flags } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    workers: { type: "string", default: "2" },
    out: { type: "string", default: "out/bench" },
  },
});
const root = fileURLToPath(new URL("..", import.meta.url));
const out = resolve(flags.out);
const seeds = flags.quick ? 60 : 300;
const rounds = flags.quick ? 1 : 3;
const counts = [1, Number(flags.workers)];
const file = join(out, "sweep.yaml");
const rows = join(out, "sweep.arrow");
mkdirSync(out, { recursive: true });
writeFileSync(
  file,
  `apiVersion: ipa.dev/v1alpha1
kind: Sweep
metadata: { name: bench }
spec:
  pipelines: [${join(root, "pipelines/video.yaml")}]
  traces: [${join(root, "traces/bursty.csv")}]
  policies: [ipa, fa2-low, fa2-high, rim]
  alpha: [0.5, 1, 2, 4, 8, 16, 32]
  seeds: [${Array.from({ length: seeds }, (_, seed) => seed).join(", ")}]
`,
);

/** Seconds that the sweep takes, and its rows. */
function sweep(workers: number): { readonly seconds: number; readonly bytes: Buffer } {
  rmSync(rows, { force: true });
  const args = [join(root, "bin/ipa.mjs"), "sweep", file, "--workers", String(workers), "--out", rows];
  const { result, ms } = timed(() => spawnSync(process.execPath, args, { encoding: "utf8" }));
  if (result.status !== 0) throw new Error(result.stderr);
  return { seconds: ms / 1000, bytes: readFileSync(rows) };
}

const measured = Array.from({ length: rounds }, () => counts.map(sweep));
const [first] = measured.flat();
if (measured.flat().some(({ bytes }) => first?.bytes.equals(bytes) !== true)) {
  throw new Error("the number of workers changed the rows");
}
const runs = 4 * 7 * seeds;
const results = counts.map((workers, c) => {
  const seconds = measured.map((round) => round[c]?.seconds ?? Infinity);
  return { workers, seconds, fastest_s: Math.min(...seconds) };
});
const one = results[0]?.fastest_s ?? NaN;
console.log(
  textTable(
    ["workers", "fastest of the rounds (s)", "runs/s", "times one worker"].map((title) => ({ title, align: "right" })),
    results.map(({ workers, fastest_s }) => [
      String(workers),
      decimals(fastest_s, 2),
      decimals(runs / fastest_s, 0),
      decimals(one / fastest_s, 2),
    ]),
  ),
);
const ratio = one / (results[1]?.fastest_s ?? NaN);
console.log(`${runs} runs, the same bytes from all; ${availableParallelism()} cores.`);
if (counts[1] === 2) console.log(`Goal: at least ${GOAL} times as fast on two: ${ratio >= GOAL ? "kept" : "missed"}.`);
const json = join(out, "sweep.json");
await writeWhole(json, `${JSON.stringify({ node: process.version, runs, results, ratio }, null, 2)}\n`);
console.log(`Written: ${json}`);
