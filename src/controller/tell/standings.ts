import type { LoadSeries, LoopState } from "../../core/cluster.ts";
import type { MeasuredLoad } from "../../core/counters.ts";
import type { Decision } from "../../core/decide.ts";
import { surelyAtLeast } from "../../core/load.ts";
import { missingLoad } from "../../core/missing-load.ts";
import type { Pipeline } from "../../core/pipeline.ts";
import { leastKnown } from "../../core/predictors/predictor.ts";
import { MOST_FACTOR, type Slowdowns } from "../../core/slowdown.ts";
import { instantText } from "../../formats/status.ts";
import { bad, good, unknown, type Standing } from "./conditions.ts";
import type { Answer } from "../context.ts";
import type { UnderWay } from "./under-way.ts";
import type { Sound } from "../known.ts";
import type { ServiceTimes } from "../see/service-times.ts";
import type { Held } from "../see/held.ts";
import type { TargetView, Unresolved } from "../see/targets.ts";

// What a turn found, as conditions say it.

export function standingOfLoad(measured: MeasuredLoad, assumed: boolean): Standing {
  if ("load" in measured) return good("Fresh");
  return bad(measured.problem, `${measured.message}${assumed ? " (planning for spec.load.fallback)" : ""}`);
}

/** Said where nothing is done for the pipeline at all. */
const UNDECIDED = "Nothing is decided until that is mended: replicas and traffic stay as they are.";

/** As it is told that nothing is decided. */
export function undecided(reason: Standing["reason"], message: string): Standing {
  return bad(reason, `${message} ${UNDECIDED}`);
}

/** `held`: what of them is gone on with; null where nothing is, as a stage has no other variant. */
export function standingOfTargets(unresolved: readonly Unresolved[], held: readonly Held[] | null): Standing {
  const [first] = unresolved;
  if (first === undefined) return good("Resolved");
  const nameOf = ({ stage, variant }: Pick<Unresolved, "stage" | "variant">): string => `${stage}/${variant}`;
  const isNamed = ({ reason }: Unresolved): boolean => reason !== "NotNamed";
  const nameless = unresolved.filter((one) => !isNamed(one)).map(nameOf);
  const named = unresolved.filter(isNamed).map((one) => `${nameOf(one)}: ${one.message}`);
  const message = [
    ...(nameless.length === 0
      ? []
      : [
          `${nameless.join(", ")} ${nameless.length > 1 ? "have" : "has"} no scaleTargetRef. Name what runs each variant.`,
        ]),
    ...named,
  ].join(" ");
  if (held === null) return undecided(first.reason, message);
  const counted = held.map((one) => `${nameOf(one)} x${one.replicas}`).join(", ");
  if (counted === "") {
    return bad(first.reason, `${message} The pipeline goes on without ${unresolved.length > 1 ? "them" : "it"}.`);
  }
  const left = unresolved.map(nameOf).filter((name) => !held.some((one) => nameOf(one) === name));
  const rest = left.length === 0 ? "" : ` and without ${left.join(", ")}`;
  return bad(first.reason, `${message} The pipeline goes on with ${counted} taken to run as planned${rest}.`);
}

/** A profile that is wrong by more than this, as a fraction, and beyond the margin is to be told. */
const TOLERATED = 0.2;

export function standingOfProfiles(
  views: readonly TargetView[],
  { pipeline: { stages, margins }, outdated }: Pick<Sound, "pipeline" | "outdated">,
  slowdowns: Slowdowns | undefined,
  { errors, unmeasured }: Pick<ServiceTimes, "errors" | "unmeasured">,
): Standing {
  if (outdated !== null) {
    return bad(outdated.reason, `${outdated.message} Until then the pipeline goes on with the profiles read before.`);
  }
  const differing = views.flatMap(({ differs }) => differs ?? []);
  if (differing.length > 0) {
    return bad("ResourcesDiffer", `${differing.join("; ")}. Make requests, cores and profile agree.`);
  }
  const strange = errors
    .filter(({ error }) => 1 + error > MOST_FACTOR)
    .map(({ stage, variant }) => `${stage}/${variant}`);
  if (strange.length > 0) {
    const message = `${strange.join(", ")}: batches would take more than ${MOST_FACTOR} times as long as the profile says, which is not believed. Check what serviceTime counts, and that it is in seconds.`;
    return bad("ProfileDiffers", message);
  }
  const slow = stages.flatMap(({ name: stage }) =>
    (slowdowns?.[stage] ?? []).flatMap(({ variant, factor, until }) =>
      until === undefined && factor / (1 + margins.serviceTime) > 1 + TOLERATED ? { stage, variant, factor } : [],
    ),
  );
  if (slow.length > 0) {
    const told = slow.map(({ stage, variant, factor }) => `${stage}/${variant} takes ${factor} times as long`);
    const most = Math.max(...slow.map(({ factor }) => factor)) - 1;
    const message = `${told.join(", ")} as the profile says, and is planned for so. Measure the profile again, or set margins.serviceTime to ${Number(most.toPrecision(3))}.`;
    return bad("ProfileDiffers", message);
  }
  const lacking = unmeasured.map(({ stage, problem }) => `${stage} (${problem})`);
  return good("Ready", lacking.length === 0 ? "" : `service times are not measured of ${lacking.join(", ")}`);
}

/** `isLoadKnown`: that of now is measured, or assumed. */
export function standingOfPlan(answer: Answer, pipeline: Pipeline, isLoadKnown: boolean): Standing {
  const {
    decision: { outcome, reason, planned, state, at },
    promised,
  } = answer;
  switch (outcome?.status) {
    case "optimal":
    case "feasible":
      return good("Feasible");
    case undefined:
      return unknown("NotDecided", undecidedText(answer, pipeline, isLoadKnown));
    case "unknown":
      return unknown("NotProved", "the search ended before it found a plan");
    case "infeasible": {
      const latency = promised === null ? "" : latencyPromised(promised.latency);
      const what = reason === "held-infeasible" ? "the plan in force is held" : "the nearest plan is in force";
      // Long after the load has fallen it may be that of before.
      const load = planned === null ? "" : ` at the ${coarse(planned, Math.ceil)} rps planned for`;
      const message = `no plan keeps every limit${load}; ${what}${latency}${setbacksText(state, at)}`;
      return bad(reason === "held-infeasible" ? "Held" : "BestEffort", message);
    }
  }
}

/** What did not come up and is not tried again yet, which is no limit of the file's. */
function setbacksText(state: LoopState | null, now: number): string {
  const held = Object.entries(state?.rollouts ?? {}).flatMap(([stage, { setbacks }]) =>
    setbacks.flatMap(({ variant, most, until }) => {
      if (now >= until) return [];
      const [what, then] = [`${stage}/${variant}`, `tried again at ${clockText(until)} UTC`];
      return most > 0
        ? `. No more than ${most} replicas of ${what} came up: look at their Pods (more are ${then})`
        : `. ${what} did not come up or take over in time, or did not stay ready: look at its Pods (it is ${then})`;
    }),
  );
  return held.join("");
}

function undecidedText({ decision, seen }: Answer, pipeline: Pipeline, isLoadKnown: boolean): string {
  const meanwhile = isDecided(decision) ? "meanwhile the plan in force is held" : "meanwhile nothing is changed";
  if (decision.reason === "held-timeout") return `no decision was made in time (--decision-timeout); ${meanwhile}`;
  if (!isLoadKnown) return `MetricsAvailable has to hold first; ${meanwhile}`;
  return `${lackOf(seen.load, pipeline.adaptation)}; ${meanwhile}`;
}

/** Why a predictor makes nothing of a load that is measured. */
function lackOf(load: LoadSeries, { loadWindow, predictor }: Pipeline["adaptation"]): string {
  const { window, windows, missing, newest } = missingLoad(load, loadWindow);
  const lasting = (some: number): number => Number((some * window).toPrecision(9));
  const [known, needed] = [lasting(windows - missing), lasting(leastKnown(windows))];
  if (newest && known > 0) return `the newest ${window} s of load are not known`;
  if (known >= needed) return `predictor ${predictor} makes nothing of the ${known} s of load that are known`;
  const [then, enough] = [load.end, load.end + needed - known].map((at) => clockText(at));
  return `${known} s of load were known at ${then}, and ${needed} s are needed: that is at about ${enough} UTC`;
}

/** To the second. */
function clockText(at: number): string {
  return instantText(Math.round(at)).slice("2000-01-01T".length, -1);
}

function latencyPromised(seconds: number): string {
  return Number.isFinite(seconds)
    ? `, which promises ${Number(seconds.toPrecision(3))} s`
    : ", and its queues grow without end";
}

/** Whether there ever was a plan, and not only what was found. */
export function isDecided({ state }: Pick<Decision, "state">): boolean {
  return state?.planning !== undefined;
}

/**
 * While what is ready carries less than comes: it will be better, but is not yet. Null where it does. `load`: requests per second, the mean of a
 * window of so many `seconds`. It begins to be told where it is not by chance, and once it is told ends where nothing hints at it, so that it does not come
 * and go with each window.
 */
export function standingOfLag(
  all: readonly UnderWay[],
  load: number | null,
  seconds: number,
  isTold: boolean,
): Standing | null {
  if (load === null) return null;
  const comes = isTold ? load : surelyAtLeast(load, seconds);
  const lagging = all.filter(({ from }) => from.rate < comes);
  if (lagging.length === 0) return null;
  const texts = lagging.map(
    (one) =>
      `stage ${one.stage}: ${one.from.variant} x${one.from.ready} serves ${coarse(one.from.rate, Math.floor)} of ${coarse(load, Math.ceil)} rps ${untilText(one)}`,
  );
  return bad("Overloaded", texts.join("; "));
}

/** What serves meanwhile, of the stages that switch their variant; empty where none does. */
export function switchesText(all: readonly UnderWay[]): string {
  return all
    .filter(({ from, to }) => from.variant !== to.variant)
    .map((one) => `stage ${one.stage}: ${one.from.variant} serves ${untilText(one)}`)
    .join("; ");
}

function untilText({ from, to: { variant, replicas, ready, enough } }: UnderWay): string {
  const of = from.variant === variant ? `${replicas}` : `${variant} x${replicas}`;
  return `until ${enough} of ${of} are ready (${ready} ${ready === 1 ? "is" : "are"})`;
}

/** A rate with two digits, so that it is not news each time that it is measured. */
function coarse(rate: number, round: (value: number) => number): number {
  if (rate === 0) return 0;
  const unit = 10 ** (Math.floor(Math.log10(rate)) - 1);
  return Number((round(rate / unit) * unit).toPrecision(2));
}
