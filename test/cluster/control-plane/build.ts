import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { missingFrom } from "./binaries.ts";
import { goRequired, modulesDirectory, type Program, programs, versionOf } from "./programs.ts";

/** What the user has to do something about; the message says what. */
export class CannotBuild extends Error {
  override readonly name = "CannotBuild";
}

/**
 * Builds all programs by Go. They go to a directory beside the target, which takes its name when all are there: what was
 * aborted is never found.
 */
export async function build(target: string, say: (line: string) => void): Promise<void> {
  say(`building by ${await goVersion()} into ${target}; this takes minutes, once per version`);
  const unfinished = `${target}.building-${process.pid}`;
  const tidyUp = (): void => rmSync(unfinished, { recursive: true, force: true });
  process.once("exit", tidyUp);
  try {
    mkdirSync(unfinished, { recursive: true });
    for (const [index, program] of programs.entries()) {
      const started = performance.now();
      say(`${program.name}: ${index + 1} of ${programs.length} …`);
      await compile(program, join(unfinished, program.name));
      say(`${program.name}: ${seconds(started)}`);
    }
    publish(unfinished, target);
  } finally {
    tidyUp();
  }
}

export function seconds(since: number): string {
  return `${((performance.now() - since) / 1000).toFixed(0)} s`;
}

/** Asked in a module, since Go may take a newer version of itself for the sake of go.mod. */
async function goVersion(): Promise<string> {
  const advice =
    `Install Go ${goRequired()} or newer (https://go.dev/dl), ` +
    "or point KUBEBUILDER_ASSETS at programs that you have.";
  const { code, out, err } = await go("kubernetes", ["env", "GOVERSION"]).catch(() => {
    throw new CannotBuild(`there is no \`go\` on the PATH to build the control plane by. ${advice}`);
  });
  if (code === 0) return out.trim();
  throw new CannotBuild(`Go can't build the control plane: ${err.trim()}. ${advice}`);
}

async function compile({ name, module, package: command }: Program, output: string): Promise<void> {
  const flags = ["-trimpath", "-ldflags", ["-s -w", ...versionStamps(module)].join(" ")];
  const { code, err } = await go(module, ["build", ...flags, "-o", output, command]);
  if (code !== 0) throw new CannotBuild(`${name} was not built:\n${err.trim().split("\n").slice(-20).join("\n")}`);
}

/** Kubernetes takes its version from the linker; unstamped it is 0.0.0, which clients refuse. */
function versionStamps(module: Program["module"]): readonly string[] {
  if (module !== "kubernetes") return [];
  const version = versionOf("kubernetes");
  const [major, minor] = version.split(".");
  const stamps = { gitVersion: `v${version}`, gitMajor: major, gitMinor: minor };
  return Object.entries(stamps).map(([key, value]) => `-X k8s.io/component-base/version.${key}=${value}`);
}

interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

let running: ChildProcess | null = null;
process.once("exit", () => running?.kill("SIGKILL"));

/** Rejects where there is no Go. */
function go(module: Program["module"], args: readonly string[]): Promise<Ran> {
  // A workspace or flags of the user's are for their own code.
  const env = { ...process.env, CGO_ENABLED: "0", GOWORK: "off", GOFLAGS: "-mod=readonly" };
  return new Promise((resolve, reject) => {
    const child = spawn("go", args, { cwd: join(modulesDirectory, module), env, stdio: ["ignore", "pipe", "pipe"] });
    running = child;
    let out = "";
    let err = "";
    child.stdout.on("data", (chunk) => (out += String(chunk)));
    child.stderr.on("data", (chunk) => (err += String(chunk)));
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, out, err }));
  });
}

function publish(unfinished: string, target: string): void {
  mkdirSync(dirname(target), { recursive: true });
  try {
    renameSync(unfinished, target);
  } catch (error) {
    // Another build may have come first; its programs are the same.
    if (missingFrom(target).length > 0) throw error;
  }
}
