import { Command, InvalidArgumentError } from "commander";
import { twitterStyle } from "../workload/generate.ts";
import { numberIn } from "./arguments.ts";

/** `ipa trace`: bring, make and look at workloads. */
export function traceCommand(): Command {
  const trace = new Command("trace")
    .description("Bring, make and look at workloads")
    .addHelpText("after", "\nExample:\n  ipa trace show traces/bursty.csv");
  trace.addCommand(showCommand()).addCommand(importCommand()).addCommand(fetchCommand()).addCommand(generateCommand());
  return trace;
}

function showCommand(): Command {
  return new Command("show")
    .description("Summarise and draw a trace")
    .argument("<trace>", "trace file (CSV: second,rps or arrival_s)")
    .option("--json", "print the summary as JSON")
    .addHelpText("after", "\nExample:\n  ipa trace show traces/bursty.csv")
    .action(async (path: string, { json }: { json?: true }) => {
      const { loadTrace } = await import("../formats/files.ts");
      const { traceSummary, traceText } = await import("../report/trace.ts");
      const { perSecond } = await import("../workload/trace.ts");
      const loaded = await loadTrace(path);
      const summary = traceSummary(loaded.name, perSecond(loaded));
      console.log(json ? JSON.stringify(summary, null, 2) : traceText(summary, perSecond(loaded)));
    });
}

function importCommand(): Command {
  return new Command("import")
    .description("Cut a window out of the public 22-day Twitter trace (plain, gzip or bzip2)")
    .argument("[file]", "the public trace; by default $IPA_TRACE, or what `ipa trace fetch` brought")
    .requiredOption("--window <from:to>", "seconds, the end excluded", window)
    .option("--damping <n>", "divide the loads by this, and round down", numberIn(1, Infinity, true), 8)
    .option("--out <file>", "trace file to write; by default standard output")
    .addHelpText(
      "after",
      "\nExample (the paper's bursty workload):\n  ipa trace import --window 1301160:1302360 --damping 8 --out bursty.csv",
    )
    .action(
      async (file: string | undefined, flags: { window: readonly [number, number]; damping: number; out?: string }) => {
        const { findLongTrace, readPacked, writeWhole } = await import("../formats/files.ts");
        const { parsePublicTrace } = await import("../formats/public-trace.ts");
        const { formatTrace } = await import("../formats/trace-file.ts");
        const { InputError } = await import("../core/errors.ts");
        const path = file ?? (await findLongTrace());
        if (path === null) {
          throw new InputError(
            "missing_file",
            "the 22-day trace is not here. Name its file, set IPA_TRACE, or run `ipa trace fetch`.",
          );
        }
        const [from, to] = flags.window;
        const rates = parsePublicTrace(await readPacked(path), path, { from, to, damping: flags.damping });
        const text = formatTrace(rates);
        if (flags.out === undefined) {
          process.stdout.write(text);
          return;
        }
        await writeWhole(flags.out, text);
        console.error(`${flags.out}: ${rates.length} s, ${rates.reduce((a, b) => a + b, 0)} requests`);
      },
    );
}

function fetchCommand(): Command {
  return new Command("fetch")
    .description("Fetch the public 22-day Twitter trace, check it, and keep it for `ipa trace import`")
    .option("--from <path|url>", "where it is, if not in the public repository")
    .addHelpText("after", "\nExample:\n  ipa trace fetch --from workload.tbz2")
    .action(async ({ from }: { from?: string }) => {
      const { fetchLongTrace } = await import("../formats/files.ts");
      console.error(`kept as ${await fetchLongTrace(from)}`);
    });
}

function generateCommand(): Command {
  const style = twitterStyle;
  return new Command("generate")
    .description(
      "Make a trace in the style of Twitter's: a daily swing, noise, bursts; the same seed gives the same bytes",
    )
    .option("--hours <n>", "length", numberIn(1 / 3600, 24 * 365), 24)
    .option("--seed <n>", "seed", numberIn(0, Number.MAX_SAFE_INTEGER, true), 1)
    .option("--mean <rps>", "mean load without bursts", numberIn(0), style.mean)
    .option("--swing <share>", "daily swing, as a share of the mean", numberIn(0, 1), style.swing)
    .option("--noise <share>", "standard deviation of the noise, as a share of the load", numberIn(0), style.noise)
    .option("--bursts-per-day <n>", "bursts a day", numberIn(0), style.burstsPerDay)
    .option("--burst-factor <x>", "height of a burst, in multiples of the load", numberIn(1), style.burstFactor)
    .option("--burst-seconds <s>", "time in which a burst decays to 1/e", numberIn(0), style.burstSeconds)
    .requiredOption("--out <file>", "trace file to write")
    .addHelpText("after", "\nExample:\n  ipa trace generate --hours 2 --mean 20 --seed 3 --out load.csv")
    .action(async ({ hours, out, ...form }: typeof style & { hours: number; seed: number; out: string }) => {
      const { writeWhole } = await import("../formats/files.ts");
      const { formatTrace } = await import("../formats/trace-file.ts");
      const { generateTrace } = await import("../workload/generate.ts");
      await writeWhole(out, formatTrace(generateTrace({ ...form, seconds: Math.round(hours * 3600) })));
      console.error(`${out}: ${Math.round(hours * 3600)} s`);
    });
}

function window(text: string): readonly [number, number] {
  const [, from, to] = /^(\d+):(\d+)$/.exec(text) ?? [];
  if (from === undefined || to === undefined || Number(from) >= Number(to)) {
    throw new InvalidArgumentError("Give two whole seconds, the first below the second, as in 0:1200.");
  }
  return [Number(from), Number(to)];
}
