import { spawn } from "node:child_process";
import { createWriteStream } from "node:fs";
import { join } from "node:path";
import type { DecisionEntry } from "../../../src/formats/decision-journal.ts";
import { parseDecisions } from "../../../src/formats/decision-journal.ts";

/** A controller as its users run it: a process of its own. */
export interface ControllerProcess {
  readonly pid: number;
  /** Decisions so far on a pipeline of namespace "default", or all, as its standard output has them. */
  readonly decisions: (pipeline?: string) => readonly DecisionEntry[];
  /** Its standard output so far. */
  readonly output: () => string;
  /** What it told of itself. */
  readonly errors: () => string;
  readonly url: string;
  /** As Kubernetes ends it; resolves to its exit code. */
  readonly stop: () => Promise<number | null>;
  /** As a crash does. */
  readonly kill: () => Promise<void>;
}

const program = new URL("../../../bin/ipa.mjs", import.meta.url).pathname;

export interface ControllerFlags {
  readonly kubeconfig: string;
  readonly port: number;
  readonly more: readonly string[];
  /** Where its output is kept for people. */
  readonly directory: string;
}

export function startController({ kubeconfig, port, more, directory }: ControllerFlags): ControllerProcess {
  const child = spawn(
    process.execPath,
    [program, "control", "--kubeconfig", kubeconfig, "--port", String(port), ...more],
    {
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  const log = createWriteStream(join(directory, `controller-${child.pid}.log`));
  const chunks: string[] = [];
  const told: string[] = [];
  const decisions = new Map<string, DecisionEntry>();
  /** Of the output, what decisions were not looked for in yet. */
  let unread = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    chunks.push(text);
    unread += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    told.push(text);
    log.write(text);
  });
  const end = (): void => void child.kill("SIGKILL");
  process.once("exit", end);
  const ended = new Promise<number | null>((resolve) =>
    child.once("exit", (code) => {
      process.off("exit", end);
      // Whoever waits for what it does would wait in vain.
      if (code !== null && code !== 0) process.stderr.write(`a controller ended with ${code}: ${told.join("")}\n`);
      resolve(code);
    }),
  );
  return {
    pid: child.pid ?? 0,
    output: () => chunks.join(""),
    decisions: (pipeline) => {
      const end = unread.lastIndexOf("\n") + 1;
      const { entries } = parseDecisions([{ path: "standard output", text: unread.slice(0, end) }]);
      for (const [id, entry] of entries) decisions.set(id, entry);
      unread = unread.slice(end);
      return [...decisions.values()].filter((one) => pipeline === undefined || one.pipeline === `default/${pipeline}`);
    },
    errors: () => told.join(""),
    url: `http://127.0.0.1:${port}`,
    stop: async () => {
      child.kill("SIGTERM");
      return ended;
    },
    kill: async () => {
      end();
      await ended;
    },
  };
}
