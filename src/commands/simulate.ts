import { Command, InvalidArgumentError, Option } from "commander";
import type { Run } from "../core/run-log.ts";
import { policyKinds } from "../core/policies.ts";
import { predictorKinds } from "../core/predictors/kinds.ts";
import { queueingModels } from "../core/queueing/models.ts";
import { DURATION, seconds } from "../formats/quantity.ts";
import { defaultEngine, defaultQueueing, engineNames } from "../study/setup.ts";
import type { ReplayOptions } from "../study/replay.ts";
import type { SimulationFiles } from "./simulation-files.ts";
import { choiceOption, choicesOption, MOST_RPS, numberIn } from "./arguments.ts";

/** A thousandth, as in Kubernetes. */
const LEAST_CORES = 1e-3;

interface SimulateFlags extends SimulationFiles {
  readonly trace: string;
  readonly policy: readonly string[];
  readonly seed: number;
  readonly seeds: number;
  readonly engine: string;
  readonly queueing: string;
  readonly predictor?: string;
  readonly arrivals: "poisson" | "uniform" | "paper-clustered";
  readonly service: "lognormal" | "deterministic" | "exponential";
  readonly dropAfter?: number;
  readonly warmup: number;
  readonly decisionDelay: number;
  readonly clusterCores?: number;
  readonly startLoad?: number;
  readonly json?: true;
}

/** `ipa simulate`: a pipeline, a trace and policies; a table of what came of it. */
export function simulateCommand(): Command {
  return new Command("simulate")
    .description("Replay a trace through the simulator, each policy deciding in turn on the same arrivals")
    .argument("<pipeline>", "pipeline file (YAML)")
    .requiredOption("--trace <file>", "workload (CSV: second,rps or arrival_s)")
    .addOption(choicesOption("--policy <names...>", "who decides", policyKinds).default(["ipa"]))
    .option("--seed <n>", "first seed", numberIn(0, 1e15, true), 1)
    .option("--seeds <n>", "how many seeds, counted up from the first", numberIn(1, 10_000, true), 1)
    .addOption(choiceOption("--engine <name>", "how plans are found", engineNames).default(defaultEngine))
    .addOption(choiceOption("--queueing <name>", "latency model of the plans", queueingModels).default(defaultQueueing))
    .addOption(choiceOption("--predictor <name>", "instead of the pipeline's", predictorKinds))
    .addOption(
      new Option("--arrivals <law>", "instants within the trace's rates")
        .choices(["poisson", "uniform", "paper-clustered"])
        .default("poisson"),
    )
    .addOption(
      new Option("--service <law>", "noise of service times")
        .choices(["lognormal", "deterministic", "exponential"])
        .default("lognormal"),
    )
    .option("--drop-after <time>", "drop requests older than this, or `none`; by default twice the SLA", dropAge)
    .option("--warmup <time>", "leave out of the statistics what comes before", duration, 0)
    .option("--decision-delay <time>", "from a decision to its plan being in force", duration, 0)
    .option(
      "--cluster-cores <n>",
      "cores that all replicas can hold together, what does not fit waits; by default without end",
      numberIn(LEAST_CORES),
    )
    .option(
      "--start-load <rps>",
      "load whose plan is ready at 0; by default the mean of the first 10 s, or what the policy says",
      numberIn(0, MOST_RPS),
    )
    .option("--out <folder>", "write report.html, and per policy and seed a run log (Arrow)")
    .option("--report <file>", "write the report (HTML)")
    .option("--log <file>", "write the run log (Arrow); with several policies or seeds, one file each")
    .option("--requests <file>", "write a row per request (Arrow); likewise")
    .option("--visits <file>", "write a row per request and stage (Arrow); likewise")
    .option("--json", "print the results as JSON (docs/cli.md)")
    .addHelpText(
      "after",
      "\nExample:\n  ipa simulate pipelines/video.yaml --trace traces/bursty.csv --policy ipa fa2-low fa2-high rim --seeds 5 --out out",
    )
    .action(simulateAction);
}

async function simulateAction(path: string, flags: SimulateFlags): Promise<void> {
  const { learntBy, loadPipeline, loadTrace, refuseOverwriting } = await import("../formats/files.ts");
  const { summarise } = await import("../report/summary.ts");
  const { futureOf, replay, startLoads } = await import("../study/replay.ts");
  const { assemble, engineOf } = await import("../study/setup.ts");
  const { outputsOf, writeSimulation } = await import("./simulation-files.ts");
  const { traceEnd } = await import("../workload/trace.ts");
  const { Progress } = await import("./progress.ts");
  const { InputError } = await import("../core/errors.ts");
  const { policyOf } = await import("../core/policies.ts");
  const { pinsText } = await import("../report/pins.ts");

  const pipeline = await loadPipeline(path);
  const trace = await loadTrace(flags.trace);
  await refuseOverwriting(outputsOf(flags));
  const end = traceEnd(trace);
  if (flags.warmup >= end)
    throw new InputError("bad_value", `--warmup ${flags.warmup} s leaves nothing of a trace of ${end} s. Choose less.`);
  const policies = [...new Set(flags.policy)].map((name) => policyOf(pipeline, name));
  for (const { name, interval = pipeline.adaptation.interval } of policies) {
    if (flags.decisionDelay < interval) continue;
    throw new InputError(
      "bad_value",
      `--decision-delay must be shorter than the interval of policy ${name}, ${interval} s. Choose less.`,
    );
  }
  const seeds = Array.from({ length: flags.seeds }, (_, i) => flags.seed + i);
  const { engine, queueing } = flags;
  const predictor = flags.predictor ?? pipeline.adaptation.predictor;
  const learnt = await learntBy(predictor);
  const options = replayOptions(flags);
  const progress = new Progress();
  const results = [];
  for (const [p, { name: policy }] of policies.entries()) {
    const from = performance.now();
    const planner = await assemble(
      { pipeline, policy, predictor, queueing, engine },
      { future: futureOf(trace, pipeline.adaptation.loadWindow), ...learnt },
    );
    const runs: Run[] = seeds.map((seed, s) =>
      replay(planner, trace, seed, options, (now) =>
        progress.update((p + (s + now / end) / seeds.length) / policies.length, `${policy}, seed ${seed}`),
      ),
    );
    const context = {
      pipeline: pipeline.name,
      trace: trace.name,
      policy,
      seeds,
      accuracyMetric: pipeline.objective.accuracy,
      sla: pipeline.sla.seconds,
      warmup: flags.warmup,
    };
    results.push({ summary: summarise(runs, { ...context, wall: (performance.now() - from) / 1000 }), runs });
  }
  progress.done();
  const solvedBy = engineOf({ pipeline, queueing, engine });
  const setup = {
    queueing,
    engine: `${solvedBy.engine} (${solvedBy.reason})`,
    predictor,
    arrivals: flags.arrivals,
    service: flags.service,
    "drop after": flags.dropAfter === Infinity ? "never" : `${flags.dropAfter ?? 2 * pipeline.sla.seconds} s`,
    "warm-up": `${flags.warmup} s`,
    "decision delay": `${flags.decisionDelay} s`,
    ...(flags.clusterCores === undefined ? {} : { "cores of the cluster": `${flags.clusterCores}` }),
    ...Object.fromEntries(
      policies.flatMap(({ name, pins, start = "beginning" }) => [
        [
          `start load of ${name}`,
          flags.startLoad === undefined ? startLoads[start].describes : `${flags.startLoad} rps`,
        ],
        [`pins of ${name}`, pinsText(pins)],
      ]),
    ),
    seeds: seeds.join(", "),
  };
  const written = await writeSimulation(flags, pipeline, trace.name, results, setup);
  if (flags.json)
    console.log(
      JSON.stringify(
        results.map(({ summary }) => summary),
        null,
        2,
      ),
    );
  else {
    const { simulationText } = await import("../report/simulation-text.ts");
    console.log(simulationText(pipeline, trace.name, results));
    if (written.length > 0) console.log(`\nWritten: ${written.join(", ")}`);
  }
}

function replayOptions(flags: SimulateFlags): ReplayOptions {
  const { arrivals, service, warmup, decisionDelay, clusterCores, startLoad, dropAfter, requests, visits } = flags;
  return {
    arrivals,
    service,
    warmup,
    decisionDelay,
    keepRequests: requests !== undefined,
    keepVisits: visits !== undefined,
    ...(clusterCores === undefined ? {} : { clusterCores }),
    ...(startLoad === undefined ? {} : { startLoad }),
    ...(dropAfter === undefined
      ? {}
      : { drop: dropAfter === Infinity ? { kind: "none" } : { kind: "age", seconds: dropAfter } }),
  };
}

function duration(text: string): number {
  // Nothing needs no unit.
  if (text === "0") return 0;
  if (!DURATION.test(text)) throw new InvalidArgumentError("Give a time with its unit, as in 500ms, 30s or 5m.");
  return seconds(text);
}

function dropAge(text: string): number {
  if (text === "none") return Infinity;
  const age = duration(text);
  if (age === 0) throw new InvalidArgumentError("Nothing is younger than 0: give a longer time, or `none`.");
  return age;
}
