import type { Mode } from "../../core/control.ts";
import type { MeasuredLoad } from "../../core/counters.ts";
import { isSolved } from "../../core/problem.ts";
import { unwatched } from "../../core/rollout.ts";
import { reasonNames } from "../../core/reason.ts";
import { instantText, loopStatus, planStages, rolloutsStatus, slowdownsStatus } from "../../formats/status.ts";
import type { PipelineStatus } from "../../formats/status-schema.ts";
import { conditionsOf, readiness, type Standing, type Standings, type StandingType } from "./conditions.ts";
import type { Answer, Context } from "../context.ts";
import type { Known } from "../known.ts";
import type { Memory } from "../memory.ts";
import { hasDrifted, isSamePlan, saysAnother } from "./news.ts";
import { observedStatus, type Observed } from "./observed.ts";
import type { Fixed } from "../see/fixed.ts";
import { pinnedKnobs } from "../see/knobs.ts";
import type { Signal } from "../act/signals.ts";
import { PIPELINES } from "../pipelines.ts";
import { publish } from "./publish.ts";
import { shown } from "./shown.ts";
import { FIELD_MANAGER } from "../act/scales.ts";

/** What a turn found, as far as it came. */
export interface Told {
  readonly standings: Standings;
  /** What makes it not ready whatever else holds. */
  readonly ready?: Standing;
  /** What makes it not ready beside all else; null: nothing does. */
  readonly lag?: Standing | null;
  readonly mode?: Mode;
  readonly measured?: MeasuredLoad;
  readonly observed?: Observed;
  readonly fixed?: readonly Fixed[];
  /** Numbers for others to set, in mode Signal. */
  readonly signals?: readonly Signal[];
  readonly answer?: Answer;
  /** Of the decision. */
  readonly id?: string;
}

/** Numbers that only drift are written once in so many seconds. */
const NUMBERS_EVERY = 60;

/** The status could not be written; what is to be remembered is remembered all the same. */
export class UnreportedError extends Error {
  override readonly name = "UnreportedError";
  readonly memory: Memory;

  constructor(memory: Memory, cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.memory = memory;
  }
}

/**
 * Writes the status where it says something new, and returns what is then remembered of it. Rejects with an UnreportedError. What holds
 * no more is not told: of the status the API server takes an apply on whatever has the name, also where the body says another uid.
 */
export async function report(context: Context, known: Known, before: Memory, told: Told): Promise<Memory> {
  if (!known.holds()) return before;
  const now = context.clock();
  const memory = told.answer === undefined ? undecided(before, told, now) : before;
  const status = statusOf(known, memory, told, now);
  publish(context, known, told, status);
  tellReadiness(context.log, known, status);
  const { writtenAt } = memory;
  const isDrift = writtenAt !== null && !saysAnother(status, memory.status);
  if (isDrift && !(now - writtenAt >= NUMBERS_EVERY && hasDrifted(status, memory.status))) return memory;
  const { name, namespace, object } = known;
  const { apiVersion, kind } = object;
  await context.kube
    .apply(
      { ...PIPELINES, namespace, name, subresource: "status" },
      { apiVersion, kind, metadata: { name, namespace }, status },
      { fieldManager: FIELD_MANAGER, force: true },
    )
    .catch((error: unknown) => {
      throw new UnreportedError({ ...memory, writtenAt: null }, error);
    });
  return { ...memory, status, writtenAt: now };
}

function tellReadiness(log: Context["log"], { namespace, name }: Known, { conditions }: PipelineStatus): void {
  const ready = conditions?.find(({ type }) => type === "Ready");
  if (ready !== undefined) log.ready(`${namespace}/${name}`, ready);
}

/** In a turn without a decision nobody looks how far replicas have come; and in one that does not look at the load, since when that is known. */
function undecided(memory: Memory, { measured }: Told, now: number): Memory {
  const { state, downFrom } = memory;
  return {
    ...memory,
    downFrom: measured === undefined && downFrom !== null && downFrom > now ? null : downFrom,
    state: state?.rollouts === undefined ? state : { ...state, rollouts: unwatched(state.rollouts, now) },
  };
}

function statusOf({ object, built }: Known, memory: Memory, told: Told, now: number): PipelineStatus {
  const generation = object.metadata.generation ?? 0;
  const { standings, ready, lag = null, mode, answer, id, fixed = [] } = told;
  const counts: readonly StandingType[] = [
    "TargetResolved",
    "MetricsAvailable",
    "ProfilesReady",
    ...(mode === "Observe" ? [] : (["Feasible"] as const)),
    ...(mode === "Act" ? (["Applied"] as const) : []),
  ];
  const { takenOver, pinned, resumed } = memory.ledger;
  const knobs =
    "control" in built && mode !== undefined && mode !== "Observe" ? pinnedKnobs(built.control, mode, fixed) : [];
  const lastMode = mode ?? memory.status.mode;
  // What is only recommended is not under way.
  const rollouts = lastMode === "Act" ? rolloutsStatus(memory.state?.rollouts ?? {}) : [];
  const slowdowns = slowdownsStatus(memory.state?.slowdowns ?? {});
  const observed = observedStatus(told.observed, memory.status.observed);
  const { planning } = memory.state ?? {};
  return {
    observedGeneration: generation,
    ...(lastMode === undefined ? {} : { mode: lastMode }),
    ...(answer === undefined || id === undefined ? kept(memory.status) : planned(answer, id, memory.status.plan)),
    ...loadStatus(told, memory.status, now),
    ...(observed === undefined ? {} : { observed }),
    ...(knobs.length === 0
      ? {}
      : { pinnedKnobs: knobs.map(({ knobs: of, ...rest }) => ({ ...rest, knobs: [...of] })) }),
    ...(rollouts.length === 0 ? {} : { rollouts }),
    ...(slowdowns.length === 0 ? {} : { slowdowns }),
    ...(planning === undefined ? {} : { loop: loopStatus(planning) }),
    ...(takenOver.length === 0 ? {} : { takenOver: [...takenOver] }),
    ...(pinned.length === 0 ? {} : { heldTargets: [...pinned] }),
    ...(resumed === "" ? {} : { resumed }),
    conditions: [
      ...conditionsOf(
        { ...standings, Ready: ready ?? readiness(standings, counts, lag) },
        memory.status.conditions ?? [],
        generation,
        instantText(now),
      ),
    ],
  };
}

/** A turn without a decision says of the plan what was said before. */
function kept({ plan, decision }: PipelineStatus): Pick<PipelineStatus, "plan" | "decision"> {
  return { ...(plan === undefined ? {} : { plan }), ...(decision === undefined ? {} : { decision }) };
}

function planned(
  { decision, promised }: Answer,
  id: string,
  before: PipelineStatus["plan"],
): Pick<PipelineStatus, "plan" | "decision"> {
  const { outcome, planned: plannedLoad, load, plan, reason, at } = decision;
  const said = { decision: { id, reason: reasonNames[reason] } };
  if (plan.length === 0) return said;
  const stages = planStages(plan);
  const isSame = before !== undefined && isSamePlan(stages, before.stages);
  // Of a plan that is held without looking at it, what was said stands.
  if (outcome === null && isSame) return { ...said, plan: before };
  const solved = outcome !== null && isSolved(outcome) ? outcome : null;
  const numbers = {
    loadRps: load,
    plannedLoadRps: plannedLoad,
    objective: solved?.objective ?? promised?.objective,
    bound: solved?.bound,
    accuracy: promised?.accuracy,
    cores: promised?.cores,
    latencySeconds: promised?.latency,
  };
  return {
    ...said,
    plan: {
      decisionId: isSame ? before.decisionId : id,
      madeAt: isSame ? before.madeAt : instantText(at),
      ...Object.fromEntries(
        Object.entries(numbers).flatMap(([key, value]) =>
          typeof value === "number" && Number.isFinite(value) ? [[key, shown(value)]] : [],
        ),
      ),
      // Of what was never looked at it is not known.
      ...(outcome === null || outcome.status === "unknown" ? {} : { feasible: solved !== null }),
      stages,
    },
  };
}

function loadStatus(
  { measured, answer }: Told,
  { load: before }: PipelineStatus,
  now: number,
): Pick<PipelineStatus, "load"> {
  if (measured === undefined || !("load" in measured)) return before === undefined ? {} : { load: before };
  const observed = measured.load.rates.at(-1) ?? null;
  const predicted = answer?.decision.load ?? null;
  return {
    load: {
      ...(observed === null ? {} : { observedRps: shown(observed) }),
      ...(predicted === null ? {} : { predictedRps: shown(predicted) }),
      at: instantText(Math.round(now)),
    },
  };
}
