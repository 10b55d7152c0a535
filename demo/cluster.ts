// See it act: a real Kubernetes control plane on this machine, a pipeline of two stages with two variants each, a load
// that rises and falls, and `ipa control`, which sets the replicas and switches the variants.
//
//   npm run demo:cluster [-- --seconds 120]
//
// The first time it gets the programs of the control plane, which takes minutes. In a terminal the view is redrawn once
// a second; elsewhere it is a line whenever something has changed. Nothing runs in the Pods: KWOK plays the kubelets.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { isDeepStrictEqual, parseArgs } from "node:util";
import type { DecisionEntry } from "../src/formats/decision-journal.ts";
import { connect } from "../src/kube/client.ts";
import { findBinaries } from "../test/cluster/control-plane/binaries.ts";
import { openScene, withoutScene } from "../test/cluster/scene/scene.ts";
import { loadAt } from "./load.ts";
import { deployments, NAME, pipeline } from "./pipeline.ts";
import { look } from "./sight.ts";
import { clock, header, introduction, line, screen, type Moment } from "./view.ts";

const USAGE = "npm run demo:cluster -- [--seconds N]: the controller at work for so long, 120 by default";
const seconds = secondsAskedFor();
const root = new URL("..", import.meta.url).pathname;
const isTerminal = process.stdout.isTTY;

if (withoutScene() !== false) {
  console.log("The programs of the control plane are not there yet: npm run cluster:get. This takes minutes, once.");
  spawnSync("npm", ["run", "cluster:get"], { cwd: root, stdio: "inherit" });
  const lacking = withoutScene();
  if (lacking !== false) {
    console.error(`The demo cannot run: ${lacking}`);
    process.exit(1);
  }
}

console.log(introduction(seconds).join("\n"));
console.log("\nStarting etcd, the API server, the controllers, the scheduler, KWOK and Prometheus …");
// What was started is ended, and its folders removed, by those who made them, also where Ctrl-C ends the demo.
process.once("exit", (code) => {
  if (code > 128) console.log("\nEnded, with all that was started. Nothing is left behind.");
});
const scene = await openScene({ cpus: 100 });
const journal = mkdtempSync(join(tmpdir(), "ipa-demo-"));
try {
  const kube = connect({ kubeconfig: scene.plane.kubeconfig, qps: 100, timeoutSeconds: 5, mayWrite: () => false });
  const traffic = scene.traffic(NAME);
  traffic.at(loadAt(0));
  await applyAsUser({ apiVersion: "v1", kind: "List", items: [...deployments, pipeline] });
  const controller = await scene.controller("--journal", journal);
  // After that the controller is ended, which may write there until then.
  process.once("exit", () => rmSync(journal, { recursive: true, force: true }));
  console.log(invitation().join("\n"));
  if (!isTerminal) console.log(header().join("\n"));

  const loads: number[] = [];
  const done: string[] = [];
  const seen = new Set<string>();
  let drawn = 0;
  let told = "";
  const began = performance.now();
  for (let second = 0; second < seconds; second = (performance.now() - began) / 1000) {
    const load = loadAt(second / seconds);
    traffic.at(load);
    loads.push(load);
    const sight = await look(kube);
    const fresh = sight.events.filter(({ id }) => !seen.has(id));
    for (const { id, reason, note } of fresh) {
      seen.add(id);
      done.push(`${clock(second).padStart(5)}  ${reason}: ${note}`);
    }
    const moment: Moment = { second, seconds, loads, sight, done };
    if (isTerminal) drawn = draw(screen(moment), drawn);
    else told = print(line(moment), done.slice(done.length - fresh.length), told);
    await pause(1000 - ((performance.now() - began) % 1000));
  }
  const decisions = controller.decisions();
  await controller.stop();
  tellOf(decisions);
} finally {
  await scene.close();
}
console.log(
  "\nThat was it. All that was started is ended, and nothing is left behind. On a cluster of yours: docs/control.md and deploy/README.md.",
);

/** As somebody at a keyboard does: Events name who had a number before the controller took it over. */
async function applyAsUser(list: object): Promise<void> {
  const flags = ["--server-side", "--field-manager=kubectl-demo"];
  await scene.plane.kubectlWith(JSON.stringify(list), "apply", ...flags, "-f", "-");
}

/** What to type in another terminal. */
function invitation(): readonly string[] {
  const found = findBinaries();
  return [
    "",
    "While it runs, look at it from another terminal:",
    "",
    `  export KUBECONFIG=${scene.plane.kubeconfig}${"directory" in found ? ` PATH=$PATH:${found.directory}` : ""}`,
    "  kubectl get ipl --watch                     # the plan in a line",
    `  kubectl describe ipl ${NAME}                   # all that it knows, and what was done`,
    "  kubectl get deployments,services --watch    # what it sets",
    `  npx ipa explain ${journal}        # the last decision, made again`,
    "",
  ];
}

/** Over what was drawn before, of so many lines; returns how many there are now. */
function draw(lines: readonly string[], before: number): number {
  const width = process.stdout.columns || 80;
  const text = lines.map((one) => `${one.slice(0, width - 1)}\u001B[K\n`).join("");
  process.stdout.write(`${before === 0 ? "" : `\u001B[${before}A`}${text}`);
  return lines.length;
}

/** Lines, where there is something new to say but the time; returns what was said of the moment. */
function print(now: string, events: readonly string[], before: string): string {
  for (const event of events) console.log(`       ${event.trimStart().replace(/^\S+/, "·")}`);
  const said = now.replace(/^\s*\S+/, "");
  if (said !== before) console.log(now);
  return said;
}

/** Sums up what was decided, and explains the last decision that switched a variant, or else changed anything. */
function tellOf(decisions: readonly DecisionEntry[]): void {
  const changes = decisions.filter(({ seen, decision }) => !isDeepStrictEqual(decision.plan, seen.running));
  const switches = changes.filter(({ seen, decision }) =>
    decision.plan.some(({ variant }, s) => variant !== seen.running[s]?.variant),
  );
  const counts = `${changes.length} of ${decisions.length} decisions changed the plan, and ${switches.length} of these switched a variant`;
  console.log(`\nThe end: ${counts}.`);
  const chosen = switches.at(-1) ?? changes.at(-1);
  if (chosen === undefined) return;
  const command = ["explain", journal, chosen.decision_id];
  console.log(
    `Why the last of them? This is what \`npx ipa ${command.join(" ")}\` printed while the folder was there:\n`,
  );
  spawnSync(process.execPath, [join(root, "bin/ipa.mjs"), ...command], { stdio: "inherit" });
}

function secondsAskedFor(): number {
  try {
    const options = { seconds: { type: "string", default: "120" }, help: { type: "boolean" } } as const;
    const { values } = parseArgs({ options });
    if (values.help) {
      console.log(USAGE);
      process.exit(0);
    }
    if (Number(values.seconds) >= 20) return Number(values.seconds);
    throw new TypeError(`--seconds ${values.seconds}: give 20 or more; a switch of a variant alone takes ten.`);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    console.error(`${error.message}\n${USAGE}`);
    process.exit(2);
  }
}
