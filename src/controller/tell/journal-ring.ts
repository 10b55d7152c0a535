import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Setup } from "../../core/setup.ts";
import { decisionLines, parseDecisions, type DecisionEntry } from "../../formats/decision-journal.ts";

export interface RingOptions {
  /** Most bytes of all files together; a file is ended at its share of them. */
  readonly maxBytes: number;
  /** Most files; at least 2, since the oldest goes when the newest is begun. */
  readonly files: number;
}

/** The newest decisions, in files that each can be read alone. */
export interface JournalRing {
  /** Keeps a decision; it is in the file when this returns, even if the process is killed then. */
  readonly add: (entry: DecisionEntry, setup: Setup) => void;
}

const NAME = /^decisions-([1-9][0-9]*)\.jsonl$/;

/**
 * Opens the ring of a folder, which it makes if need be, and goes on with the newest file of it. One process at a time may
 * write there. Throws what the file system does, also on adding: a controller whose disk is full must say so and go on.
 */
export function openRing(directory: string, { maxBytes, files }: RingOptions): JournalRing {
  if (files < 2) throw new RangeError(`a ring of ${files} files would lose all decisions at once; it needs 2`);
  make(directory);
  const share = maxBytes / files;
  let numbers = keepNewest(numbersIn(directory));
  let current = numbers.at(-1) ?? begin();
  let { size, planners, torn } = resume(pathOf(current));
  // Whether it may be written must not turn out at the first decision.
  appendFileSync(pathOf(current), "");
  return { add };

  function add(entry: DecisionEntry, setup: Setup): void {
    // Another set, so that what could not be written does not count as written.
    let written = new Set(planners);
    let lines = decisionLines(entry, setup, written);
    if (size > 0 && size + Buffer.byteLength(lines) > share) {
      current = begin();
      [size, torn] = [0, false];
      written = new Set();
      lines = decisionLines(entry, setup, written);
    }
    // Nothing must be glued to a line that was begun and not ended.
    if (torn) lines = `\n${lines}`;
    torn = true;
    appendFileSync(pathOf(current), lines);
    [torn, planners] = [false, written];
    size += Buffer.byteLength(lines);
  }

  function begin(): number {
    const next = (numbers.at(-1) ?? 0) + 1;
    numbers = keepNewest([...numbers, next]);
    return next;
  }

  function keepNewest(all: readonly number[]): readonly number[] {
    for (const old of all.slice(0, -files)) rmSync(pathOf(old), { force: true });
    return all.slice(-files);
  }

  function pathOf(number: number): string {
    return join(directory, `decisions-${number}.jsonl`);
  }
}

/** A folder and those above it. Node's own `recursive` never returns where a file system has no room for folders, as /proc. */
function make(directory: string): void {
  const above = dirname(directory);
  if (!existsSync(above) && above !== directory) make(above);
  try {
    mkdirSync(directory);
  } catch (error) {
    if (!statSync(directory, { throwIfNoEntry: false })?.isDirectory()) throw error;
  }
}

/** Numbers of the files that are there, ascending. */
function numbersIn(directory: string): readonly number[] {
  const numbers = readdirSync(directory).flatMap((name) => NAME.exec(name)?.slice(1, 2) ?? []);
  return numbers.map(Number).toSorted((a, b) => a - b);
}

/** What of a file is there already: its length, whose planners' lines it has, and whether its last line was ended. */
function resume(path: string): { size: number; planners: ReadonlySet<string>; torn: boolean } {
  const text = existsSync(path) ? readFileSync(path, "utf8") : "";
  const { setups } = parseDecisions([{ path, text }]);
  return { size: Buffer.byteLength(text), planners: new Set(setups.keys()), torn: text !== "" && !text.endsWith("\n") };
}
