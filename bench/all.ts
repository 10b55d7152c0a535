// All benchmarks, one after the other, each in a process of its own; options are passed on to each.
//
//   node bench/all.ts [--quick] [--out FOLDER]
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

for (const name of ["solver", "solver-peers", "graphs", "frontier", "simulator", "long-trace", "sweep", "control"]) {
  console.log(`\n${name}\n`);
  const script = fileURLToPath(new URL(`${name}.ts`, import.meta.url));
  const { status } = spawnSync(process.execPath, [script, ...process.argv.slice(2)], { stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}
