import { Command, CommanderError } from "commander";
import { controlCommand } from "./commands/control.ts";
import { explainCommand } from "./commands/explain.ts";
import { frontierCommand } from "./commands/frontier.ts";
import { planCommand } from "./commands/plan.ts";
import { simulateCommand } from "./commands/simulate.ts";
import { sweepCommand } from "./commands/sweep.ts";
import { traceCommand } from "./commands/trace.ts";
import { InputError } from "./core/errors.ts";

/** Exit codes: what was asked was done; it was not (no feasible plan, another decision, or a fault of ours); the input is wrong. */
const [DONE, NOT_DONE, BAD_INPUT] = [0, 1, 2];

/** Runs the command line; returns the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  const program = new Command("ipa")
    .description(
      "Plans, simulates and controls multi-model inference pipelines at the best trade-off of accuracy, latency and cost.",
    )
    .version("0.1.0")
    .exitOverride()
    // So that the options of `ipa sweep merge` are not taken for those of `ipa sweep`.
    .enablePositionalOptions()
    .showHelpAfterError("(--help shows how it is used)")
    .addHelpText(
      "after",
      `
Start here:
  ipa plan pipelines/video.yaml --load 20
  ipa simulate pipelines/video.yaml --trace traces/bursty.csv --policy ipa fa2-high
  ipa sweep sweeps/video.yaml
Exit codes: 0 done; 1 no feasible plan, a decision that is not reproduced, or a fault in ipa; 2 wrong input.`,
    );
  // Who reads only the first lines, as `head` does, has what he wants.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(exitCode);
    throw error;
  });
  let exitCode: number = DONE;
  const done = (feasible: boolean): void => {
    if (!feasible) exitCode = NOT_DONE;
  };
  const commands = [
    planCommand(done),
    frontierCommand(done),
    simulateCommand(),
    sweepCommand(),
    traceCommand(),
    explainCommand(done),
    controlCommand(),
  ];
  for (const command of commands) {
    program.addCommand(inherit(command, program));
  }
  try {
    await program.parseAsync(known(program, args) ? args : args.filter((word) => !HELP.includes(word)), {
      from: "user",
    });
    return exitCode;
  } catch (error) {
    if (error instanceof InputError) {
      console.error(`ipa: ${error.message}`);
      return BAD_INPUT;
    }
    if (error instanceof CommanderError) return error.exitCode === 0 ? DONE : BAD_INPUT;
    console.error(error);
    console.error("ipa: this is a fault in ipa, not in your input; please report it with the lines above.");
    return NOT_DONE;
  }
}

const HELP: readonly string[] = ["-h", "--help"];

/** Whether the command that is named exists; of one that does not, commander would show its parent's help and be content. */
function known(program: Command, [name = "", ...rest]: readonly string[]): boolean {
  if (name === "" || name.startsWith("-") || program.commands.length === 0) return true;
  const command = program.commands.find((one) => one.name() === name);
  if (command === undefined) return name === "help" || program.registeredArguments.length > 0;
  return known(command, rest);
}

/** Commands that are added whole do not throw instead of exiting as their parents do, unless told to. */
function inherit(command: Command, parent: Command): Command {
  command.copyInheritedSettings(parent);
  for (const child of command.commands) inherit(child, command);
  return command;
}
