import { createHash } from "node:crypto";
import { appendFileSync, closeSync, openSync, truncateSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { basename, dirname, isAbsolute, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { InputError } from "../core/errors.ts";
import type { Pipeline } from "../core/pipeline.ts";
import type { LstmWeights } from "../core/predictors/lstm.ts";
import type { Knowledge } from "../core/predictors/predictor.ts";
import type { Figures } from "../core/sweep-row.ts";
import type { Trace } from "../workload/trace.ts";
import { buildPipeline } from "./build-pipeline.ts";
import { placeText } from "./complaints.ts";
import { formatEntry, parseJournal } from "./journal.ts";
import type { JournalText } from "./decision-journal.ts";
import { parsePipeline, profileNames, profilePlace, type PipelineFile } from "./pipeline-file.ts";
import type { PipelineSpec } from "./pipeline-schema.ts";
import { parseProfiles, type ProfileFile } from "./profile-csv.ts";
import { unpack } from "./public-trace.ts";
import { buildSweep, parseSweep, type SweepFile } from "./sweep-file.ts";
import { parseSweepTable, type SweepTable } from "./sweep-table.ts";
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
    throw unwritable(path, error);
  }
}

/** What an experiment changes of a pipeline before it is checked and made. */
export interface PipelineChanges {
  readonly spec?: (spec: PipelineSpec["spec"]) => PipelineSpec["spec"];
  readonly profiles?: (profiles: ProfileFile) => ProfileFile;
}

/** Of the five seeds, the one with the least SMAPE on the days that it was trained on. */
const SHIPPED_LSTM = 4;

function unwritable(path: string, error: unknown): InputError {
  const reason = error instanceof Error ? error.message : String(error);
  return new InputError("bad_value", `${path}: cannot be written (${reason}). Choose another place.`);
}

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
    const place = placeText(file.path, profilePlace(file, name));
    throw new InputError(error.code, `${place}: profile: ${error.message}`);
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

/** Reads a sweep file and the pipelines and traces that it names, relative to it. */
export async function loadSweep(path: string) {
  const file = parseSweep(await readText(path), path);
  const loadAll = async <T>(
    list: "pipelines" | "traces",
    load: (path: string) => Promise<T>,
  ): Promise<readonly T[]> => {
    const loaded: T[] = [];
    for (const [i, name] of file.value.spec[list].entries()) {
      const place = isAbsolute(name) ? name : join(dirname(path), name);
      loaded.push(await load(place).catch((error: unknown) => Promise.reject(namedIn(file, [list, i], error))));
    }
    return loaded;
  };
  const pipelines = await loadAll("pipelines", loadPipeline);
  const traces = await loadAll("traces", loadTrace);
  return { name: file.value.metadata.name, sweep: buildSweep(file, pipelines, traces) };
}

/** Of a file that is not there or of another kind, also where the sweep file names it; others tell their own place. */
function namedIn(file: SweepFile, [list, i]: readonly [string, number], error: unknown): unknown {
  if (!(error instanceof InputError) || !["missing_file", "wrong_kind"].includes(error.code)) return error;
  const place = placeText(file.path, file.file.place(["spec", list, i]));
  return new InputError(error.code, `${place}: spec.${list}.${i}: ${error.message}`);
}

/** Of the program itself: its code, what its predictors have learnt, and the versions of what it depends on. */
export async function programDigest(): Promise<string> {
  const root = fileURLToPath(new URL("../..", import.meta.url));
  const folders = [fileURLToPath(new URL("..", import.meta.url)), join(root, "weights")];
  const entries = await Promise.all(folders.map((folder) => readdir(folder, { recursive: true, withFileTypes: true })));
  const files = entries.flat().flatMap((entry) => (entry.isFile() ? [join(entry.parentPath, entry.name)] : []));
  const hash = createHash("sha256");
  for (const file of [...files.toSorted(), join(root, "package.json")]) {
    hash.update(relative(root, file)).update(await readFile(file));
  }
  return hash.digest("hex");
}

/** The version of the program, and of what it is made of: two that are equal compute the same. */
export async function programVersion(): Promise<string> {
  const { version } = JSON.parse(await readText(fileURLToPath(new URL("../../package.json", import.meta.url)))) as {
    readonly version: string;
  };
  return `${version}+${(await programDigest()).slice(0, 12)}`;
}

/** What may hold decisions: a file, or the files of a folder that a controller keeps, oldest first. */
export async function loadDecisions(path: string): Promise<readonly JournalText[]> {
  const found = await stat(path).catch(() => null);
  if (found?.isDirectory() !== true) return [{ path, text: await readText(path) }];
  const names = (await readdir(path)).filter((name) => name.endsWith(".jsonl"));
  if (names.length === 0) {
    throw new InputError("missing_file", `${path}: there is no file *.jsonl in this folder. Name a journal.`);
  }
  const ordered = names.toSorted((a, b) => a.localeCompare(b, "en", { numeric: true }));
  return Promise.all(ordered.map(async (name) => ({ path: join(path, name), text: await readText(join(path, name)) })));
}

/** Reads the rows of a sweep, or of a shard of it. */
export async function loadSweepTable(path: string): Promise<SweepTable> {
  return parseSweepTable(await readBytes(path), path);
}

/** The rows that an earlier sweep left in its output; null if there are none. Unlike an input it may be written over. */
export async function findSweepTable(path: string): Promise<SweepTable | null> {
  const bytes = await readFile(path).catch(() => null);
  try {
    return bytes === null ? null : parseSweepTable(bytes, path);
  } catch (error) {
    if (error instanceof InputError) return null;
    throw error;
  }
}

/** The finished runs of a sweep that is not, by their keys. */
export interface Journal {
  readonly done: ReadonlyMap<string, Figures>;
  /** Keeps a run; it is in the file when this returns, even if the process is killed then. */
  readonly add: (run: string, figures: Figures) => void;
  readonly close: () => void;
}

async function readJournal(path: string): Promise<string> {
  return readFile(path, "utf8").catch((error: unknown) => {
    if (hasCode(error, "ENOENT")) return "";
    throw unwritable(path, error);
  });
}

/** The runs that an unfinished sweep's journal holds; none if there is no journal. */
export async function findJournal(path: string): Promise<ReadonlyMap<string, Figures>> {
  return parseJournal(await readJournal(path), path).done;
}

/** Opens the journal of a sweep to add to it; makes it if need be. */
export async function openJournal(path: string): Promise<Journal> {
  const { done, whole } = parseJournal(await readJournal(path), path);
  const writing = <T>(write: () => T): T => {
    try {
      return write();
    } catch (error) {
      throw unwritable(path, error);
    }
  };
  await makeFolder(dirname(path)).catch((error: unknown) => Promise.reject(unwritable(path, error)));
  const file = writing(() => openSync(path, "a"));
  // What is added must not be glued to a torn line.
  writing(() => truncateSync(path, Buffer.byteLength(whole)));
  return {
    done,
    add: (run, figures) => {
      const line = formatEntry(run, figures);
      writing(() => appendFileSync(file, line));
      // As a later process would read it, so that an interruption changes no bit.
      for (const [key, kept] of parseJournal(line, path).done) done.set(key, kept);
    },
    close: () => closeSync(file),
  };
}

export async function removeFile(path: string): Promise<void> {
  await rm(path, { force: true });
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
