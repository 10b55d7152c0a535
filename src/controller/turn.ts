import type { LoopState } from "../core/cluster.ts";
import type { Control } from "../core/control.ts";
import { newestLoad } from "../core/loop.ts";
import { KubeError } from "../kube/errors.ts";
import type { KubeObject } from "../kube/objects.ts";
import { carryOut } from "./act/act.ts";
import { stepsTo } from "./act/carry-out.ts";
import { bad, notKnown, unknown, type Standings } from "./tell/conditions.ts";
import type { Context, Question } from "./context.ts";
import { asStoredNow, end, keepFinalizer } from "./act/ending.ts";
import { contestedOf } from "./see/fixed.ts";
import { modeWithin, type Known, type Sound } from "./known.ts";
import { pruned, resumed, yielded, type Ledger } from "./act/ledger.ts";
import { firstDownFrom } from "./see/load.ts";
import { look, type ClusterLook } from "./see/look.ts";
import { memoryFrom, NOT_ACTING, type Memory } from "./memory.ts";
import { settleOwned } from "./act/ownership.ts";
import { watching } from "./see/service-times.ts";
import { countDecision } from "./tell/publish.ts";
import { PIPELINES } from "./pipelines.ts";
import { report } from "./tell/report.ts";
import { signalsOf } from "./act/signals.ts";
import {
  standingOfLag,
  standingOfLoad,
  standingOfPlan,
  standingOfProfiles,
  standingOfTargets,
  switchesText,
  undecided,
} from "./tell/standings.ts";
import { underWay } from "./tell/under-way.ts";
import type { Unresolved } from "./see/targets.ts";
import type { World } from "./world.ts";

/** One turn of one pipeline: see, decide, carry out, tell. Returns what to keep until the next one. */
export async function takeTurn(context: Context, world: World, read: Known, before: Memory | null): Promise<Memory> {
  const known = await asStoredNow(context, world, read);
  const { built } = known;
  const kept = before ?? memoryFrom(await asStored(context, known), context.clock());
  if (known.ending) return end(context, world, known, kept);
  await keepFinalizer(context, known);
  if ("problem" in built) {
    const { of, reason, message } = built.problem;
    const problem = undecided(reason, message);
    const standings =
      of === "Ready"
        ? notKnown("the pipeline has to be corrected first: see Ready")
        : { ...notKnown("ProfilesReady has to hold first"), ProfilesReady: problem };
    return report(context, known, kept, { standings, ready: problem });
  }
  const memory = obey(kept, known.resume);
  if (known.paused) {
    const paused = bad(
      "Paused",
      "by the annotation ipa.dev/paused nothing is decided, and no number written. Take it away to go on.",
    );
    const standings = { ...notKnown("the pipeline is paused"), Applied: paused };
    return report(context, known, memory, { standings, ready: paused });
  }
  return run(context, world, known, built, memory);
}

/** What a former leader wrote last may not have come by the watch yet. With its namespace the right to read a pipeline goes. */
function asStored({ kube }: Context, { object, namespace, name, ending }: Known): Promise<KubeObject> {
  return kube.get({ ...PIPELINES, namespace, name }).catch((error: unknown) => {
    if (ending && error instanceof KubeError && error.status === 403) return object;
    throw error;
  });
}

/** A new value of the `resume` annotation takes over again what somebody took back; that it is not there any more asks for nothing. */
function obey(memory: Memory, resume: string): Memory {
  const isNew = resume !== "" && resume !== memory.ledger.resumed;
  return isNew ? { ...memory, ledger: resumed(memory.ledger, resume) } : memory;
}

async function run(context: Context, world: World, known: Known, built: Sound, memory: Memory): Promise<Memory> {
  const mode = modeWithin(context.maxMode, built.control);
  const { cluster, ...found } = await look(context, world, known, built, mode, memory);
  const { measured, load, unknownSince, unresolved } = found;
  const assumed = load.assumed === true;
  const TargetResolved = standingOfTargets(unresolved, cluster?.held ?? null);
  const MetricsAvailable = standingOfLoad(measured, assumed);
  const downFrom = firstDownFrom(built.pipeline, load, memory.downFrom, context.clock());
  const kept = { ...memory, unknownSince, downFrom };
  if (cluster === null) {
    const standings = { ...notKnown("TargetResolved has to hold first"), TargetResolved, MetricsAvailable };
    return report(context, known, kept, { standings, mode, measured });
  }
  const { times, views } = cluster;
  const followed = { ...kept, inForce: times.inForce };
  const standingsAfter = (state: LoopState | null): Standings => ({
    TargetResolved,
    MetricsAvailable,
    ProfilesReady: standingOfProfiles(views, built, state?.slowdowns, times),
    Feasible: unknown("NotDecided", `mode ${mode} makes no plan`),
    Applied: bad(NOT_ACTING, `mode ${mode} sets no replicas`),
  });
  const told = { mode, measured, observed: { ...times, latency: cluster.latency } };
  if (mode === "Observe") {
    const watched = { ...followed, mode, state: watching(built.pipeline, cluster.seen, kept.state) };
    return report(context, known, watched, { ...told, standings: standingsAfter(watched.state) });
  }
  const isKnown = "load" in measured || assumed;
  const mayGoDown = isKnown && context.clock() >= (downFrom ?? Infinity);
  const acts = mode === "Act";
  const ledger = acts ? await settled(context, known, built.control, cluster, unresolved, kept) : kept.ledger;
  const question: Question = {
    ...context.setupOf(built.pipeline),
    seen: cluster.seen,
    recall: kept.isFresh && "load" in measured ? measured.load : null,
  };
  const answer = await context.decide(question);
  // What is asked for now is heeded in the next turn, which comes at once.
  if (!known.holds()) return kept;
  const id = context.journal(`${known.namespace}/${known.name}`, question, answer);
  countDecision(context, { namespace: known.namespace, pipeline: known.name }, built.pipeline, answer);
  const { plan, reason } = answer.decision;
  const state = acts ? answer.decision.state : unswitched(answer.decision.state, kept.state);
  // Who gave no answer has not found anything out, either.
  const isFresh = kept.isFresh && reason === "held-timeout";
  const decided: Memory = { ...followed, plan, state, mode, ledger, isFresh };
  const toTell = {
    ...told,
    standings: { ...standingsAfter(state), Feasible: standingOfPlan(answer, built.pipeline, isKnown) },
    fixed: cluster.fixed,
    answer,
    id,
    // Of what may be otherwise by now nothing goes down here, either.
    ...(mode === "Signal" ? { signals: signalsOf(plan, views, mayGoDown && world.stale().length === 0) } : {}),
  };
  if (!acts) return report(context, known, decided, toTell);
  const steps = stepsTo({ ...built, ...cluster }, plan, state);
  const { pipeline } = built;
  const { loadWindow } = pipeline.adaptation;
  const newest = "load" in measured ? newestLoad(measured.load, loadWindow) : null;
  const waiting = underWay(pipeline, answer, newest);
  const lag = standingOfLag(waiting, newest, loadWindow, isOverloaded(kept));
  return carryOut(context, world, known, decided, steps, mayGoDown, switchesText(waiting), { ...toTell, lag });
}

/** What is only recommended, or left to others, switches nothing: as it was before. */
function unswitched(state: LoopState | null, before: LoopState | null): LoopState | null {
  if (state?.planning === undefined) return state;
  const switchedAt = before?.planning?.switchedAt ?? {};
  return { ...state, planning: { ...state.planning, switchedAt } };
}

/** Whether that was told last. */
function isOverloaded({ status: { conditions = [] } }: Memory): boolean {
  return conditions.some(({ type, reason }) => type === "Ready" && reason === "Overloaded");
}

/** The ledger, once what was begun is settled, and without what something else scales, what is gone, and what the pipeline no longer names. */
async function settled(
  { scales }: Context,
  { namespace }: Known,
  { stages }: Control,
  { views, fixed, ledger }: ClusterLook,
  unresolved: readonly Unresolved[],
  { isFresh }: Memory,
): Promise<Ledger> {
  const named = pruned(
    ledger,
    stages.flatMap(({ targets }) => targets.filter((target) => target !== null)),
  );
  const known = await settleOwned(scales, namespace, views, fixed, { ledger: named, isFresh });
  const gone = unresolved.flatMap(({ reason, target }) => (reason === "NotFound" && target !== null ? target : []));
  return yielded(known, [...contestedOf(fixed), ...gone]);
}
