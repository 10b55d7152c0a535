import type { ChaosProxy } from "../chaos-proxy.ts";
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

/** Starts one that contends for a lease. */
export async function startCandidate(scene: Scene, lease: string, seconds = 2): Promise<Candidate> {
  const proxy = await scene.proxy();
  const flags = ["--kubeconfig", proxy.kubeconfig, "--lease-name", lease, "--lease-seconds", String(seconds)];
  return { proxy, process: await scene.controller(...flags) };
}

/** The one that says that it leads; waits for it. */
export async function leaderOf(candidates: readonly Candidate[]): Promise<Candidate> {
  return until("a leader", () => candidates.find((one) => wordsOf(one).at(-1) === "leading") ?? null, 60);
}

/** What it has said of its leading so far: "leading", "no longer leading". */
export function wordsOf({ process }: Candidate): readonly (string | undefined)[] {
  return [...process.errors().matchAll(/"what":"((?:no longer )?leading)"/g)].map(([, what]) => what);
}
