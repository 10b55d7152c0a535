/** Waits this long before it shows anything: what is over soon needs no bar. */
const PATIENCE_MS = 2000;
const EVERY_MS = 100;
const WIDTH = 30;

/** A bar on standard error for work of a known size; shows only to a person, and only if the work takes long. */
export class Progress {
  private readonly from = performance.now();
  private shown = -Infinity;
  private readonly before: number;

  /** `before`: the share of the work that was done already when this began. */
  constructor(before = 0) {
    this.before = before;
  }

  /** `share` of the work is done, in [0, 1]; `what` is being done. */
  update(share: number, what: string): void {
    const now = performance.now();
    if (!process.stderr.isTTY || now - this.from < PATIENCE_MS || now - this.shown < EVERY_MS) return;
    this.shown = now;
    const full = Math.round(share * WIDTH);
    const made = share - this.before;
    const left = made > 0 ? `${duration(((now - this.from) / 1000) * ((1 - share) / made))} left` : "";
    process.stderr.write(
      `\r\u001b[K${"█".repeat(full)}${"░".repeat(WIDTH - full)} ${Math.round(100 * share)} % ${what} ${left}`,
    );
  }

  /** Takes the bar away. */
  done(): void {
    if (this.shown > 0) process.stderr.write("\r\u001b[K");
  }
}

/** Seconds as a person says them: 42 s, 3 min, 2 h 5 min. */
function duration(seconds: number): string {
  if (seconds < 100) return `${Math.ceil(seconds)} s`;
  const minutes = Math.ceil(seconds / 60);
  return minutes < 100 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
