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
};

/** The moment as a screen that is drawn over the last one. */
export function screen({ second, seconds, loads, sight, done }: Moment): readonly string[] {
  const { status, stages } = sight;
  return [
    `ipa control, live on a Kubernetes control plane    ${clock(second)} of ${clock(seconds)}    Ctrl-C ends it`,
    "",
    `  load      ${spark(loads)}  ${rate(loads.at(-1))} requests/s now, ${rate(status.plan?.plannedLoadRps)} planned for`,
    `  plan      ${promise(sight)}`,
    `  why       ${reasonOf(sight)}`,
    "",
    "  stage      variant    replicas: ▶ takes the requests, ■ ready, □ starting",
    ...stages.flatMap(stageLines),
    "",
    "  what was done",
    ...lastOf(done, 8).map((line) => `    ${line}`),
  ];
}

/** The moment as one line, for a file. */
export function line({ second, loads, sight }: Moment): string {
  const stages = sight.stages.map(
    ({ name, variants, switching }) =>
      `${name}: ${variants.filter(isThere).map(inShort).join(" + ")}${switching === null ? "" : ` (${switching.phase})`}`,
  );
  return `${clock(second)}  ${rate(loads.at(-1)).padStart(2)} rps | ${stages.join(" | ")} | ${promise(sight)} | ${sight.status.decision?.reason ?? "-"}`;
}

export function clock(second: number): string {
  return `${Math.floor(second / 60)}:${String(Math.floor(second) % 60).padStart(2, "0")}`;
}

function promise({ status: { plan } }: Sight): string {
  const { accuracy, cores, latencySeconds, feasible } = plan ?? {};
  if (accuracy === undefined) return "none yet";
  const latency = latencySeconds === undefined ? "its queues grow" : `p99 ${latencySeconds} s of 2 s`;
  return `accuracy ${accuracy}, ${cores} cores, ${latency}${feasible === true ? "" : ", limits not kept"}`;
}

function reasonOf({ status: { decision } }: Sight): string {
  return decision === undefined ? "" : `${why[decision.reason] ?? ""} (${decision.reason})`;
}

function stageLines({ name, variants, switching }: StageSight): readonly string[] {
  return variants.map((variant, v) => {
    const to = switching !== null && variant.name !== switching.from;
    const arrow = switching === null || !to ? "" : `  switching to it: ${phases[switching.phase]}`;
    return [
      "  ",
      (v === 0 ? name : "").padEnd(11),
      variant.name.padEnd(9),
      variant.serves ? "▶ " : "  ",
      bar(variant).padEnd(22),
      `${variant.ready}/${variant.replicas} ready`,
      arrow,
    ].join("");
  });
}

function bar({ replicas, ready }: VariantSight): string {
  return "■".repeat(Math.min(ready, 20)) + "□".repeat(Math.max(0, Math.min(replicas, 20) - ready));
}

function isThere({ replicas, ready }: VariantSight): boolean {
  return replicas > 0 || ready > 0;
}

function inShort({ name, replicas, ready, serves }: VariantSight): string {
  return `${serves ? "▶" : ""}${name}×${replicas}${ready === replicas ? "" : ` (${ready} ready)`}`;
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
