import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Child, startChild } from "./child.ts";
import { freePort } from "./ports.ts";
import { untilReady } from "./readiness.ts";

export interface PrometheusOptions {
  /** Path of the program, `findBinaries().prometheus`. */
  readonly binary: string;
  /** Where its files go, in a directory `prometheus` that is made there. */
  readonly directory: string;
  /** `host:port` of what is scraped, at `/metrics`, as job "test". */
  readonly targets: readonly string[];
  readonly scrapeSeconds: number;
}

export interface Prometheus extends Pick<Child, "pid" | "pause" | "resume"> {
  readonly url: string;
  readonly stop: () => Promise<void>;
}

export async function startPrometheus(options: PrometheusOptions): Promise<Prometheus> {
  const directory = join(options.directory, "prometheus");
  mkdirSync(directory);
  const interval = `${Math.round(options.scrapeSeconds * 1000)}ms`;
  const configuration = {
    global: { scrape_interval: interval, scrape_timeout: interval },
    scrape_configs: [{ job_name: "test", static_configs: [{ targets: options.targets }] }],
  };
  const file = join(directory, "prometheus.yml");
  writeFileSync(file, JSON.stringify(configuration));
  const address = `127.0.0.1:${await freePort()}`;
  const flags = [
    `--config.file=${file}`,
    `--storage.tsdb.path=${join(directory, "data")}`,
    `--web.listen-address=${address}`,
  ];
  const child = startChild([options.binary, ...flags], join(directory, "prometheus.log"));
  try {
    await untilReady("prometheus", child, `http://${address}/-/ready`);
  } catch (error) {
    await child.kill();
    throw error;
  }
  const { pid, pause, resume, kill } = child;
  return { url: `http://${address}`, pid, pause, resume, stop: kill };
}
