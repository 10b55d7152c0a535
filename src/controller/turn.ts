import type { LoopState } from "../core/cluster.ts";
import type { Control } from "../core/control.ts";
import { reach } from "../core/movement/stabilise.ts";
import type { Pipeline } from "../core/pipeline.ts";
import { unwatched } from "../core/rollout.ts";
import type { KubeObject } from "../kube/objects.ts";
import { carryOut } from "./act.ts";
import { stepsTo } from "./carry-out.ts";
import { bad, good, unknown, type Standing, type Standings } from "./conditions.ts";
import type { Answer, Context, Question } from "./context.ts";
import { end, keepFinalizer } from "./ending.ts";
import { contestedOf, fixedBy } from "./fixed.ts";
import { modeWithin, type Known } from "./known.ts";
import { resumed, yielded } from "./ledger.ts";
import { firstDownFrom, loadToPlanFor } from "./load.ts";
import { measure } from "./measure.ts";
import { memoryFrom, NOT_ACTING, type Memory } from "./memory.ts";
import { observe } from "./observe.ts";
import { settleOwned } from "./ownership.ts";
import { servedBy } from "./services.ts";
import { serviceTimes, watching } from "./service-times.ts";
import { countDecision } from "./publish.ts";
import { PIPELINES } from "./pipelines.ts";
import { report } from "./report.ts";
import { resourcesDiffer, standingOfLoad, standingOfPlan, standingOfProfiles } from "./standings.ts";
import { seeTargets } from "./targets.ts";
import type { World } from "./world.ts";

const notKnown = unknown("NotKnown", "another condition has to hold first");
const nothingKnown: Standings = {
  TargetResolved: notKnown,
  MetricsAvailable: notKnown,
  ProfilesReady: notKnown,
  Feasible: notKnown,
  Applied: notKnown,
};

/** One turn of one pipeline: see, decide, carry out, tell. Returns what to keep until the next one. */
export async function takeTurn(context: Context, world: World, known: Known, before: Memory | null): Promise<Memory> {
  const { built } = known;
  const kept = before ?? memoryFrom(await asStored(context, known), context.clock());
  if (known.ending) return end(context, world, known, kept);
  await keepFinalizer(context, known);
  if ("problem" in built) {
    const { of, reason, message } = built.problem;
    const problem = bad(reason, message);
    const standings = of === "Ready" ? nothingKnown : { ...nothingKnown, ProfilesReady: problem };
    return report(context, known, kept, { standings, ready: problem, assumed: false });
  }
  const memory = obey(kept, known.resume);
  if (known.paused) {
    const paused = bad("Paused", 'the annotation ipa.dev/paused is "true": nothing is decided, and no number written');
    const standings = { ...nothingKnown, Applied: paused };
    return report(context, known, memory, { standings, ready: paused, assumed: false });
  }
  return run(context, world, known, built, memory);
}

/** What a former leader wrote last may not have come by the watch yet. */
function asStored({ kube }: Context, { namespace, name }: Known): Promise<KubeObject> {
  return kube.get({ ...PIPELINES, namespace, name });
}

/** A new value of the `resume` annotation takes over again what somebody took back. */
function obey(memory: Memory, resume: string): Memory {
  return resume === memory.ledger.resumed ? memory : { ...memory, ledger: resumed(memory.ledger, resume) };
}

async function run(
  context: Context,
  world: World,
  known: Known,
  { pipeline, control }: { readonly pipeline: Pipeline; readonly control: Control },
  memory: Memory,
): Promise<Memory> {
  const { scales, clock } = context;
  const now = clock();
  const mode = modeWithin(context.maxMode, control);
  const [targets, measurements] = await Promise.all([
    seeTargets({ scales, pods: world.pods, now }, known.namespace, pipeline, control),
    measure(context.query, pipeline, control, now, longestMemory(pipeline, memory), context.signal),
  ]);
  const { load: measured, latency } = measurements;
  const unknownSince = "load" in measured ? null : (memory.unknownSince ?? now);
  const { series, assumed } = loadToPlanFor(pipeline, control, measured, now, unknownSince);
  const kept = { ...memory, unknownSince, downFrom: memory.downFrom ?? firstDownFrom(pipeline, series, now) };
  const metrics = standingOfLoad(measured, assumed);
  if ("problem" in targets) {
    const standings = {
      ...nothingKnown,
      TargetResolved: bad(targets.problem.reason, targets.problem.message),
      MetricsAvailable: metrics,
    };
    return report(context, known, kept, { standings, mode, measured, assumed });
  }
  const { views } = targets;
  const routed = control.stages.map(({ stage, service }) =>
    service === null
      ? null
      : servedBy(
          world.service(service.name),
          views.filter((view) => view.stage === stage),
        ),
  );
  const fixed = fixedBy(known.object, world, views, kept.ledger);
  // What was only recommended runs nowhere, and nothing is under way to it.
  const isCarriedOut = kept.acts && mode !== "Observe";
  const state = isCarriedOut || kept.state === null ? followable(kept.state, world, now) : withoutRollouts(kept.state);
  const plan = isCarriedOut ? kept.plan : [];
  const sight = observe(pipeline, control, { now, load: series, views, routed, plan, fixed, state });
  const times = serviceTimes(pipeline, control, measurements.service, { ...sight, routed }, kept.inForce, now);
  const seen = times.served.length === 0 ? sight : { ...sight, served: times.served };
  const profiles = (after: LoopState | null): Standing => standingOfProfiles(views, pipeline, after?.slowdowns, times);
  const standings: Standings = {
    ...nothingKnown,
    TargetResolved: good("Resolved"),
    MetricsAvailable: metrics,
    Applied: bad(NOT_ACTING, `mode ${mode} sets no replicas`),
  };
  const observed = { ...times, latency };
  const followed = { ...kept, inForce: times.inForce };
  if (mode === "Observe") {
    const watched = { ...followed, state: watching(pipeline, seen, kept.state) };
    const ProfilesReady = profiles(watched.state);
    return report(context, known, watched, {
      standings: { ...standings, ProfilesReady },
      mode,
      measured,
      observed,
      assumed,
    });
  }

  const acts = mode === "Act";
  const settled =
    acts && kept.isFresh ? await settleOwned(scales, known.namespace, views, fixed, kept.ledger) : kept.ledger;
  const ledger = yielded(settled, contestedOf(fixed));
  const recall = kept.isFresh && "load" in measured ? measured.load : null;
  const question: Question = { ...context.setupOf(pipeline), seen, recall };
  const answer = (await context.decide(question)) ?? tooLate(question);
  // What is asked for now is heeded in the next turn, which comes at once.
  if (!known.holds()) return kept;
  const id = context.journal(`${known.namespace}/${known.name}`, question, answer);
  countDecision(context, { namespace: known.namespace, pipeline: known.name }, pipeline, answer);
  const { decision } = answer;
  const decided: Memory = { ...followed, plan: decision.plan, state: decision.state, acts, ledger, isFresh: false };
  const told = {
    standings: { ...standings, ProfilesReady: profiles(decided.state), Feasible: standingOfPlan(answer) },
    mode,
    measured,
    observed,
    assumed,
    fixed,
    answer,
    id,
  };
  if (!acts || resourcesDiffer(views)) return report(context, known, decided, told);
  const steps = stepsTo({ pipeline, control, views, routed, fixed }, decided.plan, decided.state);
  return carryOut(context, world, known, decided, steps, told);
}

/** Seconds of load to ask for: what predictors see; and, where the memory of it is lost, as far back as that reaches. */
function longestMemory({ adaptation: { history, movement } }: Pipeline, { isFresh }: Memory): number {
  return isFresh ? reach(movement) + history : history;
}

/** Replicas that come unseen must not be given up. */
function followable(state: LoopState | null, world: World, now: number): LoopState | null {
  if (state?.rollouts === undefined || world.stale().length === 0) return state;
  return { ...state, rollouts: unwatched(state.rollouts, now) };
}

function withoutRollouts<T extends { readonly rollouts?: unknown }>({
  rollouts: _rollouts,
  ...state
}: T): Omit<T, "rollouts"> {
  return state;
}

/** No answer in time: what is in force is held. */
function tooLate({ seen }: Question): Answer {
  const { now: at, running: plan, state } = seen;
  return {
    seen,
    decision: { at, load: null, planned: null, plan, change: 0, outcome: null, reason: "held-timeout", state },
    promised: null,
    seconds: 0,
  };
}
