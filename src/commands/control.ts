import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { Command, Option } from "commander";
import { modes, type Mode } from "../core/control.ts";
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

const collect = (text: string, before: readonly string[] = []): readonly string[] => [...before, text];

/** `ipa control`: the loop, on a Kubernetes cluster. */
export function controlCommand(): Command {
  return new Command("control")
    .description("Controls the pipelines of a Kubernetes cluster: the same decisions as in a simulation, on real load")
    .requiredOption("--namespace <name>", "namespace whose pipelines are controlled; give it again for more", collect)
    .option("--kubeconfig <file>", "how the cluster is reached; by default as a Pod of it")
    .addOption(
      new Option("--max-mode <mode>", "no pipeline goes further than this, whatever it says").choices(modes).default("Act"),
    )
    .option("--prometheus <url>", "where the load of pipelines is measured")
    .option("--prometheus-ca <file>", "certificates that its own is checked against")
    .option("--prometheus-token-file <file>", "bearer token for it, read anew for each query")
    .option("--kube-qps <n>", "calls per second to the API server; twice as many at once", numberIn(0.1, 1000), 20)
    .option("--decision-timeout <s>", "a decision that takes longer is given up, and the plan held", numberIn(0.01, 600), 1)
    .option("--journal <dir>", "keep the decisions in a ring of files here too (docs/cli.md)")
    .option("--port <n>", "for /healthz, /readyz and /metrics", numberIn(0, 65_535, true), 8080)
    .option("--lease-namespace <name>", "where the Lease is by which one of several controllers leads; the first --namespace by default")
    .option("--lease-name <name>", "its name", "ipa-controller")
    .option("--lease-seconds <s>", "how long others wait for a leader that is silent", numberIn(1, 600), 15)
    .addOption(choiceOption("--engine <name>", "how the plan is found", engineNames).default(defaultEngine))
    .addOption(choiceOption("--queueing <name>", "latency model", queueingModels).default(defaultQueueing))
    .addHelpText(
      "after",
      "\nOne JSON line a decision goes to standard output; `ipa explain` reads them. Everything else goes to standard error." +
        "\n\nExample:\n  ipa control --namespace shop --kubeconfig ~/.kube/config --prometheus http://localhost:9090 --max-mode Recommend",
    )
    .action(async (flags: ControlFlags) => {
      const { control } = await import("../controller/controller.ts");
      const { controllerMetrics } = await import("../controller/metrics.ts");
      const { prometheus } = await import("../controller/prometheus.ts");
      const { openRing } = await import("../controller/journal-ring.ts");
      const { scales } = await import("../controller/scales.ts");
      const { connect } = await import("../kube/client.ts");
      const { recorder } = await import("../kube/events.ts");
      const { decideThread } = await import("./decide-thread.ts");

      const signal = untilTold();
      const identity = `${hostname()}_${randomUUID().slice(0, 8)}`;
      const metrics = controllerMetrics();
      const leadership = { isLeader: () => false };
      const kube = connect({
        ...(flags.kubeconfig === undefined ? {} : { kubeconfig: flags.kubeconfig }),
        qps: flags.kubeQps,
        timeoutSeconds: Math.min(10, flags.leaseSeconds / 3),
        mayWrite: () => leadership.isLeader(),
        onCall: ({ verb, status }) => metrics.calls.inc({ verb, status }),
      });
      const clock = (): number => Date.now() / 1000;
      const log = standardErrorLog();
      const thread = decideThread(flags.decisionTimeout);
      const ring = flags.journal === undefined ? null : await openRing(flags.journal, RING);
      const query =
        flags.prometheus === undefined
          ? null
          : prometheus({
              url: flags.prometheus,
              ...(flags.prometheusCa === undefined ? {} : { caFile: flags.prometheusCa }),
              ...(flags.prometheusTokenFile === undefined ? {} : { tokenFile: flags.prometheusTokenFile }),
              ...QUERIES,
            });
      const context: Context = {
        kube,
        scales: scales(kube, clock),
        query,
        decide: thread.decide,
        journal: journalTo([(text) => process.stdout.write(text), ...(ring === null ? [] : [ring.append])], hostname(), versions),
        metrics,
        record: recorder(kube, { component: "ipa-controller", instance: identity, onFailure: (error) => log.failed("event", error) }),
        clock,
        maxMode: flags.maxMode,
        queueing: flags.queueing,
        engine: flags.engine,
        digestOf: plannerDigest,
        signal,
      };
      const [own = ""] = flags.namespace;
      await control(
        kube,
        context,
        {
          namespaces: [...new Set(flags.namespace)],
          lease: { namespace: flags.leaseNamespace ?? own, name: flags.leaseName, seconds: flags.leaseSeconds },
          identity,
          port: flags.port,
        },
        leadership,
        log,
        signal,
      );
      await thread.end();
    });
}
