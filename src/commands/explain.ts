import { text } from "node:stream/consumers";
import { Command } from "commander";
import { InputError } from "../core/errors.ts";
import type { Plan } from "../core/plan.ts";
import type { DecisionJournal, FoundDecision, JournalText } from "../formats/decision-journal.ts";
import type { DecisionReport } from "../report/decision.ts";

interface ExplainFlags {
  readonly list?: true;
  readonly changes?: true;
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
    .option(
      "--list",
      "print all decisions instead, a line each: time, id, pipeline, reason, load planned for, cores and plan",
    )
    .option("--changes", "with --list: those alone that changed the plan")
    .option("--json", "print as JSON (docs/cli.md)")
    .addHelpText(
      "after",
      "\nExample:\n  kubectl logs -l app.kubernetes.io/name=ipa-controller --tail=-1 | ipa explain - 0f3c9a52b7d1e684\nExit codes: 0 made again, the same to the byte; 1 it differs; 2 wrong input.",
    )
    .action(async (words: readonly string[], { list, changes, json }: ExplainFlags) => {
      const { findDecision, parseDecisions } = await import("../formats/decision-journal.ts");

      if (changes && !list) {
        throw new InputError("bad_value", "--changes says which decisions --list prints. Give --list, too.");
      }
      const { ids, texts } = await told(words);
      if (ids.length > 1) {
        throw new InputError("bad_value", `${ids.join(", ")}: these are several decisions. Give one at a time.`);
      }
      if (ids.length === words.length) {
        throw new InputError(
          "bad_value",
          "there is no journal to look in. Give a file, a folder, or - for standard input.",
        );
      }
      const journal = parseDecisions(texts);
      for (const { place } of journal.torn) console.error(`ipa: ${place}: this line is torn, and passed over`);
      for (const { place } of journal.odd) {
        console.error(`ipa: ${place}: this line has the keys of a journal's, and is none; it is passed over`);
      }
      if (list) {
        if (ids.length > 0) throw new InputError("bad_value", `${ids.join()}: --list prints all. Leave the id out.`);
        if (journal.entries.size === 0) findDecision(journal, null);
        console.log(await listed(journal, changes ?? false, json ?? false));
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

/** Ids and journals among the words. What looks like an id, and is the name of no file, is one. */
async function told(
  words: readonly string[],
): Promise<{ readonly ids: readonly string[]; readonly texts: readonly JournalText[] }> {
  const { DECISION_ID, NEARLY_AN_ID } = await import("../formats/decision-journal.ts");
  const found = await Promise.all(
    words.map(async (word) => {
      if (DECISION_ID.test(word)) return word;
      try {
        return await read(word);
      } catch (error) {
        if (NEARLY_AN_ID.test(word) && isNoFile(error)) return word;
        throw error;
      }
    }),
  );
  return {
    ids: found.filter((one) => typeof one === "string"),
    texts: found.flatMap((one) => (typeof one === "string" ? [] : one)),
  };
}

async function read(path: string): Promise<readonly JournalText[]> {
  if (path === "-") return [{ path: "standard input", text: await text(process.stdin) }];
  const { loadDecisions } = await import("../formats/files.ts");
  try {
    return await loadDecisions(path);
  } catch (error) {
    if (!isNoFile(error) || /[./\\]/.test(path)) throw error;
    throw new InputError(error.code, `${error.message} A decision's id has 16 digits, 0 to 9 and a to f.`);
  }
}

function isNoFile(error: unknown): error is InputError {
  return error instanceof InputError && error.code === "missing_file";
}

async function listed({ entries, setups }: DecisionJournal, changes: boolean, json: boolean): Promise<string> {
  const { decisionListText, listedDecision } = await import("../report/decision-list.ts");
  /** By pipeline: of the decision before, which need not run, as where it was only recommended. */
  const plans = new Map<string, Plan>();
  const all = [...entries.values()].map(({ decision_id: id, pipeline, planner, seen, decision, meta }) => {
    const before = plans.get(pipeline) ?? seen.running;
    plans.set(pipeline, decision.plan);
    return listedDecision({
      id,
      clock: meta.clock,
      pipeline,
      before,
      decision,
      of: setups.get(planner)?.pipeline ?? null,
    });
  });
  const wanted = changes ? all.filter(({ changed }) => changed) : all;
  return json ? JSON.stringify(wanted, null, 2) : decisionListText(wanted);
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
