import { assetsDirectory, builtDirectory, findPrometheus, missingFrom, unpackedPrometheus } from "./binaries.ts";
import { build, CannotBuild, seconds } from "./build.ts";
import { unpackPrometheus } from "./debian-prometheus.ts";

// `npm run cluster:get`: sees to it that the programs which the cluster tests start are there.

const say = (line: string): void => void process.stderr.write(`${line}\n`);

async function getControlPlane(): Promise<void> {
  const assets = assetsDirectory();
  const directory = assets ?? builtDirectory();
  const missing = missingFrom(directory);
  if (missing.length === 0) {
    say(`control plane: found in ${directory}`);
    return;
  }
  if (assets !== null) {
    throw new CannotBuild(
      `KUBEBUILDER_ASSETS=${assets} has no ${missing.join(", ")}. Put them there, or unset it to have all built.`,
    );
  }
  const started = performance.now();
  await build(directory, say);
  say(`control plane: built in ${seconds(started)}, ${directory}`);
}

/** Its lack is no failure: the tests that need it are skipped and say so. */
async function getPrometheus(): Promise<void> {
  const found = findPrometheus();
  if (found !== null) {
    say(`prometheus: found, ${found}`);
    return;
  }
  const started = performance.now();
  try {
    await unpackPrometheus(unpackedPrometheus());
    say(`prometheus: unpacked in ${seconds(started)}, ${unpackedPrometheus()}`);
  } catch (error) {
    say(
      `prometheus: not there, so the tests that need it will be skipped. Put it on the PATH to have them run. ` +
        `Debian's package can't be had: ${error instanceof Error ? error.message.trim() : String(error)}`,
    );
  }
}

// A signal by itself would end the process without its "exit" handlers, which tidy up.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));

try {
  await getControlPlane();
  await getPrometheus();
} catch (error) {
  if (!(error instanceof CannotBuild)) throw error;
  say(error.message);
  process.exitCode = 1;
}
