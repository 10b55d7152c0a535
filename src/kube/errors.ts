/** A part of what the API server objects to: a field, and for a conflict who holds it. */
export interface Cause {
  readonly reason?: string;
  readonly message?: string;
  readonly field?: string;
}

interface Refusal {
  readonly status: number;
  readonly reason: string;
  readonly retryAfter?: number | null;
  readonly causes?: readonly Cause[];
  readonly cause?: unknown;
}

/** A call that did not do what it was for. Programs match on `status` and `reason`, never on the text. */
export class KubeError extends Error {
  override readonly name = "KubeError";
  /** HTTP status; 0: nothing was sent, or no answer came. */
  readonly status: number;
  /**
   * The API server's own word ("NotFound", "Conflict", "Invalid"), or ours: "NoAnswer", "TimedOut", "BadAnswer" for an
   * answer that cannot be read, and "NotLeader" for a write that was not sent.
   */
  readonly reason: string;
  /** Seconds that the server asks to be left alone. */
  readonly retryAfter: number | null;
  /** One per field of an invalid object, or per conflict of a server-side apply. */
  readonly causes: readonly Cause[];

  constructor(message: string, { status, reason, retryAfter, causes, cause }: Refusal) {
    super(message, cause === undefined ? undefined : { cause });
    this.status = status;
    this.reason = reason;
    this.retryAfter = retryAfter ?? null;
    this.causes = causes ?? [];
  }
}

/** The error that an answer stands for: a Status of the API server, or whatever something before it said. */
export function errorOfAnswer(
  call: string,
  status: number,
  retryAfterHeader: string | undefined,
  body: string,
): KubeError {
  const said = parseStatus(body);
  const reason = said.reason ?? REASONS[status] ?? "Unknown";
  const message = said.message ?? body.trim().slice(0, 300);
  return new KubeError(`${call}: ${status} ${reason}${message === "" ? "" : `: ${message}`}`, {
    status,
    reason,
    retryAfter: secondsOf(retryAfterHeader) ?? said.details?.retryAfterSeconds ?? null,
    causes: said.details?.causes ?? [],
  });
}

/** The error that a Status object stands for, which a watch may send instead of an event. */
export function errorOfStatus(call: string, status: unknown): KubeError {
  const code = typeof status === "object" && status !== null && "code" in status ? Number(status.code) : 500;
  return errorOfAnswer(call, code, undefined, JSON.stringify(status));
}

/** `Retry-After` is a number of seconds or a date. */
function secondsOf(header: string | undefined): number | null {
  if (header === undefined) return null;
  const seconds = /^\d+$/.test(header) ? Number(header) : (Date.parse(header) - Date.now()) / 1000;
  return Number.isNaN(seconds) ? null : Math.max(0, seconds);
}

interface Status {
  readonly reason?: string;
  readonly message?: string;
  readonly details?: { readonly retryAfterSeconds?: number; readonly causes?: readonly Cause[] };
}

function parseStatus(body: string): Status {
  try {
    const parsed: unknown = JSON.parse(body);
    return typeof parsed === "object" && parsed !== null ? parsed : {};
  } catch {
    return {};
  }
}

/** For answers that give no reason: those of proxies, and of the API server before it knows who asks. */
const REASONS: Readonly<Record<number, string>> = {
  400: "BadRequest",
  401: "Unauthorized",
  403: "Forbidden",
  404: "NotFound",
  409: "Conflict",
  410: "Gone",
  422: "Invalid",
  429: "TooManyRequests",
  500: "InternalError",
  502: "BadGateway",
  503: "ServiceUnavailable",
  504: "Timeout",
};
