import { closeSync, fstatSync, openSync, readSync, writeFileSync } from "node:fs";
import { join } from "node:path";

// Every write that the API server was asked for, by whom, and what it answered: from its audit log, so that what is undone
// at once is seen too. Reads where they are asked for.

/** A write, or a read, as the API server saw it. */
export interface Write {
  /** Unix seconds. */
  readonly at: number;
  readonly user: string;
  /** Program, as it names itself: "ipa/controller". */
  readonly agent: string;
  readonly verb: string;
  /** Whether a server-side apply took fields from others. */
  readonly forced: boolean;
  /** Whether it was only tried. */
  readonly dryRun: boolean;
  /** "" is the core group. */
  readonly group: string;
  /** Plural, with the subresource after a slash. */
  readonly resource: string;
  readonly namespace: string;
  readonly name: string;
  /** HTTP status. */
  readonly status: number;
  readonly body: unknown;
}

const READS = ["get", "list", "watch"];

/** Arguments of the API server that make it keep such a log in a directory. */
export function auditArguments(directory: string, reads: boolean): readonly string[] {
  const policy = join(directory, "audit-policy.json");
  const rules = [
    // As they came they have no status yet.
    { level: reads ? "Metadata" : "None", verbs: READS, omitStages: ["RequestReceived"] },
    { level: "Request", omitStages: ["RequestReceived"] },
  ];
  writeFileSync(policy, JSON.stringify({ apiVersion: "audit.k8s.io/v1", kind: "Policy", rules }));
  return [
    `--audit-policy-file=${policy}`,
    `--audit-log-path=${logIn(directory)}`,
    "--audit-log-mode=blocking",
    // Megabytes; what is cut off would not be read.
    "--audit-log-maxsize=2000",
  ];
}

interface AuditEvent {
  readonly verb: string;
  readonly user: { readonly username: string };
  readonly userAgent?: string;
  readonly requestURI: string;
  readonly objectRef?: {
    readonly apiGroup?: string;
    readonly resource: string;
    readonly subresource?: string;
    readonly namespace?: string;
    readonly name?: string;
  };
  readonly responseStatus?: { readonly code: number };
  readonly requestObject?: unknown;
  readonly requestReceivedTimestamp: string;
}

/** What such a log has so far; each call reads on from where the one before ended. Oldest first. */
export interface Audit {
  /** Without what was only tried. */
  readonly writes: () => readonly Write[];
  /** The same, with that and the reads. */
  readonly calls: () => readonly Write[];
}

export function auditIn(directory: string): Audit {
  const calls: Write[] = [];
  let read = 0;
  const readOn = (): readonly Write[] => {
    const log = openSync(logIn(directory), "r");
    const more = Buffer.alloc(fstatSync(log).size - read);
    readSync(log, more, 0, more.length, read);
    closeSync(log);
    // The last line may be half written.
    const whole = more.subarray(0, more.lastIndexOf("\n") + 1);
    read += whole.length;
    calls.push(...whole.toString("utf8").split("\n").slice(0, -1).map(writeOf));
    return calls;
  };
  return {
    calls: () => [...readOn()],
    writes: () => readOn().filter(({ verb, dryRun }) => !dryRun && !READS.includes(verb)),
  };
}

function writeOf(line: string): Write {
  const event = JSON.parse(line) as AuditEvent;
  const { verb, user, userAgent = "", requestURI, objectRef, responseStatus, requestObject } = event;
  const { apiGroup: group = "", resource = "", subresource, namespace = "", name = "" } = objectRef ?? {};
  return {
    at: Date.parse(event.requestReceivedTimestamp) / 1000,
    user: user.username,
    agent: userAgent,
    verb,
    forced: requestURI.includes("force=true"),
    dryRun: requestURI.includes("dryRun=All"),
    group,
    resource: subresource === undefined ? resource : `${resource}/${subresource}`,
    namespace,
    name,
    status: responseStatus?.code ?? 0,
    body: requestObject,
  };
}

function logIn(directory: string): string {
  return join(directory, "audit.log");
}
