import { Command } from "commander";
import { policyKinds } from "../core/policies.ts";
import { queueingModels } from "../core/queueing/models.ts";
import { defaultEngine, defaultQueueing, engineNames } from "../study/setup.ts";
import { choiceOption, MOST_RPS, numberIn } from "./arguments.ts";

interface FrontierFlags {
  readonly load: number;
  readonly policy: string;
  readonly engine: string;
  readonly queueing: string;
  readonly plot?: string;
  readonly json?: true;
}

/** `ipa frontier`: all trade-offs between accuracy and cost at a load. `done` is told whether there are any. */
export function frontierCommand(done: (feasible: boolean) => void): Command {
  return new Command("frontier")
    .description("All best trade-offs between accuracy and cost for a load, and the weights that would choose each")
    .argument("<pipeline>", "pipeline file (YAML)")
    .requiredOption("--load <rps>", "requests per second, before the load margin", numberIn(0, MOST_RPS))
    .addOption(choiceOption("--policy <name>", "what is free and what is fixed", policyKinds).default("ipa"))
    .addOption(choiceOption("--engine <name>", "how plans are found", engineNames).default(defaultEngine))
    .addOption(choiceOption("--queueing <name>", "latency model", queueingModels).default(defaultQueueing))
    .option("--plot <file>", "draw the trade-offs (SVG)")
    .option("--json", "print them as JSON (docs/cli.md)")
    .addHelpText("after", "\nExample:\n  ipa frontier pipelines/video.yaml --load 20 --plot frontier.svg")
    .action(async (path: string, { load, policy, engine, queueing, plot, json }: FrontierFlags) => {
      const { learntBy, loadPipeline, refuseOverwriting, writeWhole } = await import("../formats/files.ts");
      const { assemble, engineOf } = await import("../study/setup.ts");
      const { tradeOffs } = await import("../study/frontier.ts");
      const { frontierReport, frontierText } = await import("../report/frontier.ts");

      const pipeline = await loadPipeline(path);
      if (plot !== undefined) await refuseOverwriting([plot]);
      const { predictor } = pipeline.adaptation;
      const planner = await assemble(
        { pipeline, policy, predictor, queueing, engine },
        { future: () => load, ...(await learntBy(predictor)) },
      );
      const from = performance.now();
      const found = tradeOffs(planner, load);
      const solveSeconds = (performance.now() - from) / 1000;
      const report = frontierReport(planner, load, found, {
        queueing,
        ...engineOf({ pipeline, queueing, engine }),
        solveSeconds,
      });
      if (plot !== undefined && report.points.length > 0) {
        const { frontierChart } = await import("../report/charts.ts");
        const { pictureOf } = await import("../report/picture.ts");
        await writeWhole(plot, pictureOf(frontierChart(report, 640)));
        console.error(`Written: ${plot}`);
      }
      console.log(json ? JSON.stringify(report, null, 2) : frontierText(report));
      done(report.points.length > 0);
    });
}
