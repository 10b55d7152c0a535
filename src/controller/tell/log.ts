import { KubeError } from "../../kube/errors.ts";
import { rarely } from "./rarely.ts";

/** What is told of what goes on besides decisions. */
export interface Log {
  readonly info: (what: string) => void;
  readonly warn: (what: string) => void;
  /**
   * How a pipeline, by namespace and name, is found: told where it is ready, or no longer, or for another reason. One that is ready when it is first
   * found is nothing to tell. What comes and goes is told of ever more rarely; what stays is told in the end.
   */
  readonly ready: (pipeline: string, how: Readonly<Record<"status" | "reason" | "message", string>>) => void;
  /** A pipeline, by namespace and name, is gone. */
  readonly forget: (pipeline: string) => void;
  /** A term of leadership begins: of what others told in theirs, or this one long ago, nobody need know. */
  readonly leading: () => void;
  /** What fails over and over is told ever more rarely, with how often it did. */
  readonly failed: (what: string, error: unknown) => void;
  /** The API server answered a call. */
  readonly answered: () => void;
}

const UNANSWERED = "the API server gives no answer, and is asked again until it does";

/** JSON lines. `clock`: seconds since 1970. */
export function logTo(print: (line: string) => void, clock: () => number): Log {
  const { say } = rarely();
  /** By pipeline, how it was found last, and how it was told last: ready, or the reason why not. */
  const found = new Map<string, { readonly is: string; readonly told: string }>();
  let isSilent = false;
  const write = (level: string, rest: object): void =>
    print(`${JSON.stringify({ time: new Date(clock() * 1000).toISOString(), level, ...rest })}\n`);
  return {
    info: (what) => write("info", { what }),
    warn: (what) => write("warning", { what }),
    ready: (pipeline, { status, reason, message }) => {
      const what = status === "True" ? "ready" : "not ready";
      const is = status === "True" ? what : reason;
      const before = found.get(pipeline) ?? { is: "ready", told: "ready" };
      if (is === before.is && is === before.told) return;
      const times = say(`${pipeline} ${is}`, clock(), is === before.is);
      found.set(pipeline, { is, told: times === null ? before.told : is });
      if (times === null) return;
      const why = status === "True" ? {} : { reason, message };
      write(status === "True" ? "info" : "warning", { pipeline, what, ...why, ...often(times) });
    },
    forget: (pipeline) => void found.delete(pipeline),
    leading: () => {
      found.clear();
      write("info", { what: "leading" });
    },
    failed: (what, error) => {
      const text = error instanceof Error ? error.message : String(error);
      // Whatever asks it, an API server that gives no answer is one thing.
      const isUnanswered = error instanceof KubeError && error.status === 0 && error.reason !== "NotLeader";
      // The same but for ports, times and counts.
      const times = say(isUnanswered ? error.reason : `${what} ${text.replaceAll(/\d+/g, "0")}`, clock());
      if (times === null) return;
      isSilent ||= isUnanswered;
      write("error", { what: isUnanswered ? UNANSWERED : what, error: text, ...often(times) });
    },
    answered: () => {
      if (!isSilent) return;
      isSilent = false;
      write("info", { what: "the API server answers again" });
    },
  };
}

function often(times: number): object {
  return times === 1 ? {} : { times };
}
