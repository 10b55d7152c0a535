import { InputError } from "../core/errors.ts";
import { figureColumns, hasColumns, type Figures } from "../core/sweep-row.ts";

// The journal of an unfinished sweep: JSON lines, one for each run that is done, under a key that says all
// that the run depends on.

/** How every entry begins. */
const BEGINNING = '{"run":"';

/** A run that is done, as a line. */
export function formatEntry(run: string, figures: Figures): string {
  return `${JSON.stringify({ run, figures })}\n`;
}

/** The runs that are done, and the text without a last line that was torn when its writer was killed. */
export function parseJournal(
  text: string,
  path: string,
): { readonly done: Map<string, Figures>; readonly whole: string } {
  const whole = text.slice(0, text.lastIndexOf("\n") + 1);
  const done = new Map<string, Figures>();
  const lines = whole.split("\n").slice(0, -1);
  const refuse = (line: number): never => {
    throw new InputError(
      "wrong_kind",
      `${path}:${line + 1}: this is no line of a sweep's journal. Remove the file to begin anew, or choose another output.`,
    );
  };
  for (const [l, line] of lines.entries()) {
    const [run, figures] = parseEntry(line) ?? refuse(l);
    done.set(run, figures);
  }
  // Another program's file must not be taken for a torn line and cut.
  if (!BEGINNING.startsWith(text.slice(whole.length, whole.length + BEGINNING.length))) refuse(lines.length);
  return { done, whole };
}

function parseEntry(line: string): readonly [run: string, figures: Figures] | null {
  try {
    const entry: unknown = JSON.parse(line);
    if (typeof entry !== "object" || entry === null || !("run" in entry) || !("figures" in entry)) return null;
    const { run, figures } = entry;
    return typeof run === "string" && hasColumns(figureColumns, figures) ? [run, figures] : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
