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
        const { findLongTrace, readPacked } = await import("../formats/files.ts");
        const { parsePublicTrace } = await import("../formats/public-trace.ts");
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
        await writeTrace(rates, flags.out);
      },
    );
}

function fetchCommand(): Command {
  return new Command("fetch")
    .description("Fetch the public 22-day Twitter trace, check it, and keep it for `ipa trace import`")
    .option("--from <path|url>", "where it is, if not in the public repository")
    .addHelpText("after", "\nExample:\n  ipa trace fetch --from workload.tbz2")
    .action(async ({ from }: { from?: string }) => {
      const { fetchLongTrace, LONG_TRACE_URL } = await import("../formats/files.ts");
      console.error(`fetching ${from ?? LONG_TRACE_URL} …`);
      console.error(`kept as ${await fetchLongTrace(from)}`);
    });
}

function generateCommand(): Command {
  const style = twitterStyle;
  return new Command("generate")
    .description(
      "Make a trace in the style of Twitter's: a daily swing, noise, bursts; the same seed gives the same bytes",
    )
    .option("--hours <n>", "length", hours, 24)
    .option("--seed <n>", "seed", numberIn(0, Number.MAX_SAFE_INTEGER, true), 1)
    .option("--mean <rps>", "mean load without bursts", numberIn(0), style.mean)
    .option("--swing <share>", "daily swing, as a share of the mean", numberIn(0, 1), style.swing)
    .option("--noise <share>", "standard deviation of the noise, as a share of the load", numberIn(0, 1), style.noise)
    .option("--bursts-per-day <n>", "bursts a day", numberIn(0), style.burstsPerDay)
    .option("--burst-factor <x>", "height of a burst, in multiples of the load", numberIn(1), style.burstFactor)
    .option("--burst-seconds <s>", "time in which a burst decays to 1/e", numberIn(0.001), style.burstSeconds)
    .option("--out <file>", "trace file to write; by default standard output")
    .addHelpText("after", "\nExample:\n  ipa trace generate --hours 2 --mean 20 --seed 3 --out load.csv")
    .action(async ({ hours: length, out, ...form }: typeof style & { hours: number; seed: number; out?: string }) => {
      const { generateTrace } = await import("../workload/generate.ts");
      await writeTrace(generateTrace({ ...form, seconds: Math.round(length * 3600) }), out);
    });
}

/** Writes a trace of rates to a file, and says so; or to standard output. */
async function writeTrace(rates: Float64Array, out: string | undefined): Promise<void> {
  const { formatTrace } = await import("../formats/trace-file.ts");
  if (out === undefined) {
    process.stdout.write(formatTrace(rates));
    return;
  }
  const { writeWhole } = await import("../formats/files.ts");
  await writeWhole(out, formatTrace(rates));
  console.error(`${out}: ${rates.length} s, ${Math.round(rates.reduce((a, b) => a + b, 0))} requests`);
}

function hours(text: string): number {
  return numberIn(0.0003, 24 * 365)(text);
}

function window(text: string): readonly [number, number] {
  const [, from, to] = /^(\d+):(\d+)$/.exec(text) ?? [];
  if (from === undefined || to === undefined || Number(from) >= Number(to)) {
    throw new InvalidArgumentError("Give two whole seconds, the first below the second, as in 0:1200.");
  }
  return [Number(from), Number(to)];
}
