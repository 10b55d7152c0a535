import type { Target } from "../../core/control.ts";
import { reasonNames } from "../../core/reason.ts";
import { standingMeanwhile, standingOfApplied } from "../tell/applied.ts";
import {
  numbersOf,
  take,
  type Failure,
  type RouteStep,
  type ScaleStep,
  type StepResult,
  type Steps,
} from "./carry-out.ts";
import type { Context } from "../context.ts";
import type { Known } from "../known.ts";
import { entryOf, intending, withdrawn, type Ledger } from "./ledger.ts";
import type { Memory } from "../memory.ts";
import { writeOwned } from "./ownership.ts";
import { report, type Told } from "../tell/report.ts";
import { isDecided } from "../tell/standings.ts";
import { route } from "./services.ts";
import { whyNotTo } from "./still-ready.ts";
import type { World } from "../world.ts";

/**
 * Takes the steps to a plan, and tells how it went. What is meant is written down before it is done, so that whoever leads next can end
 * it. `mayGoDown`: what is not known to be too much is let be. `switches`: what serves until variants have been switched, in words.
 */
export async function carryOut(
  context: Context,
  world: Pick<World, "namespace" | "stale" | "pods" | "service">,
  known: Known,
  memory: Memory,
  steps: Steps,
  mayGoDown: boolean,
  switches: string,
  told: Told,
): Promise<Memory> {
  const { standings } = told;
  const isDone = [...steps.room, ...steps.up, ...steps.routes, ...steps.down].length === 0;
  // Of what may be otherwise by now nothing is taken away, nor taken over: an autoscaler may have come.
  const isOwn = ({ view: { target } }: ScaleStep): boolean => entryOf(memory.ledger, target)?.confirmed === true;
  const certain = { ...steps, up: steps.up.filter(isOwn), routes: [] };
  const before = world.stale();
  const isCertain = before.length === 0;
  const meant = isCertain ? steps : certain;
  const numbers = numbersOf(meant, mayGoDown && isCertain);
  const isIdle = numbers.length + meant.routes.length === 0;
  const written = isIdle ? memory : await intend(context, known, memory, numbers, switches, told);
  const old = [...new Set([...before, ...world.stale()])];
  const taken = old.length === 0 ? meant : certain;

  let ledger: Ledger = written.ledger;
  const tried: Target[] = [];
  const scale = async (step: ScaleStep): Promise<StepResult> => {
    tried.push(step.view.target);
    const done = await writeOwned(context, known.namespace, step, ledger);
    ledger = done.ledger;
    if (done.pinnedBy !== undefined) return { reason: "TargetPinned", target: step.view.target, by: done.pinnedBy };
    tellOfScale(context, known, step, told, done.takenFrom);
    return null;
  };
  const send = async ({ index, view }: RouteStep): Promise<StepResult> => {
    const built = "pipeline" in known.built ? known.built : undefined;
    const stage = built?.control.stages[index];
    if (built === undefined || stage === undefined) throw new RangeError(`there is no stage ${index}`);
    const whyNot = whyNotTo(view.target.variant, index, { ...world, scales: context.scales }, built, told);
    if (whyNot !== null) return { reason: "Switching", message: whyNot };
    const conflict = await route(context.kube, known.object, stage, view.scale.selector);
    if (conflict !== null) return { reason: "ServiceContested", message: conflict };
    void context.record(
      known.object,
      "Normal",
      "Routed",
      `stage ${stage.stage}: requests go to ${view.target.variant}`,
    );
    return null;
  };
  const failed = await take(taken, { scale, route: send, goesOn: known.holds }, mayGoDown && old.length === 0);
  ledger = withdrawn(ledger, memory.ledger, tried);
  if (!known.holds()) return { ...written, ledger };
  const failures: readonly Failure[] = isDone || old.length === 0 ? failed : [...failed, staleFailure(old)];
  const unroutable = failed.flatMap(({ reason, index }) =>
    reason === "ServiceContested" ? (memory.plan[index]?.stage ?? []) : [],
  );
  const hasPlan = told.answer !== undefined && isDecided(told.answer.decision);
  const Applied = standingOfApplied(known, failures, told.fixed ?? [], hasPlan, switches);
  return report(context, known, { ...written, ledger, unroutable }, { ...told, standings: { ...standings, Applied } });
}

function intend(
  context: Context,
  known: Known,
  memory: Memory,
  numbers: readonly ScaleStep[],
  switches: string,
  told: Told,
): Promise<Memory> {
  const before = memory.status.conditions?.find(({ type }) => type === "Applied");
  const intended = { ...memory, ledger: numbers.reduce(withIntention, memory.ledger) };
  return report(context, known, intended, {
    ...told,
    standings: { ...told.standings, Applied: standingMeanwhile(before, switches) },
  });
}

function withIntention(ledger: Ledger, { view: { target, scale }, replicas }: ScaleStep): Ledger {
  return intending(ledger, target, scale.replicas, replicas);
}

function staleFailure(old: readonly string[]): Failure {
  const message = `nothing was heard of ${old.join(", ")} for a minute: nothing is routed or taken over, and nothing goes down, until their watches go on`;
  return { reason: "WatchesStale", message };
}

function tellOfScale(
  { record, metrics }: Context,
  { object, namespace, name }: Known,
  { view: { target, scale }, replicas }: ScaleStep,
  { answer }: Told,
  takenFrom: string | undefined,
): void {
  metrics.writes.inc({ namespace, pipeline: name });
  const what = `${target.kind} ${target.name}`;
  if (takenFrom !== undefined) {
    void record(
      object,
      "Normal",
      "TakenOver",
      `the replicas of ${what} are controlled from now on; ${takenFrom} set them before`,
    );
  }
  // What an earlier decision asked for, such as the end of a switch, is not this one's.
  const isOwn = answer !== undefined && answer.decision.reason !== "unchanged";
  const why = isOwn ? ` (${reasonNames[answer.decision.reason]})` : "";
  void record(object, "Normal", "Scaled", `${what}: ${scale.replicas} → ${replicas} replicas${why}`);
}
