import { text } from "node:stream/consumers";
import { Command } from "commander";
import { InputError } from "../core/errors.ts";
import type { DecisionEntry, FoundDecision, JournalText } from "../formats/decision-journal.ts";
import type { DecisionReport } from "../report/decision.ts";

interface ExplainFlags {
  readonly list?: true;
  readonly json?: true;
}

/** `ipa explain`: makes a recorded decision again, and says what was behind it. `done` is told whether it is the same. */
export function explainCommand(done: (reproduced: boolean) => void): Command {
  return new Command("explain")
    .description("Makes a decision of a controller's journal again, offline, and says what bound it")
    .argument(
      "<journal...>",
      "files or folders that hold the decision and its planner, or - for standard input; then the decision's id, by default the last one's",
    )
    .option("--list", "print the decisions instead: id, time, pipeline and reason")
    .option("--json", "print as JSON (docs/cli.md)")
    .addHelpText(
      "after",
      "\nExample:\n  kubectl logs -l app.kubernetes.io/name=ipa-controller --tail=-1 | ipa explain - 0f3c9a52b7d1e684\nExit codes: 0 made again, the same to the byte; 1 it differs; 2 wrong input.",
    )
    .action(async (words: readonly string[], { list, json }: ExplainFlags) => {
      const { DECISION_ID, findDecision, parseDecisions } = await import("../formats/decision-journal.ts");

      const ids = words.filter((word) => DECISION_ID.test(word));
      const paths = words.filter((word) => !DECISION_ID.test(word));
      if (ids.length > 1) {
        throw new InputError("bad_value", `${ids.join(", ")}: these are several decisions. Give one at a time.`);
      }
      if (paths.length === 0) {
        throw new InputError(
          "bad_value",
          "there is no journal to look in. Give a file, a folder, or - for standard input.",
        );
      }
      const journal = parseDecisions((await Promise.all(paths.map(read))).flat());
      for (const { place } of journal.torn) console.error(`ipa: ${place}: this line is torn, and passed over`);
      if (list) {
        console.log(listed([...journal.entries.values()], json));
        return;
      }
      const report = await explained(findDecision(journal, ids[0] ?? null));
      if (json) console.log(JSON.stringify(report, null, 2));
      else {
        const { decisionText } = await import("../report/decision-text.ts");
        console.log(decisionText(report));
      }
      done(report.reproduced);
    });
}

async function read(path: string): Promise<readonly JournalText[]> {
  if (path === "-") return [{ path: "standard input", text: await text(process.stdin) }];
  const { loadDecisions } = await import("../formats/files.ts");
  try {
    return await loadDecisions(path);
  } catch (error) {
    if (!(error instanceof InputError) || error.code !== "missing_file" || /[./\\]/.test(path)) throw error;
    throw new InputError(error.code, `${error.message} A decision's id has 16 digits, 0 to 9 and a to f.`);
  }
}

function listed(entries: readonly DecisionEntry[], json: true | undefined): string {
  const rows = entries.map(({ decision_id, pipeline, decision, meta }) => ({
    decision_id,
    clock: meta.clock,
    pipeline,
    reason: decision.reason,
  }));
  if (json) return JSON.stringify(rows, null, 2);
  return rows
    .map(({ decision_id, clock, pipeline, reason }) => `${decision_id}  ${clock}  ${pipeline}  ${reason}`)
    .join("\n");
}

async function explained({ entry, setup }: FoundDecision): Promise<DecisionReport> {
  const { learntBy, programVersion } = await import("../formats/files.ts");
  const { assemble, engineOf } = await import("../study/setup.ts");
  const { explainDecision } = await import("../study/explain-decision.ts");
  const { decisionReport } = await import("../report/decision.ts");

  const { decision_id: id, pipeline, seen, decision, meta } = entry;
  const planner = await assemble(setup, await learntBy(setup.predictor));
  const findings = {
    id,
    pipeline,
    clock: meta.clock,
    recordedBy: { ipa: meta.ipa, node: meta.node },
    explainedBy: { ipa: await programVersion(), node: process.version },
    running: seen.running,
    loadEnd: seen.load.end,
    ...explainDecision(planner, seen, decision),
  };
  const { engine, reason } = engineOf(setup);
  return decisionReport(findings, { queueing: setup.queueing, engine, reason, solveSeconds: meta.solve_seconds });
}
