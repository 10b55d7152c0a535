import { accessSync, constants } from "node:fs";
import { arch, homedir, platform } from "node:os";
import { delimiter, join } from "node:path";
import { programs, versionOf } from "./programs.ts";

// Where the programs of a control plane are. Nothing is built or fetched here; `get.ts` does that.

export interface Binaries {
  /** Holds every one of `programs`. */
  readonly directory: string;
  /** Path of the program; null where there is none, and then what needs it is skipped. */
  readonly prometheus: string | null;
}

export function findBinaries(): Binaries | { readonly missing: string } {
  const assets = assetsDirectory();
  const directory = assets ?? builtDirectory();
  const absent = missingFrom(directory);
  if (absent.length === 0) return { directory, prometheus: findPrometheus() };
  if (assets === null) return { missing: "the control plane is not built: run `npm run cluster:get`" };
  return {
    missing:
      `KUBEBUILDER_ASSETS=${assets} has no ${absent.join(", ")}: put them there, ` +
      "or unset it and run `npm run cluster:get`",
  };
}

/** Where the user's own programs are said to be, as envtest reads it. */
export function assetsDirectory(): string | null {
  return process.env["KUBEBUILDER_ASSETS"] || null;
}

/** Names of the programs that a directory lacks. */
export function missingFrom(directory: string): readonly string[] {
  return programs.map(({ name }) => name).filter((name) => !isExecutable(join(directory, name)));
}

/** Outside the checkout, so that a fresh clone need not build again; named by all that decides what is in it. */
export function builtDirectory(): string {
  const versions = (["kubernetes", "etcd", "kwok"] as const).map((module) => `${module}-${versionOf(module)}`);
  return join(cacheDirectory(), [...versions, platform(), arch()].join("-"));
}

/** Where Debian's package is unpacked to. */
export function unpackedPrometheus(): string {
  return join(cacheDirectory(), `prometheus-debian-${arch()}`, "prometheus");
}

export function findPrometheus(): string | null {
  const onPath = (process.env["PATH"] ?? "").split(delimiter).map((directory) => join(directory, "prometheus"));
  return [...onPath, unpackedPrometheus()].find(isExecutable) ?? null;
}

function cacheDirectory(): string {
  return join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "ipa-control-plane");
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
