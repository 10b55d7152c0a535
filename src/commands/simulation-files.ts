import { join, parse } from "node:path";
import type { Pipeline } from "../core/pipeline.ts";
import type { PolicyRuns } from "../report/findings.ts";

const [REPORT, RUN_LOG] = ["report.html", "run-log.arrow"];

/** Where the results of `ipa simulate` go. */
export interface SimulationFiles {
  readonly out?: string;
  readonly report?: string;
  readonly log?: string;
  readonly requests?: string;
  readonly visits?: string;
}

/** The files that will be written, those of several runs by the name that they are numbered from. */
export function outputsOf({ report, log, requests, visits, out }: SimulationFiles): readonly string[] {
  const inFolder =
    out === undefined ? [] : [report === undefined ? REPORT : undefined, log === undefined ? RUN_LOG : undefined];
  const named = inFolder.flatMap((name) => (name === undefined ? [] : join(out ?? "", name)));
  return [report, log, requests, visits, ...named].filter((path) => path !== undefined);
}

/** Writes what was asked for; returns the paths, those of many run logs as one pattern. */
export async function writeSimulation(
  files: SimulationFiles,
  pipeline: Pipeline,
  trace: string,
  policies: readonly PolicyRuns[],
  setup: Readonly<Record<string, string>>,
): Promise<readonly string[]> {
  const log = files.log ?? (files.out === undefined ? undefined : join(files.out, RUN_LOG));
  const report = files.report ?? (files.out === undefined ? undefined : join(files.out, REPORT));
  const { writeWhole } = await import("../formats/files.ts");
  const written: string[] = [];
  if (report !== undefined) {
    const { reportPage } = await import("../report/page.ts");
    await writeWhole(report, reportPage({ pipeline: pipeline.name, trace, policies, setup }));
    written.push(report);
  }
  if ([log, files.requests, files.visits].every((path) => path === undefined)) return written;

  const { requestsToArrow, runLogToArrow, visitsToArrow } = await import("../formats/arrow.ts");
  const names = pipeline.stages.map((stage) => stage.name);
  const many = policies.length > 1 || policies.some(({ runs }) => runs.length > 1);
  for (const { summary, runs } of policies) {
    for (const [s, run] of runs.entries()) {
      const seed = String(summary.seeds[s] ?? "");
      const meta = { pipeline: pipeline.name, trace, policy: summary.policy, seed };
      const contents: readonly (readonly [string | undefined, () => Uint8Array | null])[] = [
        [log, () => runLogToArrow(names, run.intervals, meta)],
        [files.requests, () => (run.requestRecords === null ? null : requestsToArrow(names, run.requestRecords, meta))],
        [
          files.visits,
          () => (run.visitRecords === null ? null : visitsToArrow(pipeline.stages, run.visitRecords, meta)),
        ],
      ];
      for (const [path, content] of contents) {
        const bytes = path === undefined ? null : content();
        if (path !== undefined && bytes !== null)
          await writeWhole(many ? numbered(path, summary.policy, seed) : path, bytes);
      }
    }
  }
  const paths = [log, files.requests, files.visits].filter((path) => path !== undefined);
  return [...written, ...paths.map((path) => (many ? numbered(path, "<policy>", "<n>") : path))];
}

function numbered(path: string, policy: string, seed: string): string {
  const { dir, name, ext } = parse(path);
  return join(dir, `${name}-${policy}-seed${seed}${ext}`);
}
