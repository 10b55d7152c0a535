export interface Deadline {
  readonly signal: AbortSignal;
  /** Whether it was the time that ran out. */
  readonly expired: () => boolean;
  /** So many seconds from now instead. */
  readonly extend: (seconds: number) => void;
  /** To be called when the work is over; the outer signal may live as long as the process. */
  readonly clear: () => void;
}

/** A signal that aborts after so many seconds, or with another one. */
export function deadline(seconds: number, outer?: AbortSignal): Deadline {
  const controller = new AbortController();
  let expired = false;
  const arm = (limit: number): NodeJS.Timeout =>
    setTimeout(() => {
      expired = !controller.signal.aborted;
      controller.abort(new DOMException(`nothing came within ${limit} s`, "TimeoutError"));
    }, limit * 1000);
  let timer = arm(seconds);
  const abort = (): void => controller.abort(outer?.reason);
  if (outer?.aborted === true) abort();
  outer?.addEventListener("abort", abort, { once: true });
  return {
    signal: controller.signal,
    expired: () => expired,
    extend: (limit) => {
      clearTimeout(timer);
      timer = arm(limit);
    },
    clear: () => {
      clearTimeout(timer);
      outer?.removeEventListener("abort", abort);
    },
  };
}
