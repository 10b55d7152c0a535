import { execFile } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Takes the program out of Debian's package without installing it, which needs no root. Rejects where it can't. */
export async function unpackPrometheus(target: string): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "ipa-prometheus-"));
  // Readable for the user "_apt", as whom apt fetches where it runs as root.
  chmodSync(directory, 0o777);
  try {
    await download(directory);
    const archive = readdirSync(directory).find((name) => name.endsWith(".deb"));
    if (archive === undefined) throw new Error("apt-get fetched no package");
    await run("dpkg", ["-x", archive, "unpacked"], { cwd: directory });
    mkdirSync(dirname(target), { recursive: true });
    copyFileSync(join(directory, "unpacked/usr/bin/prometheus"), `${target}.${process.pid}`);
    renameSync(`${target}.${process.pid}`, target);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

async function download(directory: string): Promise<void> {
  const fetch = (): Promise<unknown> => run("apt-get", ["download", "prometheus"], { cwd: directory });
  try {
    await fetch();
  } catch (error) {
    // A machine just installed has no lists of packages, and root alone may fetch them.
    if (process.getuid?.() !== 0) throw error;
    await run("apt-get", ["update"]);
    await fetch();
  }
}
