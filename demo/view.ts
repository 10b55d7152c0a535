import { STORY } from "./load.ts";
import { pipeline } from "./pipeline.ts";
import type { Sight, StageSight, VariantSight } from "./sight.ts";

/** A moment of the demo. */
export interface Moment {
  /** Since the beginning, and in all. */
  readonly second: number;
  readonly seconds: number;
  /** Requests per second that are sent, of all moments so far. */
  readonly loads: readonly number[];
  readonly sight: Sight;
  /** What was done so far, with its second; oldest first. */
  readonly done: readonly string[];
}

/** Why a decision was made, for people who see it for the first time. */
const why: Readonly<Record<string, string>> = {
  First: "the first plan",
  LoadRose: "the load rose, and the plan in force would no longer keep its promise",
  LoadFell: "the load fell for long enough, and less will do",
  Drifted: "what runs, or the pipeline, changed under the plan",
  BetterPlan: "another plan is worth more, at this load",
  Unchanged: "the plan in force is still the best",
  Limited: "as much of the better plan as may be done at once",
  Setback: "replicas did not get up, and another way is taken",
  BestEffort: "no plan keeps every limit, and this is the nearest",
  HeldNoData: "the load is not known yet: nothing is changed",
  HeldInfeasible: "no plan keeps every limit: nothing is changed",
  HeldUnknown: "no plan was found in time: nothing is changed",
  HeldTimeout: "the decision took too long: nothing is changed",
};

const phases: Readonly<Record<string, string>> = {
  Preparing: "its replicas start",
  Ready: "enough are ready",
  Routed: "it takes the requests",
  Draining: "the old ones finish",
  Returning: "too few of them stayed ready, and the old ones serve again",
};

const PROMISED = `${Number.parseFloat(pipeline.spec.sla.latency)} s`;

/** What is going to be shown, before anything is. */
export function introduction(seconds: number): readonly string[] {
  const stages = pipeline.spec.stages.map(({ name, variants }, s) =>
    [(s === 0 ? "pipeline" : "then").padEnd(11), `${name}, by `, variants.map(spec).join(", or ")].join(""),
  );
  return [
    "ipa control at work on a Kubernetes control plane. All of that is real but the Pods, in which nothing runs.",
    `Its times are short: nothing goes down before the load has been lower for ${pipeline.spec.adaptation.movement.stabilization}; by default for 300 s.`,
    "",
    ...stages.map((stage) => `  ${stage}`),
    "  choice     of each stage the variant and its replicas. The more accurate one takes more cores for the same requests",
    `  promise    99 % of the requests are answered within ${PROMISED}`,
    `  load       ${STORY}, in ${clock(seconds)} minutes`,
  ];
}

/** Widths of the columns of the screen. */
const [NAMES, SPECS, READY] = [10, 33, 10];

const LEGEND = "▶ takes the requests   ■ replica that is ready   □ replica that starts";

/** The moment as a screen that is drawn over the last one. */
export function screen({ second, seconds, loads, sight, done }: Moment): readonly string[] {
  const { status, stages } = sight;
  return [
    `${clock(second)} of ${clock(seconds)}    Ctrl-C ends it`,
    "",
    `  load      ${spark(loads)}  ${rate(loads.at(-1))} requests/s now, ${rate(status.plan?.plannedLoadRps)} planned for`,
    `  plan      ${promise(sight)}`,
    `  why       ${reasonOf(sight)}`,
    "",
    `  ${"stage".padEnd(NAMES)}  ${"variant".padEnd(SPECS)}${"ready".padEnd(READY)}replicas`,
    ...stages.flatMap(stageLines),
    `  ${LEGEND}`,
    "",
    "  what was done",
    ...lastOf(done, 6).map((line) => `    ${line}`),
  ];
}

/** Width of the columns of a line: time, load, of each stage, accuracy, cores and latency of the plan. */
const WIDTHS = [5, 4, ...pipeline.spec.stages.map(() => 34), 8, 5, 9];

/** What the columns of `line` are. */
export function header(): readonly string[] {
  const names = pipeline.spec.stages.map(({ name }) => name);
  const columns = ["time", "load", ...names, "accuracy", "cores", "99 % in s", "why"].map(inColumn);
  return [
    "load: requests/s. Stages: variants × replicas, ▶ takes the requests, 3/5: 3 of 5 are ready, then how far a switch has come.",
    "accuracy, cores, 99 % in s (seconds within which 99 % of the requests are answered): of the plan. why: of the last decision.",
    "Lines with · say what was done.",
    "",
    columns.join("  "),
    columns.map((name) => "─".repeat(name.length)).join("  "),
  ];
}

/** The moment as one line, for a file. */
export function line({ second, loads, sight }: Moment): string {
  const { plan, decision } = sight.status;
  const stages = sight.stages.map(({ variants, switching }) => {
    const there = variants.filter(isThere).map(inShort).join(" + ");
    return switching === null ? there : `${there} ${switching.phase}`;
  });
  const { accuracy = "-", cores = "-", latencySeconds = plan?.accuracy === undefined ? "-" : "never" } = plan ?? {};
  const columns = [clock(second), rate(loads.at(-1)), ...stages, accuracy, cores, latencySeconds];
  return [...columns, decision?.reason ?? "-"].map(inColumn).join("  ");
}

/** Numbers to the right, names to the left. */
function inColumn(text: string, column: number): string {
  const width = WIDTHS[column] ?? 0;
  return column < 2 || column > 1 + pipeline.spec.stages.length ? text.padStart(width) : text.padEnd(width);
}

export function clock(second: number): string {
  return `${Math.floor(second / 60)}:${String(Math.floor(second) % 60).padStart(2, "0")}`;
}

function promise({ status: { plan } }: Sight): string {
  const { accuracy, cores, latencySeconds, feasible } = plan ?? {};
  if (accuracy === undefined) return "none yet: the load is being measured";
  const latency =
    latencySeconds === undefined
      ? "its queues grow without end"
      : `99 % of the requests within ${latencySeconds} s, where ${PROMISED} are promised`;
  return `accuracy ${accuracy}, ${cores} cores, ${latency}${feasible === false ? " (limits not kept)" : ""}`;
}

function reasonOf({ status: { decision } }: Sight): string {
  return decision === undefined ? "" : `${why[decision.reason] ?? ""} (${decision.reason})`;
}

function stageLines({ name, variants, switching }: StageSight): readonly string[] {
  const of = pipeline.spec.stages.find((stage) => stage.name === name)?.variants ?? [];
  return variants.map((variant, v) => {
    const to = switching !== null && variant.name !== switching.from;
    const arrow = switching === null || !to ? "" : `  switching to it: ${phases[switching.phase]}`;
    const described = of.find((one) => one.name === variant.name);
    return [
      "  ",
      (v === 0 ? name : "").padEnd(NAMES),
      variant.serves ? "▶ " : "  ",
      (described === undefined ? variant.name : spec(described)).padEnd(SPECS),
      (isThere(variant) ? `${variant.ready} of ${variant.replicas}` : "-").padEnd(READY),
      bar(variant),
      arrow,
    ].join("");
  });
}

function spec({ name, accuracy, cores }: (typeof pipeline.spec.stages)[number]["variants"][number]): string {
  return `${name} (accuracy ${accuracy}, ${cores} ${cores === 1 ? "core" : "cores"})`;
}

function bar({ replicas, ready }: VariantSight): string {
  return "■".repeat(Math.min(ready, 20)) + "□".repeat(Math.max(0, Math.min(replicas, 20) - ready));
}

function isThere({ replicas, ready }: VariantSight): boolean {
  return replicas > 0 || ready > 0;
}

function inShort({ name, replicas, ready, serves }: VariantSight): string {
  return `${serves ? "▶" : ""}${name}×${ready === replicas ? replicas : `${ready}/${replicas}`}`;
}

const BLOCKS = "▁▂▃▄▅▆▇█";
/** Characters of the curve of the load. */
const WIDTH = 40;

function spark(loads: readonly number[]): string {
  const most = Math.max(...loads, 1);
  const blocks = loads.slice(-WIDTH).map((load) => BLOCKS[Math.min(7, Math.floor((8 * load) / most))] ?? "");
  return blocks.join("").padStart(WIDTH);
}

function rate(load: number | string | undefined): string {
  return load === undefined ? "-" : Number(load).toFixed(0);
}

function lastOf(lines: readonly string[], count: number): readonly string[] {
  return [...lines.slice(-count), ...Array.from({ length: Math.max(0, count - lines.length) }, () => "")];
}
