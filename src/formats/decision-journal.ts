import { createHash } from "node:crypto";
import type { Observation } from "../core/cluster.ts";
import type { Decision } from "../core/decide.ts";
import { InputError } from "../core/errors.ts";
import { fromExactJson, toCanonicalJson, toExactJson } from "../core/exact-json.ts";
import type { Setup } from "../core/setup.ts";

// The journal of decisions: JSON lines, alone or between lines of others. A decision names its planner by a digest; what
// that stands for is a line of its own, once, before it.

/** A decision with all that it was made from. The keys are those of its line. */
export interface DecisionEntry {
  /** Of the inputs: the same inputs have the same id. */
  readonly decision_id: string;
  /** Namespace and name. */
  readonly pipeline: string;
  /** Digest of the setup. */
  readonly planner: string;
  readonly seen: Observation;
  readonly decision: Decision;
  readonly meta: DecisionMeta;
}

/** What no decision depends on. */
export interface DecisionMeta {
  /** When it was made, ISO 8601. */
  readonly clock: string;
  /** Of one that was given up: how long it was waited for. */
  readonly solve_seconds: number;
  readonly host: string;
  /** Versions of the program and of Node: others may compute otherwise. */
  readonly ipa: string;
  readonly node: string;
}

const ID_LENGTH = 16;

/** What a decision's id looks like. */
export const DECISION_ID = new RegExp(`^[0-9a-f]{${ID_LENGTH}}$`);

/** What may have been meant as one. */
export const NEARLY_AN_ID = /^[0-9a-f]{6,}$/i;

/** What stands for a planner in the journal. */
export function plannerDigest(setup: Setup): string {
  return sha256(toCanonicalJson(setup));
}

/** A decision for the journal; `planner` is its digest. */
export function decisionEntry({
  pipeline,
  planner,
  seen,
  decision,
  meta,
}: Omit<DecisionEntry, "decision_id">): DecisionEntry {
  return { decision_id: idOf(pipeline, planner, seen), pipeline, planner, seen, decision, meta };
}

function idOf(pipeline: string, planner: string, seen: Observation): string {
  return sha256(toCanonicalJson([pipeline, planner, seen])).slice(0, ID_LENGTH);
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** An entry as lines: its planner's before it, where that is not among those `written`, to which it is then added. */
export function decisionLines(entry: DecisionEntry, setup: Setup, written: Set<string>): string {
  const line = `${toExactJson(entry)}\n`;
  if (written.has(entry.planner)) return line;
  written.add(entry.planner);
  return `${toExactJson({ planner: entry.planner, setup })}\n${line}`;
}

/** A text that holds decisions, and what it is called. */
export interface JournalText {
  readonly path: string;
  readonly text: string;
}

export interface DecisionJournal {
  readonly paths: readonly string[];
  /** By when they were made, and then in the order of the texts; what is in several of them is here once. */
  readonly entries: ReadonlyMap<string, DecisionEntry>;
  readonly setups: ReadonlyMap<string, Setup>;
  /** Lines that were begun and not ended: their writer was killed. */
  readonly torn: readonly Line[];
  /** Lines with the keys of a decision or of a planner that are none: they are of others, or were changed. */
  readonly odd: readonly Line[];
}

interface Line {
  readonly place: string;
  readonly text: string;
}

/** How lines of a journal begin. */
const BEGINNING = /\{"(?:decision_id|planner)":/g;

/** Reads decisions and planners; lines that are neither are of others, and passed over. */
export function parseDecisions(texts: readonly JournalText[]): DecisionJournal {
  const entries = new Map<string, DecisionEntry>();
  const setups = new Map<string, Setup>();
  const torn: Line[] = [];
  const odd: Line[] = [];
  for (const { path, text } of texts) {
    for (const [l, line] of text.split("\n").entries()) {
      const place = `${path}:${l + 1}`;
      for (const one of partsOf(line)) {
        const parsed = parseLine(one);
        if (parsed === null) {
          if (one.search(BEGINNING) === 0) torn.push({ place, text: one });
        } else if ("decision_id" in parsed && "seen" in parsed && "decision" in parsed) {
          if (isEntry(parsed)) entries.set(parsed.decision_id, parsed);
          else odd.push({ place, text: one });
        } else if ("planner" in parsed && "setup" in parsed) {
          const { planner, setup } = parsed as { readonly planner: unknown; readonly setup: Setup | null };
          if (typeof planner === "string" && typeof setup?.pipeline === "object") setups.set(planner, setup);
          else odd.push({ place, text: one });
        }
      }
    }
  }
  // Logs of several Pods come one after the other, or in turns.
  const inTime = [...entries].toSorted(([, a], [, b]) => Date.parse(a.meta.clock) - Date.parse(b.meta.clock));
  return { paths: texts.map(({ path }) => path), entries: new Map(inTime), setups, torn, odd };
}

/** What of a line may be of a journal: it from its first brace on; where that is not whole, what was begun and what was written after it. */
function partsOf(line: string): readonly string[] {
  // Who collects logs may put a time or a name before each line.
  const brace = line.indexOf("{");
  if (brace === -1) return [];
  const ours = line.slice(brace);
  const begins = [...ours.matchAll(BEGINNING)].map(({ index }) => index);
  if (begins.length === 0 || (begins.length === 1 && begins[0] === 0)) return [ours];
  if (parseLine(ours) !== null) return [ours];
  return begins.map((from, b) => ours.slice(from, begins[b + 1]));
}

function parseLine(line: string): object | null {
  try {
    const value = fromExactJson(line);
    return typeof value === "object" ? value : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

function isEntry(line: object): line is DecisionEntry {
  const { decision_id, pipeline, planner, seen, decision, meta } = line as Partial<DecisionEntry>;
  return (
    [decision_id, pipeline, planner, meta?.clock, decision?.reason].every((one) => typeof one === "string") &&
    !Number.isNaN(Date.parse(meta?.clock ?? "")) &&
    typeof seen?.now === "number" &&
    Array.isArray(seen.load?.rates) &&
    [seen.running, seen.replicas, seen.stages, decision?.plan].every(Array.isArray)
  );
}

/** A decision of a journal with what its planner was made from. */
export interface FoundDecision {
  readonly entry: DecisionEntry;
  readonly setup: Setup;
}

/** The decision of an id, or the last one; an InputError if it is not there whole and as it was written. */
export function findDecision(journal: DecisionJournal, id: string | null): FoundDecision {
  const entry = id === null ? [...journal.entries.values()].at(-1) : journal.entries.get(id);
  if (entry === undefined) return missing(journal, id);
  const { decision_id, pipeline, planner, seen } = entry;
  const where = journal.paths.join(", ");
  const setup = journal.setups.get(planner);
  if (setup === undefined) {
    throw new InputError(
      "missing_file",
      `${where}: decision ${decision_id} was made by planner ${planner}, which no line tells. ` +
        `It was written once, before the first decision by it: give also the file or the older log that has that line.`,
    );
  }
  if (idOf(pipeline, planner, seen) !== decision_id || plannerDigest(setup) !== planner) {
    throw new InputError(
      "bad_value",
      `${where}: the inputs of decision ${decision_id} are not those that it was made from. ` +
        `Give the journal as it was written; some tools round the numbers that they pass on.`,
    );
  }
  return { entry, setup };
}

/** How many decisions are named where one is not found. */
const NAMED = 5;

function missing({ paths, entries, torn }: DecisionJournal, id: string | null): never {
  const where = paths.join(", ");
  const tornHere = torn.find(({ text }) => id === null || text.includes(`"decision_id":"${id}"`));
  const cut =
    tornHere === undefined ? "" : ` ${tornHere.place} holds a part of it, and was cut when its writer was stopped.`;
  if (entries.size === 0) {
    throw new InputError(
      "wrong_kind",
      `${where}: there is no whole decision in it.${cut} Give what \`ipa control\` wrote to standard output or to its --journal.`,
    );
  }
  const near = id === null ? [] : nearest(id, [...entries.keys()]);
  const named = (near.length > 0 ? near : [...entries.keys()].slice(-NAMED)).flatMap((one) => entries.get(one) ?? []);
  const told = named.map((one) => `${one.decision_id} (${one.pipeline}, ${one.meta.clock})`);
  throw new InputError(
    "unknown_name",
    `${where}: there is no whole decision ${id}.${cut} ${near.length > 0 ? "Is it" : "The last are"} ${told.join(", ")}` +
      `${near.length > 0 ? "?" : "."} --list names all.`,
  );
}

/** The ids that differ from one in a place or two, nearest first: they begin, or end, as it does. */
function nearest(id: string, ids: readonly string[]): readonly string[] {
  const wanted = id.toLowerCase();
  return ids
    .map((one) => ({ one, alike: commonStart(one, wanted) + commonStart(reversed(one), reversed(wanted)) }))
    .filter(({ alike }) => alike >= Math.min(ID_LENGTH / 2, wanted.length))
    .toSorted((a, b) => b.alike - a.alike)
    .slice(0, NAMED)
    .map(({ one }) => one);
}

function commonStart(a: string, b: string): number {
  let length = 0;
  while (length < Math.min(a.length, b.length) && a[length] === b[length]) length++;
  return length;
}

function reversed(text: string): string {
  return text.split("").reverse().join("");
}
