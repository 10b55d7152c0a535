import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, openSync, closeSync, readFileSync } from "node:fs";
import { constants } from "node:os";
import { basename } from "node:path";

// A program that a test runs beside itself: what it prints goes to a file, and it does not outlive the test.

export interface Child {
  readonly pid: number;
  /** False from the moment that the process has ended. */
  readonly running: () => boolean;
  /** The last lines of what it printed. */
  readonly lastLines: () => string;
  /** Ends it at once. What these programs would tidy up is thrown away with the directory. */
  readonly kill: () => Promise<void>;
  /** It keeps its connections and answers nothing, until `resume`. */
  readonly pause: () => void;
  readonly resume: () => void;
}

const running = new Set<ChildProcess>();

process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  // Without a listener a signal ends the process with no "exit" event.
  process.once(signal, () => process.exit(128 + constants.signals[signal]));
}

// On Linux the kernel ends the child even where this process is killed outright. `setpriv` becomes the program, so the
// process id stays.
const SETPRIV = "/usr/bin/setpriv";
const dieWithParent = existsSync(SETPRIV) ? [SETPRIV, "--pdeathsig", "KILL", "--"] : [];

export function startChild(command: readonly string[], log: string): Child {
  const [file = "", ...args] = [...dieWithParent, ...command];
  const output = openSync(log, "a");
  const child = spawn(file, args, { stdio: ["ignore", output, output], detached: false });
  closeSync(output);
  const name = basename(command[0] ?? "");
  let expected = false;
  if (child.pid === undefined) {
    child.once("error", () => {});
    throw new Error(`${command.join(" ")}: can't be started`);
  }
  running.add(child);
  const ended = new Promise<void>((resolve) => {
    child.once("exit", (code, signal) => {
      running.delete(child);
      // Whatever the test then waits for never comes, so that it ended must be seen where the test's output is.
      const lastLine = lastLines().split("\n").at(-1);
      if (!expected) process.stderr.write(`${name} ended by itself (${signal ?? code}): ${lastLine}\n`);
      resolve();
    });
  });
  const lastLines = (): string => readFileSync(log, "utf8").trimEnd().split("\n").slice(-15).join("\n");

  return {
    pid: child.pid,
    running: () => running.has(child),
    lastLines,
    kill: () => {
      expected = true;
      child.kill("SIGKILL");
      return ended;
    },
    pause: () => void child.kill("SIGSTOP"),
    resume: () => void child.kill("SIGCONT"),
  };
}
