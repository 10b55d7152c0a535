import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { setFlagsFromString } from "node:v8";
import { Command, InvalidArgumentError } from "commander";
import type { Surroundings } from "../controller/context.ts";
import type { Leadership } from "../controller/controller.ts";
import type { JournalRing, openRing as openJournalRing } from "../controller/tell/journal-ring.ts";
import { modeKinds, type Mode } from "../core/control.ts";
import { InputError } from "../core/errors.ts";
import { queueingModels } from "../core/queueing/models.ts";
import { defaultEngine, defaultQueueing, engineNames } from "../study/setup.ts";
import { choiceOption, numberIn } from "./arguments.ts";

interface ControlFlags {
  readonly namespace: readonly string[];
  readonly kubeconfig?: string;
  readonly maxMode: Mode;
  readonly prometheus?: string;
  readonly prometheusCa?: string;
  readonly prometheusTokenFile?: string;
  readonly kubeQps: number;
  readonly decisionTimeout: number;
  readonly journal?: string;
  readonly port: number;
  readonly leaseNamespace?: string;
  readonly leaseName: string;
  readonly leaseSeconds: number;
  readonly queueing: string;
  readonly engine: string;
}

/** Names of namespaces, one a time that the option is given. */
function collect(name: string, before: readonly string[] = []): readonly string[] {
  if (/^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/.test(name)) return [...before, name];
  throw new InvalidArgumentError("Give the name of one namespace: lower-case letters, digits and -.");
}

/** `ipa control`: the loop, on a Kubernetes cluster. */
export function controlCommand(): Command {
  return new Command("control")
    .description("Controls the pipelines of a Kubernetes cluster: the same decisions as in a simulation, on real load")
    .requiredOption("--namespace <name>", "namespace whose pipelines are controlled; give it again for more", collect)
    .option(
      "--kubeconfig <file>",
      "how the cluster is reached; by default by the files of KUBECONFIG, in a Pod as its service account, else by ~/.kube/config",
    )
    .addOption(
      choiceOption("--max-mode <mode>", "no pipeline goes further than this, whatever it says", modeKinds).default(
        "Act",
      ),
    )
    .option("--prometheus <url>", "where loads, service times and latencies are measured; without it none is known")
    .option("--prometheus-ca <file>", "certificates that its own is checked against")
    .option("--prometheus-token-file <file>", "bearer token for it, read anew for each query")
    .option("--kube-qps <n>", "calls per second to the API server; twice as many at once", numberIn(0.1, 1000), 20)
    .option(
      "--decision-timeout <s>",
      "a decision that takes longer is given up, and the plan held",
      numberIn(0.01, 600),
      1,
    )
    .option("--journal <dir>", "keep the decisions in a ring of files here too (docs/cli.md)")
    .option("--port <n>", "for /healthz, /readyz and /metrics", numberIn(0, 65_535, true), 8080)
    .option(
      "--lease-namespace <name>",
      "where the Lease is by which one of several controllers leads; the first --namespace by default",
    )
    .option("--lease-name <name>", "its name", "ipa-controller")
    .option("--lease-seconds <s>", "how long others wait for a leader that is silent", numberIn(1, 600), 15)
    .addOption(choiceOption("--engine <name>", "how the plan is found", engineNames).default(defaultEngine))
    .addOption(choiceOption("--queueing <name>", "latency model", queueingModels).default(defaultQueueing))
    .addHelpText(
      "after",
      `
It needs a Prometheus that counts the requests of the pipelines: where no load is known no plan is made (but for one's spec.load.fallback).
Until you believe its recommendations, give --max-mode Recommend: then nothing is changed but the status of pipelines.

One JSON line a decision goes to standard output; \`ipa explain\` reads them. Everything else goes to standard error, as JSON lines too.
Exit codes: 0 told to end (SIGTERM, SIGINT); 2 wrong input; 1 a fault in ipa.

Example:
  ipa control --namespace shop --prometheus http://localhost:9090 --max-mode Recommend`,
    )
    .action(async (flags: ControlFlags) => {
      // Little is young at a time: the room that grows for it while the program is loaded would be held for ever, 35 MB.
      setFlagsFromString("--semi-space-growth-factor=1");
      // And of what is old, collected before there is as much again: a controller has time, and shares its node's memory.
      setFlagsFromString("--heap-growing-percent=25");
      const { control } = await import("../controller/controller.ts");
      const { journalOf } = await import("../controller/tell/journal.ts");
      const { openRing } = await import("../controller/tell/journal-ring.ts");
      const { logTo } = await import("../controller/tell/log.ts");
      const { controllerMetrics } = await import("../controller/tell/metrics.ts");
      const { prometheus } = await import("../controller/see/prometheus.ts");
      const { setupsWith } = await import("../controller/setups.ts");
      const { programVersion } = await import("../formats/files.ts");
      const { connect } = await import("../kube/client.ts");
      const { isOfPod } = await import("../kube/kubeconfig.ts");
      const { decideThread } = await import("./decide-thread.ts");

      const { prometheus: url, prometheusCa: caFile, prometheusTokenFile: tokenFile } = flags;
      checkFiles(url, { "--prometheus-ca": caFile, "--prometheus-token-file": tokenFile });
      const ring = flags.journal === undefined ? null : ringIn(flags.journal, openRing);
      const [own = ""] = flags.namespace;
      const identity = `${hostname()}_${randomUUID().slice(0, 8)}`;
      const metrics = controllerMetrics();
      const clock = (): number => Date.now() / 1000;
      const log = logTo((line) => process.stderr.write(line), clock);
      const over = new AbortController();
      const leadership: Leadership = { term: () => null };
      const kube = connect({
        ...present({ kubeconfig: flags.kubeconfig }),
        qps: flags.kubeQps,
        // What was sent while leading is over before somebody else can lead.
        timeoutSeconds: Math.min(10, 0.3 * flags.leaseSeconds),
        mayWrite: (signal) => signal === leadership.term(),
        signal: over.signal,
        onCall: ({ verb, status }) => {
          metrics.calls.inc({ verb, status });
          if (status > 0) log.answered();
        },
      });
      const query = url === undefined ? null : prometheus({ url, ...present({ caFile, tokenFile }), ...QUERIES });
      if (url === undefined) log.warn(NO_PROMETHEUS);
      else log.info(`loads are measured at ${withoutSecrets(url)}`);
      const thread = decideThread(flags.decisionTimeout);
      const surroundings: Surroundings = {
        query,
        decide: thread.decide,
        journal: journalOf({
          host: hostname(),
          version: await programVersion(),
          print: (lines) => process.stdout.write(lines),
          ring,
          failed: (error) => log.failed("journal", error),
        }),
        metrics,
        clock,
        maxMode: flags.maxMode,
        setupOf: setupsWith({ queueing: flags.queueing, engine: flags.engine }),
      };
      const options = {
        namespaces: [...new Set(flags.namespace)],
        lease: { namespace: flags.leaseNamespace ?? own, name: flags.leaseName, seconds: flags.leaseSeconds },
        identity,
        port: flags.port,
        looksForNamespaces: !isOfPod(flags.kubeconfig),
      };
      await control(kube, surroundings, options, leadership, log, untilTold());
      over.abort();
      await thread.end();
    });
}

const NO_PROMETHEUS =
  "no --prometheus is given: no load can be measured, and so no plan is made but by spec.load.fallback";
/** Of queries to Prometheus. */
const QUERIES = { timeoutSeconds: 5, maxBytes: 16 * 2 ** 20 };
/** Of the journal's files. */
const RING = { maxBytes: 256 * 2 ** 20, files: 8 };

/** Where it is, and not by which name and password it is asked. */
function withoutSecrets(url: string): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}

/** The files of a Prometheus may come anew while it is asked, but must be there to begin with. */
function checkFiles(url: string | undefined, files: Readonly<Record<string, string | undefined>>): void {
  for (const [flag, file] of Object.entries(files)) {
    if (file === undefined) continue;
    if (url === undefined) throw new InputError("bad_value", `${flag} is for a Prometheus. Give --prometheus, too.`);
    try {
      readFileSync(file);
    } catch (error) {
      throw new InputError("missing_file", `${flag}: ${file} cannot be read (${codeOf(error)}). Correct the path.`);
    }
  }
}

function ringIn(directory: string, openRing: typeof openJournalRing): JournalRing {
  try {
    return openRing(directory, RING);
  } catch (error) {
    const message = `--journal: decisions cannot be kept in ${directory} (${codeOf(error)}). Name a folder that may be written.`;
    throw new InputError("bad_value", message);
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}

/** Without the keys that are absent. */
function present<T extends object>(given: T): { readonly [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as {
    readonly [K in keyof T]?: Exclude<T[K], undefined>;
  };
}

/** Aborted when the process is told to end; told again, it ends at once. */
function untilTold(): AbortSignal {
  const ending = new AbortController();
  for (const name of ["SIGTERM", "SIGINT"] as const) process.once(name, () => ending.abort());
  return ending.signal;
}
