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
  /** In the order of the texts; what is in several of them is here once. */
  readonly entries: ReadonlyMap<string, DecisionEntry>;
  readonly setups: ReadonlyMap<string, Setup>;
  /** Lines that were begun and not ended: their writer was killed. */
  readonly torn: readonly TornLine[];
}

interface TornLine {
  readonly place: string;
  readonly text: string;
}

/** Reads decisions and planners; lines that are neither are of others, and passed over. */
export function parseDecisions(texts: readonly JournalText[]): DecisionJournal {
  const entries = new Map<string, DecisionEntry>();
  const setups = new Map<string, Setup>();
  const torn: TornLine[] = [];
  for (const { path, text } of texts) {
    for (const [l, line] of text.split("\n").entries()) {
      const place = `${path}:${l + 1}`;
      // Who collects logs may put a time or a name before each line.
      const ours = line.slice(Math.max(0, line.indexOf("{")));
      if (!ours.startsWith("{")) continue;
      const parsed = parseLine(ours);
      if (parsed === null) {
        if (/^\{"(?:decision_id|planner)":/.test(ours)) torn.push({ place, text: ours });
      } else if ("decision_id" in parsed && "seen" in parsed && "decision" in parsed) {
        const entry = checkedEntry(parsed, place);
        entries.set(entry.decision_id, entry);
      } else if ("planner" in parsed && "setup" in parsed) {
        const { planner, setup } = parsed as { readonly planner: unknown; readonly setup: Setup | null };
        if (typeof planner !== "string" || typeof setup?.pipeline !== "object") refuse(place, "planner");
        else setups.set(planner, setup);
      }
    }
  }
  return { paths: texts.map(({ path }) => path), entries, setups, torn };
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

function checkedEntry(line: object, place: string): DecisionEntry {
  const { decision_id, pipeline, planner, seen, decision, meta } = line as Partial<DecisionEntry>;
  const good =
    [decision_id, pipeline, planner, meta?.clock, decision?.reason].every((one) => typeof one === "string") &&
    typeof seen?.now === "number" &&
    Array.isArray(seen.load?.rates) &&
    [seen.running, seen.replicas, seen.stages, decision?.plan].every(Array.isArray);
  return good ? (line as DecisionEntry) : refuse(place, "decision");
}

function refuse(place: string, what: string): never {
  throw new InputError(
    "wrong_kind",
    `${place}: this line has the keys of a ${what}, and is none. Take it out, or give the journal as it was written.`,
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

/** How many of the last decisions are named where one is not found. */
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
  const last = [...entries.values()]
    .slice(-NAMED)
    .map((one) => `${one.decision_id} (${one.pipeline}, ${one.meta.clock})`);
  throw new InputError(
    "unknown_name",
    `${where}: there is no whole decision ${id}.${cut} The last are ${last.join(", ")}. --list names all.`,
  );
}
