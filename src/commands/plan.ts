import { Command } from "commander";
import { policyKinds } from "../core/policies.ts";
import type { Solver } from "../core/problem.ts";
import { queueingModels } from "../core/queueing/models.ts";
import { defaultEngine, defaultQueueing, engineNames } from "../study/setup.ts";
import { choiceOption, MOST_RPS, numberIn } from "./arguments.ts";

interface PlanFlags {
  readonly load: number;
  readonly policy: string;
  readonly engine: string;
  readonly queueing: string;
  readonly timeLimit?: number;
  readonly json?: true;
}

/** `ipa plan`: one decision for a load, what and why. `done` is told whether a feasible plan was found. */
export function planCommand(done: (feasible: boolean) => void): Command {
  return new Command("plan")
    .description("One decision for a load: the variant, batch size and replicas of each stage, and what binds")
    .argument("<pipeline>", "pipeline file (YAML)")
    .requiredOption("--load <rps>", "requests per second, before the load margin", numberIn(0, MOST_RPS))
    .addOption(choiceOption("--policy <name>", "what is free and what is fixed", policyKinds).default("ipa"))
    .addOption(choiceOption("--engine <name>", "how the plan is found", engineNames).default(defaultEngine))
    .addOption(choiceOption("--queueing <name>", "latency model", queueingModels).default(defaultQueueing))
    .option(
      "--time-limit <s>",
      "seconds to search the best plan; then the best one found, with a bound",
      numberIn(0.001),
    )
    .option("--json", "print the decision as JSON (docs/cli.md)")
    .addHelpText("after", "\nExample:\n  ipa plan pipelines/video.yaml --load 20 --policy fa2-high")
    .action(async (path: string, { load, policy, engine, queueing, timeLimit, json }: PlanFlags) => {
      const { learntBy, loadPipeline } = await import("../formats/files.ts");
      const { assemble, engineOf } = await import("../study/setup.ts");
      const { explain } = await import("../study/explain.ts");
      const { planReport } = await import("../report/plan.ts");

      const pipeline = await loadPipeline(path);
      const { predictor } = pipeline.adaptation;
      // One decision for a known load needs no prediction, and no future.
      const unlimited = await assemble(
        { pipeline, policy, predictor, queueing, engine },
        { future: () => load, ...(await learntBy(predictor)) },
      );
      const planner =
        timeLimit === undefined ? unlimited : { ...unlimited, solver: within(timeLimit, unlimited.solver) };
      const { decision, ...findings } = explain(planner, load, () => performance.now() / 1000);
      const report = planReport(planner, load, decision, {
        queueing,
        ...engineOf({ pipeline, queueing, engine }),
        ...findings,
      });
      if (json) console.log(JSON.stringify(report, null, 2));
      else {
        const { planText } = await import("../report/plan-text.ts");
        console.log(planText(report));
      }
      done(report.status === "optimal" || report.status === "feasible");
    });
}

/** The solver, the first solve of which, the decision, is stopped after so many seconds: what is said about it must be certain. */
function within(seconds: number, solver: Solver): Solver {
  let decided = false;
  return (problem) => {
    if (decided) return solver(problem);
    decided = true;
    const end = performance.now() + 1000 * seconds;
    return solver(problem, () => performance.now() > end);
  };
}
