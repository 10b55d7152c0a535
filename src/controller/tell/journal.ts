import { decisionEntry, decisionLines } from "../../formats/decision-journal.ts";
import type { Context } from "../context.ts";
import type { JournalRing } from "./journal-ring.ts";
import { printedPlanners } from "./printed-planners.ts";

/** Who writes a journal. */
export interface Writer {
  readonly host: string;
  /** Version of the program. */
  readonly version: string;
  /** Takes lines of text. */
  readonly print: (lines: string) => void;
  /** Keeps them too; null: nothing does. */
  readonly ring: JournalRing | null;
  readonly failed: (error: unknown) => void;
}

/** Notes each decision with all that it was made from. What cannot be kept is told, and stops nothing. */
export function journalOf({ host, version, print, ring, failed }: Writer): Context["journal"] {
  const printed = printedPlanners();
  return (pipeline, { setup, digest }, { seen, decision, seconds }) => {
    const entry = decisionEntry({
      pipeline,
      planner: digest,
      seen,
      decision,
      meta: {
        clock: new Date(seen.now * 1000).toISOString(),
        solve_seconds: seconds,
        host,
        ipa: version,
        node: process.version,
      },
    });
    const lines = decisionLines(entry, setup, printed.stillThere(seen.now));
    print(lines);
    printed.add(digest, lines.length, seen.now);
    try {
      ring?.add(entry, setup);
    } catch (error) {
      failed(error);
    }
    return entry.decision_id;
  };
}
