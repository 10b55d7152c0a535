import { decisionReasons } from "../../formats/decision-reasons.ts";
import { bad, good, unknown, type Condition, type Standing } from "../tell/conditions.ts";
import { take, type Failure, type RouteStep, type ScaleStep, type StepResult, type Steps } from "./carry-out.ts";
import type { Context } from "../context.ts";
import type { Fixed } from "../see/fixed.ts";
import type { Known } from "../known.ts";
import { intending, isOf, type Ledger } from "./ledger.ts";
import { NOT_ACTING, type Memory } from "../memory.ts";
import { writeOwned } from "./ownership.ts";
import { report, type Told } from "../tell/report.ts";
import { route } from "./services.ts";

/**
 * Takes the steps to a plan, and tells how it went. What is meant is written down before it is done, so that whoever leads next can end
 * it. `mayGoDown`: what is not known to be too much is let be.
 */
export async function carryOut(
  context: Context,
  known: Known,
  memory: Memory,
  steps: Steps,
  mayGoDown: boolean,
  told: Told,
): Promise<Memory> {
  const { standings } = told;
  const isDone = [...scaleSteps(steps), ...steps.routes].length === 0;
  const written = isDone ? memory : await intend(context, known, memory, steps, told);

  let ledger: Ledger = written.ledger;
  const scale = async (step: ScaleStep): Promise<StepResult> => {
    const done = await writeOwned(context, known.namespace, step, ledger);
    ledger = done.ledger;
    if (done.pinnedBy !== undefined) return pinnedFailure(step, done.pinnedBy);
    tellOfScale(context, known, step, told, done.takenFrom);
    return null;
  };
  const send = async ({ index, view }: RouteStep): Promise<StepResult> => {
    const stage = "pipeline" in known.built ? known.built.control.stages[index] : undefined;
    if (stage === undefined) throw new RangeError(`there is no stage ${index}`);
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
  const failures = await take(steps, { scale, route: send, goesOn: known.holds }, mayGoDown);
  if (!known.holds()) return { ...written, ledger };
  const unroutable = failures.flatMap(({ reason, index }) =>
    reason === "ServiceContested" ? (memory.plan[index]?.stage ?? []) : [],
  );
  return report(
    context,
    known,
    { ...written, ledger, unroutable },
    { ...told, standings: { ...standings, Applied: standingOf(failures, told.fixed ?? []) } },
  );
}

function intend(context: Context, known: Known, memory: Memory, steps: Steps, told: Told): Promise<Memory> {
  const before = memory.status.conditions?.find(({ type }) => type === "Applied");
  const intended = { ...memory, ledger: scaleSteps(steps).reduce(withIntention, memory.ledger) };
  return report(context, known, intended, {
    ...told,
    standings: { ...told.standings, Applied: standingMeanwhile(before) },
  });
}

/** While steps are taken it stands as it did, once it was known. */
function standingMeanwhile(before: Condition | undefined): Standing {
  const isKnown = before !== undefined && before.status !== "Unknown" && before.reason !== NOT_ACTING;
  return isKnown ? before : unknown("Applying", "the plan is being carried out");
}

function scaleSteps({ room, up, down }: Steps): readonly ScaleStep[] {
  return [...room, ...up, ...down];
}

function withIntention(ledger: Ledger, { view: { target, scale } }: ScaleStep): Ledger {
  return ledger.takenOver.some((one) => isOf(one, target)) ? ledger : intending(ledger, target, scale.replicas);
}

function pinnedFailure({ view: { target } }: ScaleStep, by: string): Failure {
  return { reason: "TargetPinned", message: pinnedText(target.kind, target.name, by) };
}

function pinnedText(kind: string, name: string, by: string): string {
  return (
    `${by} set the replicas of ${kind} ${name}, and they are left at that. ` +
    `To have them controlled again, give the pipeline's annotation ipa.dev/resume a new value.`
  );
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
  const why = answer === undefined ? "" : ` (${decisionReasons[answer.decision.reason]})`;
  void record(object, "Normal", "Scaled", `${what}: ${scale.replicas} → ${replicas} replicas${why}`);
}

/** In the order in which they count. */
const whyFixed: Readonly<Record<Fixed["reason"], (one: Fixed) => string>> = {
  TargetContested: ({ by, target: { kind, name } }) =>
    `${by} scales ${kind} ${name} too, and it is left to that. Let only one scale it.`,
  TargetPinned: ({ by, target: { kind, name } }) => pinnedText(kind, name, by),
  ResourcesDiffer: ({ by, target: { kind, name } }) => `${by}; so ${kind} ${name} is left as it is.`,
};

function standingOf(failures: readonly Failure[], fixed: readonly Fixed[]): Standing {
  const reasons = Object.keys(whyFixed) as Fixed["reason"][];
  const messages = [
    ...reasons.flatMap((reason) => fixed.filter((one) => one.reason === reason).map(whyFixed[reason])),
    ...failures.map(({ message }) => message),
  ];
  const reason = reasons.find((one) => fixed.some((held) => held.reason === one)) ?? failures[0]?.reason;
  return reason === undefined ? good("Applied") : bad(reason, [...new Set(messages)].join(" "));
}
