import type { IncomingMessage } from "node:http";
import { backOff } from "./back-off.ts";
import { systemClock } from "./clock.ts";
import { type Deadline, deadline } from "./deadline.ts";
import { errorOfAnswer, KubeError } from "./errors.ts";
import { tokenBucket, type Urgency } from "./token-bucket.ts";
import { type Request, transport } from "./transport.ts";

// How a call is made, whatever it is for: token bucket, leave to write, time-out, tries.

export interface ConnectOptions {
  /** Path; without one, what `accessBy` finds. */
  readonly kubeconfig?: string;
  /** Directory that stands for the root of that pod's file system; "" unless said. */
  readonly podRoot?: string;
  /** Calls per second in the long run; twice as many at once after a pause. */
  readonly qps: number;
  /**
   * How long one try may take. With a lease it should be less than what is between renew deadline and the lease's end:
   * then no write that was allowed is still on its way when another one leads.
   */
  readonly timeoutSeconds: number;
  /** Asked just before each write is sent, with the signal of its caller; false: it is not. */
  readonly mayWrite: (signal: AbortSignal | undefined) => boolean;
  /** Ends all calls that have no signal of their own, but for urgent ones. */
  readonly signal?: AbortSignal;
  /** Told of each try. */
  readonly onCall?: (call: CallRecord) => void;
}

export interface CallRecord {
  readonly verb: Verb;
  /** Without the query. */
  readonly path: string;
  /** 0: no answer. */
  readonly status: number;
  /** Until the answer was read; for a watch, until it began. */
  readonly seconds: number;
}

export type Verb = keyof typeof METHODS;

export interface CallOptions {
  readonly signal?: AbortSignal;
  /** Waits for no token, needs no leave to write and is tried once: for the Lease, on which the other writes depend. */
  readonly urgent?: boolean;
  /** What must not be done twice: tried again only where the server says that it did nothing (429). A create always is. */
  readonly once?: boolean;
  /**
   * Of a read that a write waits for: it waits for tokens as writes do, and for that of the write, too, so that little time is
   * between them. The write says that its first try is `paid` for.
   */
  readonly acts?: boolean;
  readonly paid?: boolean;
}

export interface Call {
  readonly verb: Verb;
  readonly path: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly body?: object;
}

export interface Caller {
  /** The answer's JSON; tried again where that may help. */
  readonly ask: (call: Call, how?: CallOptions) => Promise<unknown>;
  /** The open answer, after one try of `timeoutSeconds`. The deadline goes on to hold for what is read of it. */
  readonly open: (call: Call, limit: Deadline) => Promise<IncomingMessage>;
  /** What a failure to read an open answer means. */
  readonly broken: (call: Call, error: unknown, limit: Deadline) => unknown;
}

const METHODS = {
  get: "GET",
  list: "GET",
  watch: "GET",
  apply: "PATCH",
  patch: "PATCH",
  create: "POST",
  update: "PUT",
} as const;

const CONTENT_TYPES: Partial<Readonly<Record<Verb, string>>> = {
  // JSON is YAML.
  apply: "application/apply-patch+yaml",
  patch: "application/merge-patch+json",
};

const TRIES = 4;
const BACK_OFF = { first: 0.5, most: 8 };

export function caller({
  kubeconfig,
  podRoot,
  qps,
  timeoutSeconds,
  mayWrite,
  signal: end,
  onCall,
}: ConnectOptions): Caller {
  const server = transport(kubeconfig, podRoot);
  const takeToken = tokenBucket(qps, 2 * qps, systemClock);

  /** Sends once. `read` makes the result of a good answer. */
  async function send<T>(
    call: Call,
    limit: Deadline,
    { signal, urgent = false }: CallOptions,
    read: (answer: IncomingMessage) => T | Promise<T>,
  ): Promise<T> {
    const started = systemClock.now();
    let status = 0;
    try {
      const credentials = await server.authenticate();
      limit.signal.throwIfAborted();
      // Nothing may be awaited between this question and the sending.
      if (METHODS[call.verb] !== "GET" && !urgent && !mayWrite(signal)) throw notLeader(call);
      const answer = await server.send(requestOf(call, limit.signal), credentials);
      status = answer.statusCode ?? 0;
      if (status >= 400) {
        throw errorOfAnswer(nameOf(call), status, answer.headers["retry-after"], await textOf(answer));
      }
      return await read(answer);
    } catch (error) {
      throw broken(call, error, limit);
    } finally {
      onCall?.({ verb: call.verb, path: call.path, status, seconds: systemClock.now() - started });
    }
  }

  const broken = (call: Call, error: unknown, limit: Deadline): unknown => {
    if (error instanceof KubeError) return error;
    if (limit.signal.aborted && !limit.expired()) return limit.signal.reason;
    server.dropIdleConnections();
    return noAnswer(call, error, limit);
  };

  async function askOnce(call: Call, how: CallOptions): Promise<unknown> {
    const limit = deadline(timeoutSeconds, how.signal);
    try {
      return await send(call, limit, how, async (answer) => parse(call, await textOf(answer)));
    } finally {
      limit.clear();
    }
  }

  return {
    broken,
    ask: async (call, how = {}) => {
      if (how.urgent === true) return askOnce(call, how);
      const signal = how.signal ?? end;
      const once = how.once ?? call.verb === "create";
      const urgency = how.acts === true ? "urgent" : urgencyOf(call);
      if (how.acts === true) await takeToken(urgency, signal);
      for (let failures = 0; ;) {
        if (failures > 0 || how.paid !== true) await takeToken(urgency, signal);
        try {
          return await askOnce(call, signal === undefined ? {} : { signal });
        } catch (error) {
          failures += 1;
          if (failures === TRIES || !(error instanceof KubeError) || !mayHelpToRepeat(once, error)) throw error;
          await systemClock.sleep(backOff(failures, error.retryAfter, BACK_OFF), signal);
        }
      }
    },
    open: async (call, limit) => {
      await takeToken(urgencyOf(call), limit.signal);
      limit.extend(timeoutSeconds);
      return send(call, limit, {}, (answer) => answer);
    },
  };
}

/**
 * What acts stands behind nothing, however many watches fail and begin again; these do not stand behind thousands of objects that are
 * looked at one by one, nor behind Events.
 */
function urgencyOf({ verb }: Call): Urgency {
  if (verb === "list" || verb === "watch") return "prompt";
  return verb === "get" || verb === "create" ? "patient" : "urgent";
}

/** What has no answer may have been carried out; only 429 says that it was not. */
function mayHelpToRepeat(once: boolean, { status, reason }: KubeError): boolean {
  if (status === 429 || once) return status === 429;
  return reason === "NoAnswer" || reason === "TimedOut" || [500, 502, 503, 504].includes(status);
}

function requestOf({ verb, path, query = {}, body }: Call, signal: AbortSignal): Request {
  const given = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const search = new URLSearchParams(given).toString();
  const text = body === undefined ? null : JSON.stringify(body);
  return {
    method: METHODS[verb],
    path: search === "" ? path : `${path}?${search}`,
    headers: {
      accept: "application/json",
      // What is before the slash becomes the field manager of writes that name none.
      "user-agent": "ipa/controller",
      ...(text === null ? {} : { "content-type": CONTENT_TYPES[verb] ?? "application/json" }),
      ...(text === null ? {} : { "content-length": String(Buffer.byteLength(text)) }),
    },
    body: text,
    signal,
  };
}

function nameOf({ verb, path }: Call): string {
  return `${verb} ${path}`;
}

async function textOf(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

function parse(call: Call, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const message = `${nameOf(call)}: the answer is no JSON: ${text.slice(0, 100)}`;
    throw new KubeError(message, { status: 0, reason: "BadAnswer", cause });
  }
}

function notLeader(call: Call): KubeError {
  return new KubeError(`${nameOf(call)}: not sent, the lease is not ours`, { status: 0, reason: "NotLeader" });
}

function noAnswer(call: Call, cause: unknown, limit: Deadline): KubeError {
  const why = limit.expired() ? limit.signal.reason : cause;
  const message = `${nameOf(call)}: no answer: ${why instanceof Error ? why.message : String(why)}`;
  return new KubeError(message, { status: 0, reason: limit.expired() ? "TimedOut" : "NoAnswer", cause });
}
