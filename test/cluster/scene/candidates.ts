import { type ChaosProxy, startChaosProxy } from "../chaos-proxy.ts";
import { until } from "../control-plane/until.ts";
import type { ControllerProcess } from "./controller.ts";
import type { Scene } from "./scene.ts";

/** A controller with a proxy of its own before the API server. */
export interface Candidate {
  readonly proxy: ChaosProxy;
  readonly process: ControllerProcess;
}

/** Of a proxy: all writes but to leases, and to events, which nothing depends on. */
export const WRITES = { method: /PATCH|POST|PUT/, url: /^(?!.*\/(leases|events))/ };

/** Starts one that contends for a lease. The proxies are closed with what is added to `closing`. */
export async function startCandidate(
  scene: Scene,
  closing: (() => Promise<void>)[],
  lease: string,
  seconds = 2,
): Promise<Candidate> {
  const proxy = await startChaosProxy(scene.plane.kubeconfig);
  closing.push(proxy.close);
  const flags = ["--kubeconfig", proxy.kubeconfig, "--lease-name", lease, "--lease-seconds", String(seconds)];
  return { proxy, process: await scene.controller(...flags) };
}

/** The one that says that it leads; waits for it. */
export async function leaderOf(candidates: readonly Candidate[]): Promise<Candidate> {
  return until("a leader", () => candidates.find(({ process }) => lastWord(process) === "leading") ?? null, 60);
}

function lastWord(process: ControllerProcess): string | undefined {
  const said = process.errors().matchAll(/"what":"((?:no longer )?leading)"/g);
  return [...said].at(-1)?.[1];
}
