import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

// What a program under Prometheus's watch would show, said by a test.

/** What has been counted by an instant, Unix seconds. */
export type CountAt = (now: number) => number;

export interface Exposition {
  /** `host:port`, as Prometheus takes it. */
  readonly target: string;
  /**
   * Shows a counter's value from the next scrape on; a series is named in full, `requests_total{stage="a"}`. What is counted by the
   * time has that time as the sample's own: however late a busy machine answers a scrape, the samples are those of the function.
   */
  readonly set: (series: string, value: number | CountAt) => void;
  /** The series is not shown any more. */
  readonly remove: (series: string) => void;
  /** Whether a scrape is answered; otherwise its connection breaks. True at the start. */
  readonly answer: (answering: boolean) => void;
  readonly close: () => Promise<void>;
}

export async function startExposition(): Promise<Exposition> {
  const values = new Map<string, number | CountAt>();
  let answering = true;
  const server = createServer((request, response) => {
    if (!answering) {
      request.socket.destroy();
      return;
    }
    response.setHeader("content-type", "text/plain; version=0.0.4");
    response.end(textOf(values, Date.now()));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    target: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    set: (series, value) => void values.set(series, value),
    remove: (series) => void values.delete(series),
    answer: (whether) => void (answering = whether),
    close: () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      return closed;
    },
  };
}

/** The text format, which wants the series of one metric together, and instants in milliseconds. */
function textOf(values: ReadonlyMap<string, number | CountAt>, now: number): string {
  const metrics = Map.groupBy(values, ([series]) => series.split("{", 1)[0] ?? series);
  const lines = [...metrics].flatMap(([metric, all]) => [
    `# TYPE ${metric} counter`,
    ...all.map(([series, value]) => `${series} ${sampleText(value, now)}`),
  ]);
  return `${lines.join("\n")}\n`;
}

function sampleText(value: number | CountAt, now: number): string {
  return typeof value === "number" ? numberText(value) : `${numberText(value(now / 1000))} ${now}`;
}

function numberText(value: number): string {
  if (value === Infinity) return "+Inf";
  return value === -Infinity ? "-Inf" : String(value);
}
