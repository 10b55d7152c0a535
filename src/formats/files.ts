import { createHash } from "node:crypto";
import { mkdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { basename, dirname, isAbsolute, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { InputError } from "../core/errors.ts";
import type { Pipeline } from "../core/pipeline.ts";
import type { LstmWeights } from "../core/predictors/lstm.ts";
import type { Knowledge } from "../core/predictors/predictor.ts";
import type { Trace } from "../workload/trace.ts";
import { buildPipeline } from "./build-pipeline.ts";
import { parsePipeline, profileNames, profilePlace, type PipelineFile } from "./pipeline-file.ts";
import type { PipelineSpec } from "./pipeline-schema.ts";
import { parseProfiles, type ProfileFile } from "./profile-csv.ts";
import { unpack } from "./public-trace.ts";
import { parseTrace } from "./trace-file.ts";
import { parseLstm } from "./weights.ts";

// The only place that touches the file system.

/** What was read since the program began, by the file itself and not its name: none of it is ever written over. */
const filesRead = new Set<string>();

/** A file under whatever name or link; null if there is none. */
async function identity(path: string): Promise<string | null> {
  return stat(path).then(
    ({ dev, ino }) => `${dev}:${ino}`,
    () => null,
  );
}

/** Throws an InputError if two outputs are one file, or one is a file that was read. */
export async function refuseOverwriting(outputs: readonly string[]): Promise<void> {
  const seen = new Set<string>();
  for (const output of outputs) {
    const file = await identity(output);
    if (file !== null && filesRead.has(file)) {
      throw new InputError(
        "duplicate",
        `${output}: this file is read, and would be written over. Give the output another name.`,
      );
    }
    const place = file ?? resolve(output);
    if (seen.has(place)) {
      throw new InputError("duplicate", `${output}: this would be written twice. Give each output its own name.`);
    }
    seen.add(place);
  }
}

async function readBytes(path: string): Promise<Uint8Array> {
  try {
    const bytes = await readFile(path);
    const file = await identity(path);
    if (file !== null) filesRead.add(file);
    return bytes;
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ENOENT" || code === "ENOTDIR")
      throw new InputError("missing_file", `${path}: there is no such file. Check the path.`);
    if (code === "EISDIR") throw new InputError("wrong_kind", `${path}: this is a folder. Name a file in it.`);
    if (code === "EACCES")
      throw new InputError("missing_file", `${path}: this file may not be read. Check its permissions.`);
    throw error;
  }
}

async function readText(path: string): Promise<string> {
  return textOf(await readBytes(path), path);
}

function textOf(bytes: Uint8Array, path: string): string {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    if (!text.includes("\0")) return text;
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
  }
  throw new InputError("wrong_kind", `${path}: this is no text in UTF-8. Name another file, or save it as UTF-8.`);
}

/** Makes a folder and those it lies in. Not by mkdir's own `recursive`, which never returns where none can be made, as in /proc. */
async function makeFolder(path: string): Promise<void> {
  const make = (): Promise<void> => mkdir(path);
  await make()
    .catch(async (error: unknown) => {
      if (!hasCode(error, "ENOENT") || dirname(path) === path) throw error;
      await makeFolder(dirname(path));
      await make();
    })
    .catch(async (error: unknown) => {
      if (!hasCode(error, "EEXIST")) throw error;
      if (!(await stat(path)).isDirectory()) throw new Error(`${path} is a file, and a folder is needed`);
    });
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}

/** Writes a file whole or not at all, and never over one that was read; makes its folder if need be. */
export async function writeWhole(path: string, content: string | Uint8Array): Promise<void> {
  await refuseOverwriting([path]);
  const draft = join(dirname(path), `.${basename(path)}.${process.pid}.part`);
  try {
    await makeFolder(dirname(path));
    await writeFile(draft, content);
    await rename(draft, path);
  } catch (error) {
    // What made the writing fail may fail this too, and is what should be told.
    await rm(draft, { force: true }).catch(() => undefined);
    const reason = error instanceof Error ? error.message : String(error);
    throw new InputError("bad_value", `${path}: cannot be written (${reason}). Choose another place.`);
  }
}

/** What an experiment changes of a pipeline before it is checked and made. */
export interface PipelineChanges {
  readonly spec?: (spec: PipelineSpec["spec"]) => PipelineSpec["spec"];
  readonly profiles?: (profiles: ProfileFile) => ProfileFile;
}

/** Of the five seeds, the one with the least SMAPE on the days that it was trained on. */
const SHIPPED_LSTM = 4;

/** Reads a pipeline file and the profiles that it names, relative to it. */
export async function loadPipeline(path: string, changes: PipelineChanges = {}): Promise<Pipeline> {
  const { spec: changed = (same) => same, profiles: changeProfiles = (same) => same } = changes;
  const given = parsePipeline(await readText(path), path);
  const file = { ...given, value: { ...given.value, spec: changed(given.value.spec) } };
  const profiles = new Map<string, ProfileFile>();
  for (const name of profileNames(file)) {
    const profilePath = isAbsolute(name) ? name : join(dirname(path), name);
    profiles.set(name, changeProfiles(parseProfiles(await readNamed(file, name, profilePath), profilePath)));
  }
  return buildPipeline(file, profiles);
}

/** A profile, or an InputError that also says where the pipeline file names it. */
async function readNamed(file: PipelineFile, name: string, path: string): Promise<string> {
  try {
    return await readText(path);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    const { line, column } = profilePlace(file, name);
    throw new InputError(error.code, `${file.path}:${line}:${column}: profile: ${error.message}`);
  }
}

export async function loadTrace(path: string): Promise<Trace> {
  return parseTrace(await readText(path), path);
}

/** The weights of training seed `seed` (weights/README.md says how they came about). */
export async function loadLstm(seed = SHIPPED_LSTM): Promise<LstmWeights> {
  const path = fileURLToPath(new URL(`../../weights/lstm-${seed}.json`, import.meta.url));
  return parseLstm(await readText(path), path);
}

/** What a predictor needs to have learnt; nothing for one that learns nothing. */
export async function learntBy(predictor: string): Promise<Knowledge> {
  return predictor === "lstm" ? { lstm: await loadLstm() } : {};
}

/** The text of a file that may be packed with gzip or bzip2. */
export async function readPacked(path: string): Promise<string> {
  return textOf(unpack(await readBytes(path), path), path);
}

/** The 22-day trace in the public repository of the paper's authors, and the checksum of the unpacked file. */
export const LONG_TRACE_URL =
  "https://github.com/reconfigurable-ml-pipeline/web-service-datasets/raw/master/dataset/twitter_trace/workload.tbz2";
const LONG_TRACE_SHA256 = "2285592cbc653db1e495f4587edd38af43915b4724cc83ee4c3d13346e1e6055";

function longTraceCache(): string {
  const named = process.env["XDG_CACHE_HOME"];
  const cache = named === undefined || named === "" ? join(homedir(), ".cache") : named;
  return join(cache, "ipa", "twitter-2018.txt");
}

/** Where the 22-day trace lies: the variable IPA_TRACE, else what `ipa trace fetch` brought; null if neither. */
export async function findLongTrace(): Promise<string | null> {
  const named = process.env["IPA_TRACE"];
  if (named !== undefined && named !== "") return resolve(named);
  const cached = longTraceCache();
  return readFile(cached).then(
    () => cached,
    () => null,
  );
}

/** Fetches the 22-day trace from a path or URL, checks it, and keeps it; returns where. */
export async function fetchLongTrace(from = LONG_TRACE_URL): Promise<string> {
  if (/^\w+:\/\//.test(from) && !/^https?:/.test(from)) {
    throw new InputError(
      "not_supported",
      `${from}: only http and https can be fetched from. Give such a URL, or a path.`,
    );
  }
  const bytes = /^https?:/.test(from) ? await download(from) : await readBytes(from);
  const unpacked = unpack(bytes, from);
  const found = createHash("sha256").update(unpacked).digest("hex");
  if (found !== LONG_TRACE_SHA256) {
    throw new InputError(
      "bad_value",
      `${from}: this is not the 22-day trace: the sha256 of the unpacked file is ${found}, not ${LONG_TRACE_SHA256}. Give another place with --from.`,
    );
  }
  const cached = longTraceCache();
  await writeWhole(cached, unpacked);
  return cached;
}

async function download(url: string): Promise<Uint8Array> {
  const failed = (why: string): InputError =>
    new InputError(
      "missing_file",
      `${url}: cannot be fetched (${why}). Give another place with --from PATH or --from URL.`,
    );
  const response = await fetch(url).catch((error: unknown) => {
    throw failed(error instanceof Error ? error.message : String(error));
  });
  if (!response.ok) throw failed(`status ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}
