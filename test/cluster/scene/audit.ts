import { readFileSync, writeFileSync } from "node:fs";
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
    { level: reads ? "Metadata" : "None", verbs: READS },
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

/** All writes so far, oldest first. */
export function writesIn(directory: string): readonly Write[] {
  return callsIn(directory).filter(({ verb }) => !READS.includes(verb));
}

/** The same, with the reads. */
export function callsIn(directory: string): readonly Write[] {
  const lines = readFileSync(logIn(directory), "utf8").split("\n").slice(0, -1);
  return lines.map((line): Write => {
    const event = JSON.parse(line) as AuditEvent;
    const { verb, user, userAgent = "", requestURI, objectRef, responseStatus, requestObject } = event;
    const { apiGroup: group = "", resource = "", subresource, namespace = "", name = "" } = objectRef ?? {};
    return {
      at: Date.parse(event.requestReceivedTimestamp) / 1000,
      user: user.username,
      agent: userAgent,
      verb,
      forced: requestURI.includes("force=true"),
      group,
      resource: subresource === undefined ? resource : `${resource}/${subresource}`,
      namespace,
      name,
      status: responseStatus?.code ?? 0,
      body: requestObject,
    };
  });
}

function logIn(directory: string): string {
  return join(directory, "audit.log");
}
