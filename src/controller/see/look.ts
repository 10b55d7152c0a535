import type { LoadSeries, LoopState, Observation } from "../../core/cluster.ts";
import type { Control, Mode } from "../../core/control.ts";
import type { MeasuredLoad } from "../../core/counters.ts";
import { reach } from "../../core/movement/stabilise.ts";
import type { Pipeline } from "../../core/pipeline.ts";
import { unwatched } from "../../core/rollout.ts";
import type { Context } from "../context.ts";
import { released, type Ledger } from "../act/ledger.ts";
import { withBatches } from "./batches.ts";
import { foundOf, leftByHand } from "./by-hand.ts";
import { fixedBy, rivalOf, type Fixed } from "./fixed.ts";
import type { Known } from "../known.ts";
import { loadToPlanFor } from "./load.ts";
import { measure } from "./measure.ts";
import type { Memory } from "../memory.ts";
import { heldBy, type Held } from "./held.ts";
import { observe, planInForce } from "./observe.ts";
import type { Sight } from "./sight.ts";
import { routedTo } from "./routed.ts";
import { serviceTimes, type ServiceTimes } from "./service-times.ts";
import { seeTargets, type TargetView, type Unresolved } from "./targets.ts";
import type { World } from "../world.ts";

/** All that is seen of a pipeline at the beginning of a turn. */
export interface Look {
  readonly measured: MeasuredLoad;
  readonly unknownSince: number | null;
  /** To plan for: as measured, longer where the loop's memory of it is made anew; else as assumed, or not known. */
  readonly load: LoadSeries;
  readonly unresolved: readonly Unresolved[];
  /** The targets and what follows from them; null where a stage has none, and none that is held. */
  readonly cluster: ClusterLook | null;
}

export interface ClusterLook {
  readonly views: readonly TargetView[];
  readonly routed: readonly (string | null)[];
  readonly fixed: readonly Fixed[];
  readonly times: ServiceTimes;
  readonly latency: number | null;
  readonly seen: Observation;
  readonly held: readonly Held[];
  /** Without the targets that people have gone over from. */
  readonly ledger: Ledger;
}

/** Looks at the targets, the Services and the load of a pipeline. */
export async function look(
  { scales, query, clock, signal }: Context,
  world: World,
  known: Known,
  { pipeline, control }: { readonly pipeline: Pipeline; readonly control: Control },
  mode: Mode,
  memory: Memory,
): Promise<Look> {
  const now = clock();
  const [targets, measurements] = await Promise.all([
    seeTargets({ scales, pods: world.pods, now }, known.namespace, pipeline, control),
    measure(query, pipeline, control, now, longestMemory(pipeline, memory), signal),
  ]);
  const { load: measured, latency } = measurements;
  const unknownSince = "load" in measured ? null : (memory.unknownSince ?? now);
  const load = loadToPlanFor(pipeline, control, measured, now, unknownSince);
  const { views, unresolved } = targets;
  const common = { measured, unknownSince, load, unresolved };
  // What was only recommended runs nowhere. To what others carry out nothing is under way; but it is of the variants in force.
  const isCarriedOut = memory.mode === "Act" && mode !== "Observe" && mode !== "Signal";
  const isFollowed = mode === "Signal" && (memory.mode === "Signal" || memory.mode === "Act");
  const carriedOut = isCarriedOut ? memory.plan : isFollowed ? foundOf(memory.plan, views) : [];
  const left = leftByHand(control, mode, carriedOut, views, memory.ledger, ({ target }) =>
    rivalOf(target, known.object, mode, world),
  );
  const plan = carriedOut.filter(({ stage }) => !left.some((view) => view.stage === stage));
  const ledger = released(
    memory.ledger,
    left.map(({ target }) => target),
  );
  const state =
    memory.state === null
      ? null
      : isCarriedOut
        ? followable(withBatches(pipeline, memory.state), world, now)
        : withoutRollouts(memory.state);
  const routes = control.stages.map((stage) => routedTo(stage, world, targets, plan, state));
  const [routed, orphans] = [routes.map(({ variant }) => variant), routes.map((one) => one.orphans)];
  const held = heldBy(control, { mode, unresolved, routed, plan, state });
  if (control.stages.some(({ stage }) => ![...views, ...held].some((one) => one.stage === stage))) {
    return { ...common, cluster: null };
  }
  const { unroutable } = memory;
  const sight: Sight = { mode, now, load, views, unresolved, routed, orphans, unroutable, plan, state };
  const running = planInForce(pipeline, control, sight);
  const fixed = fixedBy(known.object, mode, world, { views, running, ledger });
  const observation = observe(control, sight, running, fixed);
  const times = serviceTimes(pipeline, control, measurements.service, { ...observation, routed }, memory.inForce, now);
  const seen = times.served.length === 0 ? observation : { ...observation, served: times.served };
  return {
    ...common,
    cluster: { views, held, routed, fixed, times, latency, seen, ledger },
  };
}

/** Seconds of load to ask for: what predictors see; and, where the memory of it is lost, as far back as that reaches. */
function longestMemory({ adaptation: { history, movement } }: Pipeline, { isFresh }: Memory): number {
  return isFresh ? reach(movement) + history : history;
}

/** Replicas that come unseen must not be given up. */
function followable(state: LoopState, world: World, now: number): LoopState {
  if (state.rollouts === undefined || world.stale().length === 0) return state;
  return { ...state, rollouts: unwatched(state.rollouts, now) };
}

function withoutRollouts({ rollouts: _rollouts, ...state }: LoopState): LoopState {
  return state;
}
